"""What a poll selects: the filters of the Financial Module's list, and those of the protocol.

http://hl7.org/fhir/R4/financial-module.html#poll
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.store import tables
from tests.builders import a_task, an_eligibility_request, an_input
from tests.conformance.standings import related


def poll(wire, *inputs, **options):
    return wire.task(a_task("poll", inputs=inputs, **options))


def include(type):
    return an_input("include", valueCode=type)


def exclude(type):
    return an_input("exclude", valueCode=type)


def within(**ends):
    return an_input("period", valuePeriod=ends)


def follows(reference):
    return an_input("origresponse", valueReference={"reference": reference})


COUNT = an_input("count", valuePositiveInt=100)


def plain(reference):
    """The reference without its version."""
    return reference.partition("/_history/")[0]


def handed_over(wire, *inputs, **options):
    """The references in the Bundle of one poll, and what remains."""
    answered = poll(wire, *inputs, COUNT, **options)
    assert answered.document["status"] == "completed"
    bundle = answered.output("response")
    entries = wire.get(bundle).document["entry"] if bundle else []
    found = [f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in entries]
    return found, answered.output("remaining")


@pytest.fixture
def answers(wire, standings, clock, rows):
    """Five pended answers, a minute apart: two of a Claim, two of another, an eligibility's."""
    found = []
    for _ in range(2):
        claim = standings.decided()
        [row] = rows.of(tables.submission, id=claim.partition("/")[2])
        found += [
            f"ClaimResponse/{row['response_id']}",
            f"ExplanationOfBenefit/{row['benefit_id']}",
        ]
        clock.forward(minutes=1)
    asked = wire.post("CoverageEligibilityRequest", an_eligibility_request())
    return [*found, related(asked)]


def test_nothing_there_is_no_response_and_nothing_remaining(wire):
    empty = poll(wire)

    assert (empty.status, empty.document["status"]) == (201, "completed")
    assert empty.outputs == [("remaining", 0)]


def test_without_filters_the_oldest_comes_first_one_at_a_time(wire, answers):
    polls = [poll(wire) for _ in range(6)]

    assert [plain(one.output("response") or "") for one in polls] == [*answers, ""]
    assert [one.output("remaining") for one in polls] == [4, 3, 2, 1, 0, 0]


def test_a_response_names_the_version_that_was_pended(wire, answers):
    response = poll(wire).output("response")

    read = wire.get(response)

    assert response == f"{answers[0]}/_history/2"
    assert (read.document["outcome"], read.document["meta"]["versionId"]) == ("complete", "2")


def test_focus_hands_over_the_answers_to_that_claim_and_no_others(wire, answers, rows):
    claim = wire.get(answers[2]).document["request"]["reference"]

    polls = [poll(wire, focus=claim) for _ in range(2)]

    assert [plain(one.output("response")) for one in polls] == answers[2:4]
    assert [one.output("remaining") for one in polls] == [1, 0]
    assert poll(wire).output("remaining") == 2


def test_focus_may_be_named_by_the_claims_identifier(wire, answers):
    claim = wire.get(wire.get(answers[2]).document["request"]["reference"]).document
    focus = {"type": "Claim", "identifier": claim["identifier"][0]}

    assert plain(poll(wire, focus=focus).output("response")) == answers[2]


def test_focus_gives_the_newest_of_each_type_once_more_and_moves_nothing(wire, answers, rows):
    claim = wire.get(answers[0]).document["request"]["reference"]
    assert handed_over(wire, focus=claim) == (answers[:2], 0)
    queue = rows.of(tables.pended)

    assert handed_over(wire, focus=claim) == (answers[:2], 0)
    assert plain(poll(wire, focus=claim).output("response")) == answers[0]
    only = poll(wire, include("ExplanationOfBenefit"), focus=claim)
    assert plain(only.output("response")) == answers[1]
    assert rows.of(tables.pended) == queue


def test_the_queued_response_is_never_handed_over(wire, standings):
    claim = standings.claim("queued")

    assert poll(wire, focus=claim).outputs == [("remaining", 0)]
    assert poll(wire).outputs == [("remaining", 0)]


def test_a_reversal_is_newer_than_what_it_reverses(wire, standings):
    claim = standings.claim("payable")
    first, _ = handed_over(wire, focus=claim)
    reversal = wire.task(a_task("cancel", focus=claim)).output("response")
    assert handed_over(wire, focus=claim) == ([plain(reversal)], 0)

    again, _ = handed_over(wire, focus=claim)

    assert again == [first[1], plain(reversal)]


