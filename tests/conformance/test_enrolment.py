"""EnrollmentRequests: a submitter with the right to it makes and ends the payer's own Coverage.

http://hl7.org/fhir/R4/enrollmentrequest.html
"""

from decimal import Decimal

import pytest

from app.fhir.validation import check
from app.store import tables
from tests.builders import (
    COVERAGE_SYSTEM,
    a_claim,
    a_coverage,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    identifier,
)
from tests.conformance.standings import related
from tests.wire import Wire

M1, M7 = identifier(COVERAGE_SYSTEM, "M1"), identifier(COVERAGE_SYSTEM, "M7")
OF_M7 = {"coverage": {"identifier": M7}}


@pytest.fixture
def employer(http, registry) -> Wire:
    """A submitter that may enroll."""
    return Wire(http, registry.submitter("Employer", may_enroll=True).token)


@pytest.fixture
def insured(core):
    """The payer keeps the Coverage of member M1; its reference."""
    return core.post("Coverage", a_coverage("M1")).reference


def enrolled(wire, coverage=None, **elements):
    """What a request to enroll is answered: the EnrollmentRequest and the response's document."""
    taken = wire.post("EnrollmentRequest", an_enrollment_request(coverage, **elements))
    assert (taken.status, taken.errors) == (201, [])
    answer = wire.get(related(taken)).document
    assert check(answer) == []
    return taken, answer


def payers_coverages(rows):
    """Id and version of every Coverage that the payer keeps."""
    kept = rows.of(tables.resource, type="Coverage", submitter_id=None)
    return {row["id"]: row["version"] for row in kept}


def status_of(wire, claim):
    return wire.task(a_task("status", focus=claim.reference))


# --- what changes nothing


def cover(**elements):
    return a_coverage("M7", **elements)


UNENROLLED = {
    "no-coverage": (None, "names no Coverage"),
    "unknown-by-identifier": ({"identifier": M7}, "what it says is not known"),
    "unknown-by-reference": ({"reference": "Coverage/none"}, "what it says is not known"),
    "unknown-elsewhere": (
        {"reference": "http://elsewhere.test/Coverage/1"},
        "what it says is not known",
    ),
    "nothing-to-end": (cover(status="cancelled"), "there is nothing to end"),
    "draft": (cover(status="draft"), "neither active nor cancelled"),
    "ended": (cover(period={"start": "2020-01-01", "end": "2026-03-01"}), "has ended"),
    "unfindable": (
        cover(identifier=None, subscriberId=None),
        "neither an identifier nor a subscriberId",
    ),
    "ends-before-the-payers-starts": (
        a_coverage("M1", period={"end": "2019-12-31"}),
        "cannot end on 2019-12-31",
    ),
}


@pytest.mark.parametrize(("coverage", "told"), UNENROLLED.values(), ids=UNENROLLED)
def test_what_cannot_be_enrolled_is_told_and_changes_nothing(
    employer, insured, rows, coverage, told
):
    before = payers_coverages(rows)

    taken, answer = enrolled(employer, coverage)

    assert answer["outcome"] == "error"
    assert told in answer["disposition"]
    assert payers_coverages(rows) == before
    assert rows.of(tables.enrollment) == []
    status = status_of(employer, taken)
    assert (status.output("status"), status.output("resource-status")) == ("error", "active")
    assert enrolled(employer, cover())[1]["outcome"] == "complete"


def test_without_the_right_nothing_is_enrolled(wire, employer, insured, rows):
    before = payers_coverages(rows)

    for coverage in (cover(), a_coverage("M1", status="cancelled")):
        refused = enrolled(wire, coverage)[1]
        assert refused["outcome"] == "error"
        assert "may not enroll" in refused["disposition"]

    assert payers_coverages(rows) == before
    assert enrolled(employer, cover())[1]["outcome"] == "complete"
    assert len(payers_coverages(rows)) == len(before) + 1


def test_a_member_of_another_number_is_not_found_by_the_subscriber(employer, insured, rows):
    before = payers_coverages(rows)
    stranger = a_coverage("M9", subscriberId="S-M1", period={"end": "2026-03-31"})
    unnumbered = {**stranger, "identifier": None}

    _, refused = enrolled(employer, stranger)

    assert (refused["outcome"], payers_coverages(rows)) == ("error", before)
    known = {name: value for name, value in unnumbered.items() if value is not None}
    _, taken = enrolled(employer, known)
    assert taken["outcome"] == "complete"
    assert payers_coverages(rows) != before


