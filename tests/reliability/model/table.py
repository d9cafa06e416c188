"""The protocol's table, spelled anew: how each Task code is answered in each state of a Claim.

A row is a state, told apart where the answers differ. What was ever paid is not nullified.
"""

CODES = ("cancel", "nullify", "release", "reprocess", "status", "poll", "deliver")
DONE, RUNS = "completed", "in-progress"
GONE = "ECG-FOCUS-GONE"
PAID = "ECG-NULLIFY-PAID"
CLAIMED = "ECG-CANCEL-CLAIMED"
_ALREADY = "ECG-CANCEL-ALREADY-CANCELLED"
_INVALID = "ECG-CANCEL-INVALID"
_NOT_DECIDED = "ECG-NOT-DECIDED"
_NOT_HELD = "ECG-RELEASE-NOT-A-PREAUTHORIZATION"
_IMPOSSIBLE = "ECG-NOT-POSSIBLE"

# Errors with which a Task is `failed`: what it needs is not there. With any other it is `rejected`.
FAILING = frozenset(
    {GONE, "ECG-FOCUS-NOT-FOUND", "ECG-ITEM-NOT-FOUND", "ECG-DELIVER-NO-MATCH"},
)

_UNDECIDED = (DONE, DONE, _NOT_DECIDED, _NOT_DECIDED, DONE, DONE, DONE)
_FINISHED = (DONE, DONE, _NOT_HELD, RUNS, DONE, DONE, DONE)
_IN_USE = "in use"

_ROWS = {
    "queued": _UNDECIDED,
    "adjudicating": _UNDECIDED,
    "awaiting": _UNDECIDED,
    "reopened": (DONE, DONE, _NOT_DECIDED, RUNS, DONE, DONE, DONE),
    f"reopened {_IN_USE}": (CLAIMED, CLAIMED, _NOT_DECIDED, RUNS, DONE, DONE, DONE),
    "invalid": (_INVALID, DONE, _IMPOSSIBLE, _IMPOSSIBLE, DONE, DONE, _IMPOSSIBLE),
    "decided": _FINISHED,
    "payable": _FINISHED,
    "preauthorization": (DONE, DONE, DONE, RUNS, DONE, DONE, DONE),
    f"preauthorization {_IN_USE}": (CLAIMED, CLAIMED, DONE, RUNS, DONE, DONE, DONE),
    "preauthorization of nothing": (DONE, DONE, _IMPOSSIBLE, RUNS, DONE, DONE, DONE),
    "cancelled": (_ALREADY, DONE, _IMPOSSIBLE, _IMPOSSIBLE, DONE, DONE, _IMPOSSIBLE),
    "nullified": (GONE,) * len(CODES),
}
_ONCE_PAID = ("reopened", "decided", "payable", "cancelled")
_ROWS |= {f"{row} once paid": (_ROWS[row][0], PAID, *_ROWS[row][2:]) for row in _ONCE_PAID}
_ROWS["paid"] = (DONE, PAID, _NOT_HELD, RUNS, DONE, DONE, DONE)
TABLE = {row: dict(zip(CODES, answers, strict=True)) for row, answers in _ROWS.items()}

UNDECIDED = frozenset({"queued", "adjudicating", "awaiting"})
FINISHED = frozenset({"decided", "payable", "paid"})
LIVE = UNDECIDED | FINISHED

# From which state a Claim may come into which; "" is before it was sent.
MOVES = frozenset(
    {
        *(("", each) for each in ("queued", "invalid")),
        *(("queued", each) for each in ("adjudicating", "awaiting", "decided", "payable")),
        *(("adjudicating", each) for each in ("queued", "awaiting", "decided", "payable")),
        *(("awaiting", each) for each in ("queued", "decided", "payable")),
        *((each, "queued") for each in FINISHED),
        *((each, "paid") for each in UNDECIDED | {"payable"}),
        *((each, "cancelled") for each in LIVE),
        *((each, "nullified") for each in LIVE - {"paid"} | {"invalid", "cancelled"}),
    }
)
CELLS = frozenset((row, code) for row in TABLE for code in CODES)


def row_of(
    state: str, use: str, *, is_reopened: bool, reserved: bool, used: bool, was_paid: bool
) -> str:
    """Which row of the table a Claim is in; `reserved` and `used` are a preauthorization's."""
    if was_paid and state != "paid":
        return f"{'reopened' if state in UNDECIDED else state} once paid"
    if state in UNDECIDED:
        name = "reopened" if is_reopened else state
        return f"{name} {_IN_USE}" if used else name
    if state != "decided" or use != "preauthorization":
        return state
    if used:
        return f"{use} {_IN_USE}"
    return use if reserved else f"{use} of nothing"
