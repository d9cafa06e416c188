"""Money is decided only on a Coverage of the payer's own; without one a Claim waits.

http://hl7.org/fhir/R4/coverage.html
"""

from decimal import Decimal

import pytest

from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, a_task, identifier
from tests.conformance.standings import related

MEMBER = identifier(COVERAGE_SYSTEM, "M1")
CARC = "https://x12.org/codes/claim-adjustment-reason-codes"


def contained(coverage):
    """Elements of a Claim that carries a Coverage of the sender's."""
    return {
        "contained": [{**coverage, "id": "cover"}],
        "coverage": {"reference": "#cover"},
    }


def by_subscriber(subscriber_id, **elements):
    return a_coverage(identifier=None, subscriberId=subscriber_id, **elements)


def status_of(wire, claim):
    return wire.task(a_task("status", focus=claim.reference))


@pytest.mark.parametrize(
    "elements",
    [
        {"coverage": {"identifier": MEMBER}},
        contained(a_coverage("M1")),
        contained(by_subscriber("S-M1")),
    ],
    ids=["identifier", "contained-identifier", "contained-subscriber"],
)
def test_what_a_sender_says_is_matched_to_the_payers_own(wire, core, worker, elements):
    core.post("Coverage", a_coverage("M1"))

    claim = wire.post("Claim", a_claim(**elements))
    worker.drain()

    told = status_of(wire, claim)
    assert told.output("status") == "complete"
    assert told.output("total")["value"] == Decimal("80.00")


@pytest.mark.parametrize(
    "elements",
    [
        {"coverage": {"identifier": identifier(COVERAGE_SYSTEM, "M2")}},
        {"coverage": {"identifier": identifier("http://elsewhere.test", "M1")}},
        {"coverage": {"reference": "Coverage/none"}},
        contained(a_coverage("M2")),
        contained(by_subscriber("S-M2")),
        contained(by_subscriber("S-M1", dependent="02")),
    ],
    ids=["number", "system", "reference", "contained", "subscriber", "dependent"],
)
def test_a_claim_on_an_unknown_coverage_waits_and_is_then_denied(
    wire, core, worker, clock, elements
):
    core.post("Coverage", a_coverage("M1"))
    claim = wire.post("Claim", a_claim(**elements))
    worker.drain()
    waiting = status_of(wire, claim)
    assert (waiting.output("status"), waiting.output("awaiting")) == ("queued", "coverage")
    assert waiting.output("due") == "2026-04-01T09:30:00.000Z"
    assert wire.get(related(claim)).document["outcome"] == "queued"

    clock.forward(days=29)
    assert worker.drain() == 0
    clock.forward(days=1)
    assert worker.drain() == 1

    told = status_of(wire, claim)
    assert (told.output("status"), told.output("awaiting")) == ("complete", None)
    assert told.output("total") == {"value": Decimal(0), "currency": "EUR"}
    response = wire.get(related(claim)).document
    reasons = [
        row["reason"]["coding"][0]["system"]
        for row in response["item"][0]["adjudication"]
        if "reason" in row
    ]
    assert CARC in reasons
    assert wire.task(a_task("poll", focus=claim.reference)).output("response") is not None


def test_a_claim_that_waits_is_resumed_when_the_coverage_is_loaded(wire, core, worker, clock):
    core.post("Coverage", a_coverage("M1"))
    late = wire.post("Claim", a_claim(coverage={"identifier": identifier(COVERAGE_SYSTEM, "M2")}))
    worker.drain()
    assert status_of(wire, late).output("awaiting") == "coverage"
    clock.forward(days=3)

    core.post("Coverage", a_coverage("M2"))

    assert worker.drain() == 1
    told = status_of(wire, late)
    assert (told.output("status"), told.output("awaiting")) == ("complete", None)
    assert told.output("total")["value"] == Decimal("80.00")


def test_a_payer_that_keeps_no_coverage_has_none_to_wait_for(wire, worker):
    claim = wire.post("Claim", a_claim())

    worker.drain()

    told = status_of(wire, claim)
    assert told.output("status") == "complete"
    assert told.output("total")["value"] == 0


def test_a_submitted_coverage_moves_no_money(wire, core, worker):
    core.post("Coverage", a_coverage("M1"))
    own = wire.post("Coverage", a_coverage("M2")).reference

    claim = wire.post("Claim", a_claim(coverage={"reference": own}))
    worker.drain()

    assert status_of(wire, claim).output("awaiting") == "coverage"


def test_a_submitted_coverage_is_a_claim_to_the_payers_own(wire, core, worker):
    core.post("Coverage", a_coverage("M1"))
    own = wire.post("Coverage", a_coverage("M1")).reference

    claim = wire.post("Claim", a_claim(coverage={"reference": own}))
    worker.drain()

    assert status_of(wire, claim).output("total")["value"] == Decimal("80.00")


def test_the_submitters_own_period_changes_nothing(wire, core, worker):
    core.post("Coverage", a_coverage("M1", period={"start": "2020-01-01", "end": "2026-02-28"}))
    generous = a_coverage("M1", period={"start": "2020-01-01"})

    claim = wire.post("Claim", a_claim(serviced="2026-03-01", **contained(generous)))
    worker.drain()

    assert status_of(wire, claim).output("total")["value"] == 0


def test_another_submitters_coverage_is_no_coverage(wire, other, core, worker):
    core.post("Coverage", a_coverage("M1"))
    foreign = other.post("Coverage", a_coverage("M1")).reference

    claim = wire.post("Claim", a_claim(coverage={"reference": foreign}))
    worker.drain()

    assert status_of(wire, claim).output("awaiting") == "coverage"


def test_of_two_coverages_that_match_none_is_guessed(wire, core, worker):
    core.post("Coverage", a_coverage("M1"))
    core.post("Coverage", a_coverage("M1"))

    claim = wire.post("Claim", a_claim())
    worker.drain()

    assert status_of(wire, claim).output("awaiting") == "coverage"
