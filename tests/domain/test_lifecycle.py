"""The protocol's table: every state by every code by every kind of submission."""

import pytest

from app.domain.codes import ClaimUse, TaskCode
from app.domain.issues import ErrorCode, Issue, Missing, Refused
from app.domain.lifecycle import (
    CANCELLABLE_TYPES,
    FINISHED,
    LIVE,
    UNDECIDED,
    Standing,
    State,
    allowed,
    refusal,
    require,
)

CODES = ("cancel", "nullify", "release", "reprocess", "status", "poll", "deliver")
OPEN = "- - NOT-DECIDED NOT-DECIDED - - -"
NO = "NOT-POSSIBLE"
DONE = f"CANCEL-ALREADY-CANCELLED - {NO} {NO} - - {NO}"
GONE = "FOCUS-GONE " * 7
OTHER = "RELEASE-NOT-A-PREAUTHORIZATION"

# The row of a state: the refusal of each code in the order of CODES, a dash where it is accepted.
CLAIM = {
    "queued": OPEN,
    "adjudicating": OPEN,
    "awaiting": OPEN,
    "invalid": f"CANCEL-INVALID - {NO} {NO} - - {NO}",
    "decided": f"- - {OTHER} - - - -",
    "payable": f"- - {OTHER} - - - -",
    "paid": f"- NULLIFY-PAID {OTHER} - - - -",
    "cancelled": DONE,
    "nullified": GONE,
}
PREAUTHORIZATION = {
    "decided, reserved": "- - - - - - -",
    "decided, nothing reserved": f"- - {NO} - - - -",
    "decided, reserved and consumed": "CANCEL-CLAIMED CANCEL-CLAIMED - - - - -",
}
# Decided before and being decided again: a later reprocess takes the place of the one that runs.
REOPENED = "- - NOT-DECIDED - - - -"
HELD = {
    "queued": "- NULLIFY-LEGAL-HOLD NOT-DECIDED NOT-DECIDED - - -",
    "invalid": f"CANCEL-INVALID NULLIFY-LEGAL-HOLD {NO} {NO} - - {NO}",
    "payable": f"- NULLIFY-LEGAL-HOLD {OTHER} - - - -",
    "paid": f"- NULLIFY-LEGAL-HOLD {OTHER} - - - -",
    "cancelled": f"CANCEL-ALREADY-CANCELLED NULLIFY-LEGAL-HOLD {NO} {NO} - - {NO}",
    "nullified": GONE,
}
TYPE = "FOCUS-TYPE"
BESIDE = {
    "stored": f"- - {TYPE} {TYPE} - - {TYPE}",
    "decided": f"- - {TYPE} {TYPE} - - {TYPE}",
    "cancelled": f"CANCEL-ALREADY-CANCELLED - {TYPE} {TYPE} - - {TYPE}",
    "nullified": GONE,
}


def rows():
    for use in ClaimUse:
        for state, row in CLAIM.items():
            if use is not ClaimUse.PREAUTHORIZATION or state != "decided":
                yield f"{use}, {state}", Standing("Claim", State(state), use), row
    for name, row in PREAUTHORIZATION.items():
        has, is_consumed = "nothing" not in name, "consumed" in name
        standing = Standing(
            "Claim",
            State.DECIDED,
            ClaimUse.PREAUTHORIZATION,
            has_reservation=has,
            is_consumed=is_consumed,
        )
        yield f"preauthorization, {name}", standing, row
    for type in sorted(CANCELLABLE_TYPES - {"Claim"}):
        for state, row in BESIDE.items():
            yield f"{type}, {state}", Standing(type, State(state)), row
    for state in ("queued", "adjudicating", "awaiting"):
        standing = Standing("Claim", State(state), ClaimUse.CLAIM, is_reopened=True)
        yield f"reopened, {state}", standing, REOPENED
    for state, row in HELD.items():
        yield f"held, {state}", Standing("Claim", State(state), is_held=True), row
    lenient = Standing("Claim", State.PAID, ClaimUse.CLAIM, may_nullify_paid=True)
    yield "paid, of a payer that lets it be nullified", lenient, f"- - {OTHER} - - - -"
    used = f"CANCEL-USED CANCEL-USED {TYPE} {TYPE} - - {TYPE}"
    yield "Communication, used", Standing("Communication", State.STORED, is_used=True), used


TABLE = [
    pytest.param(TaskCode(code), standing, cell, id=f"{name}: {code}")
    for name, standing, row in rows()
    for code, cell in zip(CODES, row.split(), strict=True)
]


@pytest.mark.parametrize(("code", "standing", "cell"), TABLE)
def test_the_table(code, standing, cell):
    expected = None if cell == "-" else f"ECG-{cell}"

    found = refusal(code, standing)

    assert (found and found.entry.id) == expected
    assert (code in allowed(standing)) == (expected is None)


def test_the_table_has_every_state_of_a_claim_and_every_code():
    assert set(CLAIM) == set(State) - {State.STORED}
    assert set(CODES) == set(TaskCode)


def test_a_code_that_is_not_accepted_is_refused_at_the_focus():
    cancelled = Standing("Claim", State.CANCELLED, ClaimUse.CLAIM)

    with pytest.raises(Refused) as refused:
        require(TaskCode.CANCEL, cancelled)

    error = ErrorCode.CANCEL_ALREADY
    assert refused.value.issues == (Issue(error, error.entry.meaning, "Task.focus"),)
    require(TaskCode.NULLIFY, cancelled)


def test_what_was_nullified_is_missing_and_not_refused():
    with pytest.raises(Missing) as missing:
        require(TaskCode.STATUS, Standing("Claim", State.NULLIFIED, ClaimUse.CLAIM))

    assert [issue.error for issue in missing.value.issues] == [ErrorCode.FOCUS_GONE]
    require(TaskCode.STATUS, Standing("Claim", State.CANCELLED, ClaimUse.CLAIM))


@pytest.mark.parametrize("type", ["ClaimResponse", "Patient", "Task"])
def test_only_what_is_submitted_is_cancelled(type):
    assert refusal(TaskCode.CANCEL, Standing(type, State.STORED)) is ErrorCode.FOCUS_TYPE


def test_what_is_allowed_comes_in_the_order_of_the_protocol():
    assert allowed(Standing("Claim", State.PAID, ClaimUse.CLAIM)) == (
        TaskCode.CANCEL,
        TaskCode.REPROCESS,
        TaskCode.STATUS,
        TaskCode.POLL,
        TaskCode.DELIVER,
    )


def test_a_state_is_undecided_finished_or_neither():
    assert UNDECIDED.isdisjoint(FINISHED)
    assert UNDECIDED | FINISHED | {State.STORED} == LIVE
    assert set(State) - LIVE == {State.INVALID, State.CANCELLED, State.NULLIFIED}
