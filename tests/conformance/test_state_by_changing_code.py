"""Nullify, release, reprocess and deliver in every state of a Claim: the table's other half.

http://hl7.org/fhir/R4/financial-module.html
"""

import pytest

from app.domain.lifecycle import State
from app.store import tables
from tests.builders import a_communication, a_delivery, a_task
from tests.conformance.standings import STATES

GONE = ("failed", "ECG-FOCUS-GONE")
NOT_DECIDED = ("rejected", "ECG-NOT-DECIDED")
NOT_POSSIBLE = ("rejected", "ECG-NOT-POSSIBLE")
NO_RESERVATION = ("rejected", "ECG-RELEASE-NOT-A-PREAUTHORIZATION")
UNDECIDED = ("queued", "adjudicating", "awaiting")

# Why a code is not accepted, by state; a state that is missing accepts it.
NULLIFY = {
    "preauthorization-in-use": ("rejected", "ECG-CANCEL-CLAIMED"),
    "paid": ("rejected", "ECG-NULLIFY-PAID"),
    "nullified": GONE,
}
RELEASE = {
    **dict.fromkeys(UNDECIDED, NOT_DECIDED),
    "invalid": NOT_POSSIBLE,
    **dict.fromkeys(("decided", "decided-predetermination", "payable", "paid"), NO_RESERVATION),
    "cancelled": NOT_POSSIBLE,
    "nullified": GONE,
}
RELEASED = {"preauthorization": "80.00", "preauthorization-in-use": "70.00"}
REPROCESS = {
    **dict.fromkeys(UNDECIDED, NOT_DECIDED),
    "invalid": NOT_POSSIBLE,
    "cancelled": NOT_POSSIBLE,
    "nullified": GONE,
}
# What a Claim is once it is decided again, with the same benefit: what was paid stays paid.
DECIDED_AGAIN = {
    "decided": State.DECIDED,
    "decided-predetermination": State.DECIDED,
    "payable": State.PAYABLE,
    "preauthorization": State.DECIDED,
    "preauthorization-in-use": State.DECIDED,
    "paid": State.PAID,
}
DELIVER = {"invalid": NOT_POSSIBLE, "cancelled": NOT_POSSIBLE, "nullified": GONE}


def assert_refused(answered, refusal):
    status, error = refusal
    assert (answered.status, answered.document["status"]) == (201, status)
    assert answered.outputs == [("error", error)]
    assert answered.document["statusReason"]["coding"][0]["code"] == error


@pytest.mark.parametrize("state", STATES)
def test_nullify(standings, wire, state):
    claim = standings.claim(state)
    before = standings.state(claim)

    answered = wire.task(a_task("nullify", focus=claim))

    if state in NULLIFY:
        assert_refused(answered, NULLIFY[state])
        assert standings.state(claim) == before
        assert wire.get(claim).status == (410 if state == "nullified" else 200)
        return
    assert (answered.status, answered.document["status"]) == (201, "completed")
    assert [name for name, _ in answered.outputs] == ["receipt"]
    assert standings.state(claim) is State.NULLIFIED
    assert (wire.get(claim).status, wire.get(f"{claim}/_history/1").status) == (410, 410)


@pytest.mark.parametrize("state", STATES)
def test_release(standings, wire, state):
    claim = standings.claim(state)
    before = standings.state(claim)

    answered = wire.task(a_task("release", focus=claim))

    assert standings.state(claim) == before
    if state in RELEASE:
        assert_refused(answered, RELEASE[state])
        return
    assert (answered.status, answered.document["status"]) == (201, "completed")
    amount = answered.output("amount")
    assert (str(amount["value"]), amount["currency"]) == (RELEASED[state], "EUR")
    assert "open" not in standings.balance(claim)
    again = wire.task(a_task("release", focus=claim))
    assert again.document["status"] == "completed"
    assert str(again.output("amount")["value"]) == "0.00"


@pytest.mark.parametrize("state", STATES)
def test_reprocess(standings, wire, worker, state):
    claim = standings.claim(state)
    before = standings.state(claim)

    answered = wire.task(a_task("reprocess", focus=claim))

    if state in REPROCESS:
        assert_refused(answered, REPROCESS[state])
        assert standings.state(claim) == before
        return
    assert (answered.status, answered.document["status"]) == (201, "in-progress")
    assert standings.state(claim) is State.QUEUED
    worker.drain()
    assert standings.state(claim) == DECIDED_AGAIN[state]
    task = wire.get(answered.reference)
    assert (task.document["status"], task.document["meta"]["versionId"]) == ("completed", "2")
    response = wire.get(task.output("response")).document
    assert (response["status"], response["request"]["reference"]) == ("active", claim)