def test_between_two_of_the_payers_none_is_guessed(employer, core, rows):
    core.post("Coverage", a_coverage("M1"))
    core.post("Coverage", a_coverage("M1"))
    before = payers_coverages(rows)

    for coverage in (a_coverage("M1"), a_coverage("M1", status="cancelled")):
        answer = enrolled(employer, coverage)[1]
        assert answer["outcome"] == "error"
        assert "Several" in answer["disposition"]

    assert payers_coverages(rows) == before


def test_another_submitters_coverage_is_not_known(employer, other, rows, insured):
    foreign = other.post("Coverage", cover()).reference

    answer = enrolled(employer, {"reference": foreign})[1]

    assert answer["outcome"] == "error"
    assert list(payers_coverages(rows)) == [insured.partition("/")[2]]
    own = employer.post("Coverage", cover()).reference
    assert enrolled(employer, {"reference": own})[1]["outcome"] == "complete"


@pytest.mark.parametrize(
    ("coverage", "told"),
    [
        (a_coverage("M1"), "enrolled already"),
        ({"identifier": M1}, "enrolled already"),
    ],
    ids=["contained", "identifier"],
)
def test_what_is_enrolled_already_stays_as_it_is(employer, insured, rows, coverage, told):
    before = payers_coverages(rows)

    taken, answer = enrolled(employer, coverage)

    assert (answer["outcome"], told in answer["disposition"]) == ("complete", True)
    assert payers_coverages(rows) == before
    assert rows.of(tables.enrollment) == []
    assert status_of(employer, taken).output("disposition") == answer["disposition"]


# --- what is enrolled


def test_an_enrolment_is_answered_pended_and_named(employer, insured):
    taken, answer = enrolled(employer, cover())

    assert (answer["resourceType"], answer["outcome"]) == ("EnrollmentResponse", "complete")
    assert answer["request"]["reference"] == taken.reference
    assert answer["requestProvider"] == {"identifier": identifier("sid", "Happy Valley")}
    assert answer["organization"] == {"display": "Payer"}
    assert answer["text"]["div"].startswith("<div")
    for focus in (taken.reference, {"identifier": taken.document["identifier"][0]}):
        polled = employer.task(a_task("poll", focus=focus))
        assert polled.output("response") == f"{related(taken)}/_history/1"
        assert status_of(employer, taken).output("status") == "complete"
    assert employer.task(a_task("poll")).outputs == [("remaining", 0)]


def test_the_payers_new_coverage_is_the_submitted_one_for_the_candidate(
    employer, core, insured, rows
):
    organization = {"resourceType": "Organization", "id": "payor", "name": "Insurer"}
    coverage = cover(
        id="coverage", beneficiary={"display": "Else"}, payor=[{"reference": "#payor"}]
    )

    enrolled(
        employer,
        coverage,
        contained=[coverage, organization],
        candidate={"reference": "Patient/candidate"},
    )

    [id] = payers_coverages(rows).keys() - {insured.partition("/")[2]}
    kept = core.get(f"Coverage/{id}").document
    assert {name: kept[name] for name in kept if name not in {"id", "meta"}} == {
        "resourceType": "Coverage",
        "identifier": [M7],
        "status": "active",
        "subscriberId": "S-M7",
        "beneficiary": {"reference": "Patient/candidate"},
        "period": {"start": "2020-01-01"},
        "payor": [{"type": "Organization", "display": "Insurer"}],
    }
    assert check(kept) == []
    assert employer.get(f"Coverage/{id}").status == 404


@pytest.mark.parametrize("way", ["contained", "reference", "identifier"])
def test_a_claim_that_awaits_its_coverage_is_decided_after_the_enrolment(
    employer, wire, insured, worker, way
):
    claim = wire.post("Claim", a_claim(**OF_M7))
    twin = wire.post("Claim", a_claim(coverage={"identifier": identifier(COVERAGE_SYSTEM, "M8")}))
    worker.drain()
    assert status_of(wire, claim).output("awaiting") == "coverage"
    coverage = cover()
    if way != "contained":
        stored = employer.post("Coverage", coverage).reference
        coverage = {"reference": stored} if way == "reference" else {"identifier": M7}

    assert enrolled(employer, coverage)[1]["outcome"] == "complete"
    worker.drain()

    told = status_of(wire, claim)
    assert (told.output("status"), told.output("awaiting")) == ("complete", None)
    assert told.output("total")["value"] == Decimal("80.00")
    assert status_of(wire, twin).output("awaiting") == "coverage"