def test_origresponse_selects_what_follows_that_response(wire, standings, answers):
    claim = wire.get(answers[0]).document["request"]["reference"]
    assert poll(wire, follows(answers[0]), focus=claim).outputs == [("remaining", 0)]
    reversal = wire.task(a_task("cancel", focus=claim)).output("response")

    unrelated = poll(wire, follows(answers[2]))
    found = poll(wire, follows(answers[0]))

    assert unrelated.outputs == [("remaining", 0)]
    assert found.outputs == [("response", reversal), ("remaining", 0)]


def test_origresponse_may_be_named_by_its_identifier(wire, standings, answers):
    claim = wire.get(answers[0]).document["request"]["reference"]
    reversal = wire.task(a_task("cancel", focus=claim)).output("response")
    own = wire.get(answers[0]).document["identifier"][0]

    found = poll(wire, an_input("origresponse", valueReference={"identifier": own}), focus=claim)

    assert found.output("response") == reversal


FILTERS = {
    "include-one": ([include("ExplanationOfBenefit")], [1, 3]),
    "include-several": (
        [include("ExplanationOfBenefit"), include("CoverageEligibilityResponse")],
        [1, 3, 4],
    ),
    "include-what-is-not-there": ([include("Communication")], []),
    "include-what-is-never-pended": ([include("Patient")], []),
    "exclude-one": ([exclude("ExplanationOfBenefit")], [0, 2, 4]),
    "exclude-several": ([exclude("ExplanationOfBenefit"), exclude("ClaimResponse")], [4]),
    "exclude-what-is-not-there": ([exclude("PaymentReconciliation")], [0, 1, 2, 3, 4]),
    "exclude-wins": (
        [include("ClaimResponse"), include("ExplanationOfBenefit"), exclude("ClaimResponse")],
        [1, 3],
    ),
    "exclude-all-that-is-included": ([include("ClaimResponse"), exclude("ClaimResponse")], []),
    "a-payment-reconciliation-of-a-period": (
        [include("PaymentReconciliation"), within(start="2026-03-01", end="2026-03-31")],
        [],
    ),
    "from-the-first-to-the-last": (
        [within(start="2026-03-02T09:30:00Z", end="2026-03-02T09:32:00Z")],
        [0, 1, 2, 3, 4],
    ),
    "from-just-after-the-first": (
        [within(start="2026-03-02T09:30:00.001Z", end="2026-03-02T09:32:00Z")],
        [2, 3, 4],
    ),
    "to-just-before-the-last": (
        [within(start="2026-03-02T09:30:00Z", end="2026-03-02T09:31:59Z")],
        [0, 1, 2, 3],
    ),
    "one-instant": ([within(start="2026-03-02T09:31:00Z", end="2026-03-02T09:31:00Z")], [2, 3]),
    "the-instant-in-another-zone": (
        [within(start="2026-03-02T19:31:00+10:00", end="2026-03-02T19:31:00+10:00")],
        [2, 3],
    ),
    "one-day": ([within(start="2026-03-02", end="2026-03-02")], [0, 1, 2, 3, 4]),
    "the-day-before": ([within(start="2026-03-01", end="2026-03-01")], []),
    "the-day-after": ([within(start="2026-03-03", end="2026-03-04")], []),
    "a-month": ([within(start="2026-03", end="2026-03")], [0, 1, 2, 3, 4]),
    "a-year": ([within(start="2026", end="2026")], [0, 1, 2, 3, 4]),
    "open-end": ([within(start="2026-03-02T09:32:00Z")], [4]),
    "open-start": ([within(end="2026-03-02T09:30:00Z")], [0, 1]),
    "period-and-include": (
        [within(start="2026-03-02T09:31:00Z"), include("ClaimResponse")],
        [2],
    ),
}


@pytest.mark.parametrize(("filters", "expected"), FILTERS.values(), ids=FILTERS.keys())
def test_filters_select(wire, answers, filters, expected):
    assert poll(wire, *filters).output("remaining") == max(len(expected) - 1, 0)
    rest, remaining = handed_over(wire, *filters)

    assert rest == [answers[index] for index in expected[1:]]
    assert remaining == 0
    others = [answers[index] for index in range(5) if index not in expected]
    assert handed_over(wire) == (others, 0)


@pytest.mark.parametrize(
    ("instant", "first", "second"),
    [
        (datetime(2026, 3, 2, 14, 59, 59, tzinfo=UTC), "2026-03-02", "2026-03-03"),
        (datetime(2026, 3, 2, 15, 0, 0, tzinfo=UTC), "2026-03-03", "2026-03-02"),
    ],
    ids=["last-second-of-the-day", "first-second-of-the-next"],
)
def test_a_day_is_that_of_the_payers_zone(wire, registry, standings, clock, instant, first, second):
    registry.settle_rules(zone=ZoneInfo("Asia/Tokyo"))
    clock.now = instant
    standings.claim("invalid")

    assert poll(wire, within(start=second, end=second)).outputs == [("remaining", 0)]
    assert poll(wire, within(start=first, end=first)).output("response") is not None
