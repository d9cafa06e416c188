"""CoverageEligibilityRequests: answered at once, from the payer's own Coverage.

http://hl7.org/fhir/R4/coverageeligibilityrequest.html
"""

import pytest

from app.fhir.validation import check
from tests.builders import a_coverage, a_task, an_eligibility_request
from tests.conformance.standings import related

SERVICE = {"servicedDate": "2026-03-01"}
COVERED = {
    "in-force": ({}, SERVICE, True, "The coverage is in force."),
    "on-its-last-day": (
        {"period": {"start": "2020-01-01", "end": "2026-03-01"}},
        SERVICE,
        True,
        "The coverage is in force.",
    ),
    "ended": (
        {"period": {"start": "2020-01-01", "end": "2026-02-28"}},
        SERVICE,
        False,
        "The coverage is not in force.",
    ),
    "not-begun": ({"period": {"start": "2026-03-02"}}, SERVICE, False, None),
    "today-where-no-date-is-asked": ({"period": {"start": "2026-03-02"}}, {}, True, None),
    "cancelled": ({"status": "cancelled"}, SERVICE, False, "The payer knows no such coverage."),
}


@pytest.mark.parametrize(
    ("coverage", "asked", "in_force", "disposition"), COVERED.values(), ids=COVERED.keys()
)
def test_eligibility_is_answered_at_once(wire, core, coverage, asked, in_force, disposition):
    core.post("Coverage", a_coverage(**coverage))

    taken = wire.post("CoverageEligibilityRequest", an_eligibility_request(**asked))

    answer = wire.get(related(taken)).document
    assert taken.status == 201
    assert (answer["outcome"], answer["insurance"][0]["inforce"]) == ("complete", in_force)
    assert disposition in {None, answer["disposition"]}
    assert check(answer) == []
    polled = wire.task(a_task("poll"))
    assert polled.output("response") == f"{related(taken)}/_history/1"


def test_eligibility_of_an_unknown_member_is_answered_too(wire, core):
    core.post("Coverage", a_coverage("M1"))

    taken = wire.post("CoverageEligibilityRequest", an_eligibility_request("M2"))

    answer = wire.get(related(taken)).document
    assert answer["insurance"][0]["inforce"] is False
    assert answer["disposition"] == "The payer knows no such coverage."


def test_the_same_eligibility_request_is_one(wire):
    asked = an_eligibility_request()

    first, again = (wire.post("CoverageEligibilityRequest", asked) for _ in range(2))

    assert (first.status, again.status) == (201, 200)
    assert related(first) == related(again)