def test_whom_subscriber_and_dependent_tell_is_enrolled_already(employer, insured, rows):
    same = a_coverage("M1", identifier=None)
    child = a_coverage("M1", identifier=None, dependent="02")

    assert "already" in enrolled(employer, same)[1]["disposition"]
    assert enrolled(employer, child)[1]["disposition"] == "The Coverage is enrolled."
    assert len(payers_coverages(rows)) == 2


def test_of_several_own_coverages_with_one_identifier_none_is_taken(employer, insured, rows):
    employer.post("Coverage", cover())
    assert enrolled(employer, {"identifier": M7})[1]["outcome"] == "complete"
    employer.post("Coverage", a_coverage("M8"))
    employer.post("Coverage", a_coverage("M8"))

    answer = enrolled(employer, {"identifier": identifier(COVERAGE_SYSTEM, "M8")})[1]

    assert answer["outcome"] == "error"
    assert len(payers_coverages(rows)) == 2


# --- what is ended


ENDS = {
    "with-an-end": (a_coverage("M1", period={"end": "2026-02-28"}), "2026-02-28"),
    "cancelled-with-an-end": (
        a_coverage("M1", status="cancelled", period={"end": "2026-02-27"}),
        "2026-02-27",
    ),
    "cancelled": (a_coverage("M1", status="cancelled", period=None), "2026-02-26"),
}


@pytest.mark.parametrize(("coverage", "end"), ENDS.values(), ids=ENDS)
def test_a_claim_after_the_end_is_denied(employer, wire, core, insured, worker, coverage, end):
    before, after = (end, "2026-03-01")

    answer = enrolled(employer, coverage, created="2026-02-26T10:00:00+01:00")[1]

    assert (answer["outcome"], answer["disposition"]) == (
        "complete",
        f"The Coverage ends on {end}.",
    )
    kept = core.get(insured)
    assert kept.document["period"] == {"start": "2020-01-01", "end": end}
    assert kept.document["status"] == "active"
    assert kept.document["meta"]["versionId"] == "2"
    claims = [wire.post("Claim", a_claim(serviced=day)) for day in (before, after)]
    worker.drain()
    totals = [status_of(wire, claim).output("total")["value"] for claim in claims]
    assert totals == [Decimal("80.00"), Decimal(0)]


def test_a_cancelled_coverage_ends_today_where_the_request_has_no_date(employer, core, insured):
    enrolled(employer, a_coverage("M1", status="cancelled", period=None), created=None)

    assert core.get(insured).document["period"]["end"] == "2026-03-02"


def test_an_end_leaves_the_rest_of_the_payers_text_as_it_was(employer, core):
    text = (
        '{"resourceType": "Coverage",  "status":"active", "identifier": ['
        f'{{"system":"{COVERAGE_SYSTEM}", "value": "M1"}}],'
        ' "beneficiary" : {"display":"Alex"}, "order":  3,'
        ' "payor": [{"display": "Payer"}]}'
    )
    kept = core.post("Coverage", text)

    enrolled(employer, a_coverage("M1", period={"end": "2026-06"}))

    now = core.get(kept.reference).text
    assert '"period":{"end":"2026-06"}' in now
    assert now.endswith(text.partition('"Coverage",')[2])


# --- the same again, and foreign eyes


def test_the_same_request_again_is_one(employer, insured, rows):
    sent = an_enrollment_request(cover())

    first, again = (employer.post("EnrollmentRequest", sent) for _ in range(2))

    assert (first.status, again.status) == (201, 200)
    assert (again.text, related(again)) == (first.text, related(first))
    assert len(payers_coverages(rows)) == 2
    assert len(rows.of(tables.pended)) == 1


def test_another_submitter_sees_nothing_of_an_enrolment(employer, wire, insured):
    taken, _ = enrolled(employer, cover())

    for reference in (taken.reference, related(taken)):
        assert (
            wire.get(reference).document
            == wire.get(f"{taken.document['resourceType']}/none").document
        )
        assert employer.get(reference).status == 200
    for focus in (taken.reference, {"identifier": taken.document["identifier"][0]}):
        for code in ("cancel", "status", "poll"):
            foreign = wire.task(a_task(code, focus=focus))
            assert foreign.outputs == [("error", "ECG-FOCUS-NOT-FOUND")]
    assert wire.task(a_task("poll")).outputs == [("remaining", 0)]
    assert employer.get(taken.reference).document["status"] == "active"


