"""Which Task code is accepted in which state of a Claim: one test for each cell of the table.

http://hl7.org/fhir/R4/financial-module.html
"""

import pytest

from app.domain.lifecycle import State
from tests.builders import a_task
from tests.conformance.standings import STATES

# What cancel does; None: it is done.
CANCEL = {
    "queued": None,
    "adjudicating": None,
    "awaiting": None,
    "invalid": ("rejected", "ECG-CANCEL-INVALID"),
    "decided": None,
    "decided-predetermination": None,
    "payable": None,
    "preauthorization": None,
    "preauthorization-in-use": ("rejected", "ECG-CANCEL-CLAIMED"),
    "paid": None,
    "cancelled": ("rejected", "ECG-CANCEL-ALREADY-CANCELLED"),
    "nullified": ("failed", "ECG-FOCUS-GONE"),
}
REVERSED = ("decided", "decided-predetermination", "payable", "preauthorization", "paid")

# Outcome, resource status, and what is told besides.
STATUS = {
    "queued": ("queued", "active", []),
    "adjudicating": ("queued", "active", []),
    "awaiting": ("queued", "active", ["awaiting", "due"]),
    "invalid": ("error", "active", []),
    "decided": ("complete", "active", ["disposition", "total"]),
    "decided-predetermination": ("complete", "active", ["disposition", "total"]),
    "payable": ("complete", "active", ["disposition", "total"]),
    "preauthorization": ("complete", "active", ["disposition", "total"]),
    "preauthorization-in-use": ("complete", "active", ["disposition", "total"]),
    "paid": ("complete", "active", ["disposition", "total"]),
    "cancelled": ("complete", "cancelled", []),
}

# The types that polls with this focus hand over, one after the other.
POLL = {
    "queued": [],
    "adjudicating": [],
    "awaiting": [],
    "invalid": ["ClaimResponse"],
    "decided": ["ClaimResponse", "ExplanationOfBenefit"],
    "decided-predetermination": ["ClaimResponse"],
    "payable": ["ClaimResponse", "ExplanationOfBenefit"],
    "preauthorization": ["ClaimResponse"],
    "preauthorization-in-use": ["ClaimResponse"],
    "paid": ["ClaimResponse", "ExplanationOfBenefit"],
    "cancelled": ["ClaimResponse"],
}
# Of the codes that status calls allowed, beside `status` and `poll`: in the protocol's order.
OPEN = ["cancel", "nullify", "status", "poll", "deliver"]
DECIDED = ["cancel", "nullify", "reprocess", "status", "poll", "deliver"]
ALLOWED = {
    "queued": OPEN,
    "adjudicating": OPEN,
    "awaiting": OPEN,
    "invalid": ["nullify", "status", "poll"],
    "decided": DECIDED,
    "decided-predetermination": DECIDED,
    "payable": DECIDED,
    "preauthorization": [
        "cancel",
        "nullify",
        "release",
        "reprocess",
        "status",
        "poll",
        "deliver",
    ],
    "preauthorization-in-use": ["release", "reprocess", "status", "poll", "deliver"],
    "paid": ["cancel", "reprocess", "status", "poll", "deliver"],
    "cancelled": ["nullify", "status", "poll"],
}


@pytest.mark.parametrize("state", STATES)
def test_cancel(standings, wire, state):
    claim = standings.claim(state)
    before = standings.state(claim)

    answered = wire.task(a_task("cancel", focus=claim))

    refusal = CANCEL[state]
    if refusal is not None:
        status, error = refusal
        assert (answered.document["status"], answered.outputs) == (status, [("error", error)])
        assert standings.state(claim) == before
        return
    assert answered.document["status"] == "completed"
    assert standings.state(claim) == State.CANCELLED
    assert wire.get(claim).document["status"] == "cancelled"
    reversals = [name for name, _ in answered.outputs]
    assert reversals == (["response"] if state in REVERSED else [])


@pytest.mark.parametrize("state", STATES)
def test_status(standings, wire, rows, state):
    claim = standings.claim(state)
    before = rows.counts()

    answered = wire.task(a_task("status", focus=claim))

    if state == "nullified":
        assert answered.document["status"] == "failed"
        assert answered.outputs == [("error", "ECG-FOCUS-GONE")]
        return
    outcome, resource_status, besides = STATUS[state]
    assert answered.document["status"] == "completed"
    assert [(name, value) for name, value in answered.outputs if name not in besides] == [
        ("status", outcome),
        ("resource-status", resource_status),
        *(("allowed", code) for code in ALLOWED[state]),
    ]
    assert [name for name, _ in answered.outputs if name in besides] == besides
    changed = {name for name, count in rows.counts().items() if count != before[name]}
    written = {"task", "resource", "resource_version", "business_identifier", "mention"}
    assert changed == written | {"search_token", "search_reference", "search_date"}


@pytest.mark.parametrize("state", STATES)
def test_poll_by_focus(standings, wire, state):
    claim = standings.claim(state)

    if state == "nullified":
        answered = wire.task(a_task("poll", focus=claim))
        assert answered.document["status"] == "failed"
        assert answered.outputs == [("error", "ECG-FOCUS-GONE")]
        return
    for left, type in reversed(list(enumerate(reversed(POLL[state])))):
        polled = wire.task(a_task("poll", focus=claim))
        assert polled.document["status"] == "completed"
        assert polled.output("response").partition("/")[0] == type
        assert polled.output("remaining") == left
        answer = wire.get(polled.output("response")).document
        request = answer["claim" if type == "ExplanationOfBenefit" else "request"]
        assert request["reference"] == claim
    last = wire.task(a_task("poll", focus=claim))
    assert (last.document["status"], last.output("remaining")) == ("completed", 0)
    assert (last.output("response") is None) == (POLL[state] == [])


def test_the_awaited_is_told_with_the_day_on_which_waiting_ends(standings, wire, clock):
    claim = standings.claim("awaiting")

    waiting = wire.task(a_task("status", focus=claim))

    assert waiting.output("awaiting") == "coverage"
    assert waiting.output("due") == "2026-04-01T09:30:00.000Z"
    assert wire.task(a_task("status", focus=standings.claim("queued"))).output("due") is None


def test_a_decided_claim_tells_its_total_to_the_last_zero(standings, wire):
    claim = standings.decided(prices=["100.00"])

    told = wire.task(a_task("status", focus=claim))

    assert told.output("total") == {"value": told.output("total")["value"], "currency": "EUR"}
    assert '"valueMoney":{"value":80.00,"currency":"EUR"}' in told.text


def test_the_status_of_a_task_is_told_as_well(wire, standings):
    claim = standings.claim("cancelled")
    done = wire.task(a_task("poll"))
    refused = wire.task(a_task("cancel", focus=claim))

    told = [wire.task(a_task("status", focus=task.reference)) for task in (done, refused)]

    assert [one.outputs for one in told] == [
        [("status", "complete"), ("resource-status", "completed"), ("allowed", "status")],
        [("status", "error"), ("resource-status", "rejected"), ("allowed", "status")],
    ]
    missing = wire.task(a_task("status", focus="Task/none"))
    assert missing.outputs == [("error", "ECG-FOCUS-NOT-FOUND")]