@pytest.mark.parametrize("state", STATES)
def test_deliver(standings, wire, rows, state):
    claim = standings.claim(state)
    before = standings.state(claim)
    attachment = a_communication(about=[{"reference": claim}])

    answered = wire.task(a_delivery(attachment))

    assert standings.state(claim) == before
    if state in DELIVER:
        assert_refused(answered, DELIVER[state])
        assert rows.of(tables.submission, type="Communication") == []
        assert rows.of(tables.resource, type="Communication") == []
        return
    assert (answered.status, answered.document["status"]) == (201, "completed")
    stored = wire.get(answered.output("response")).document
    assert stored["payload"] == attachment["payload"]
    [row] = rows.of(tables.submission, type="Communication")
    assert row["about_id"] == claim.partition("/")[2]


def test_a_claim_that_awaits_an_attachment_goes_on_when_it_is_delivered(standings, wire, worker):
    claim = standings.asking()
    assert standings.state(claim) is State.AWAITING

    wire.task(a_delivery(a_communication(about=[{"reference": claim}])))

    assert standings.state(claim) is State.QUEUED
    worker.drain()
    assert standings.state(claim) is State.PAYABLE


def test_a_claim_that_awaits_a_coverage_does_not_go_on_for_an_attachment(standings, wire, worker):
    claim = standings.claim("awaiting")

    wire.task(a_delivery(a_communication(about=[{"reference": claim}])))
    worker.drain()

    assert standings.state(claim) is State.AWAITING


def test_a_reprocess_while_one_runs_takes_its_place(standings, wire, worker):
    claim = standings.claim("payable")
    first = wire.task(a_task("reprocess", focus=claim))

    second = wire.task(a_task("reprocess", focus=claim))

    assert second.document["status"] == "in-progress"
    overtaken = wire.get(first.reference)
    assert overtaken.document["status"] == "cancelled"
    assert overtaken.outputs == [("error", "ECG-REPROCESS-OVERTAKEN")]
    worker.drain()
    assert wire.get(second.reference).document["status"] == "completed"
    assert wire.get(first.reference).document["meta"]["versionId"] == "2"
    polled = [wire.task(a_task("poll", focus=claim)).output("response") for _ in range(4)]
    assert [one.partition("/")[0] for one in polled] == [
        "Task",
        "ClaimResponse",
        "ExplanationOfBenefit",
        "Task",
    ]


@pytest.mark.parametrize("code", ["cancel", "nullify"])
def test_what_a_claim_gave_back_lets_its_preauthorization_go(standings, wire, code):
    preauthorization = standings.claim("preauthorization")
    using = standings.using(preauthorization)
    refused = wire.task(a_task(code, focus=preauthorization))
    assert refused.outputs == [("error", "ECG-CANCEL-CLAIMED")]

    wire.task(a_task("cancel", focus=using))

    restored = {"reserved": 8000, "consumed": 1000, "restored": 1000}
    assert standings.balance(preauthorization) == {**restored, "open": 8000}
    done = wire.task(a_task(code, focus=preauthorization))
    assert done.document["status"] == "completed"
    assert standings.balance(preauthorization) == {**restored, "released": 8000}


def test_what_has_expired_is_not_there_to_be_released(standings, wire, worker, clock):
    preauthorization = standings.claim("preauthorization-in-use")
    # Decided on 2 March, it holds to 31 May; Claims may come for 90 more days, to 29 August.
    clock.now = clock.now.replace(month=8, day=29, hour=23)
    worker.drain()
    assert standings.balance(preauthorization)["open"] == 7000

    clock.forward(hours=1)
    worker.drain()

    used_up = {"reserved": 8000, "consumed": 1000, "expired": 7000}
    assert standings.balance(preauthorization) == used_up
    released = wire.task(a_task("release", focus=preauthorization))
    assert str(released.output("amount")["value"]) == "0.00"
    assert standings.balance(preauthorization) == used_up
    assert wire.get(preauthorization).document["status"] == "active"
    assert wire.get(related_response(wire, preauthorization)).document["status"] == "active"


def related_response(wire, claim):
    """The ClaimResponse that the newest poll of a Claim names."""
    return wire.task(a_task("poll", focus=claim)).output("response")


def test_what_a_claim_gives_back_to_an_expired_one_expires_at_once(standings, wire, worker, clock):
    preauthorization = standings.claim("preauthorization")
    using = standings.using(preauthorization)
    clock.forward(days=181)
    worker.drain()

    wire.task(a_task("cancel", focus=using))

    assert standings.balance(preauthorization) == {
        "reserved": 8000,
        "consumed": 1000,
        "restored": 1000,
        "expired": 8000,
    }