def test_an_enrolment_is_in_the_audit_with_the_coverage_that_it_made(employer, rows, insured):
    taken, _ = enrolled(employer, cover())

    [coverage] = payers_coverages(rows).keys() - {insured.partition("/")[2]}
    [done] = rows.of(tables.enrollment)
    assert (done["submission_id"], done["coverage_id"]) == (taken.document["id"], coverage)
    actor = done["submitter_id"]
    told = [
        (row["action"], row["type"], row["resource_id"])
        for row in rows.of(tables.audit, actor=actor)
    ]
    assert told == [
        ("load", "Coverage", coverage),
        ("create", "EnrollmentRequest", taken.document["id"]),
    ]


# --- cancel


def cancel(wire, focus):
    return wire.task(a_task("cancel", focus=focus))


def test_the_cancel_of_an_enrolment_cancels_the_coverage(
    employer, wire, core, insured, worker, rows
):
    taken, _ = enrolled(employer, cover())
    [id] = payers_coverages(rows).keys() - {insured.partition("/")[2]}
    early = wire.post("Claim", a_claim(**OF_M7))
    worker.drain()

    done = cancel(employer, taken.reference)

    assert (done.document["status"], done.outputs) == ("completed", [])
    assert core.get(f"Coverage/{id}").document["status"] == "cancelled"
    assert employer.get(taken.reference).document["status"] == "cancelled"
    assert employer.get(related(taken)).document["status"] == "cancelled"
    assert employer.task(a_task("poll")).outputs == [("remaining", 0)]
    late = wire.post("Claim", a_claim(**OF_M7))
    worker.drain()
    assert status_of(wire, late).output("awaiting") == "coverage"
    assert status_of(wire, early).output("total")["value"] == Decimal("80.00")
    assert cancel(employer, taken.reference).outputs == [("error", "ECG-CANCEL-ALREADY-CANCELLED")]
    assert enrolled(employer, cover())[1]["disposition"] == "The Coverage is enrolled."


def test_the_cancel_of_an_end_brings_the_coverage_back(employer, wire, core, insured, worker):
    before = core.get(insured).document
    taken, _ = enrolled(employer, a_coverage("M1", period={"end": "2026-02-28"}))

    done = cancel(employer, {"identifier": taken.document["identifier"][0]})

    assert done.document["status"] == "completed"
    now = core.get(insured).document
    assert (now["period"], now["meta"]["versionId"]) == (before["period"], "3")
    claim = wire.post("Claim", a_claim())
    worker.drain()
    assert status_of(wire, claim).output("total")["value"] == Decimal("80.00")


@pytest.mark.parametrize("coverage", [None, a_coverage("M1")], ids=["error", "already"])
def test_the_cancel_of_what_changed_nothing_changes_nothing(employer, insured, rows, coverage):
    taken, _ = enrolled(employer, coverage)
    before = payers_coverages(rows)

    done = cancel(employer, taken.reference)

    assert done.document["status"] == "completed"
    assert payers_coverages(rows) == before


def test_what_was_ended_since_is_not_cancelled_until_that_is_taken_back(
    employer, core, insured, rows
):
    made, _ = enrolled(employer, cover())
    [id] = payers_coverages(rows).keys() - {insured.partition("/")[2]}
    closed, _ = enrolled(employer, cover(status="cancelled", period=None))
    before = core.get(f"Coverage/{id}").text

    refused = cancel(employer, made.reference)

    assert refused.document["status"] == "rejected"
    assert refused.outputs == [("error", "ECG-CANCEL-COVERAGE-CHANGED")]
    assert core.get(f"Coverage/{id}").text == before
    assert employer.get(made.reference).document["status"] == "active"
    assert employer.get(related(made)).document["status"] == "active"
    for request in (closed, made):
        assert cancel(employer, request.reference).document["status"] == "completed"
    assert core.get(f"Coverage/{id}").document["status"] == "cancelled"


def test_an_enrolment_is_known_to_the_next_question_about_eligibility(employer, wire, insured):
    def in_force():
        asked = wire.post("CoverageEligibilityRequest", an_eligibility_request("M7"))
        return wire.get(related(asked)).document["insurance"][0]["inforce"]

    before = in_force()
    enrolled(employer, cover())

    assert (before, in_force()) == (False, True)
