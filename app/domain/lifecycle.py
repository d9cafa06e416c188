"""Which Task code is accepted in which state: the protocol's table, as data.

A submission is a stored request: a Claim, an eligibility or enrolment request, a Communication, a
PaymentNotice. Its state stands beside its FHIR status.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.codes import ClaimUse, TaskCode
from app.domain.issues import ErrorCode, Issue, Missing, Refused


class State(StrEnum):
    """Where a submission stands."""

    QUEUED = "queued"
    ADJUDICATING = "adjudicating"
    AWAITING = "awaiting"
    INVALID = "invalid"
    DECIDED = "decided"
    PAYABLE = "payable"
    PAID = "paid"
    STORED = "stored"
    CANCELLED = "cancelled"
    NULLIFIED = "nullified"


UNDECIDED = frozenset({State.QUEUED, State.ADJUDICATING, State.AWAITING})
FINISHED = frozenset({State.DECIDED, State.PAYABLE, State.PAID})
LIVE = frozenset(State) - {State.INVALID, State.CANCELLED, State.NULLIFIED}

CANCELLABLE_TYPES = frozenset(
    {
        "Claim",
        "CoverageEligibilityRequest",
        "EnrollmentRequest",
        "Communication",
        "PaymentNotice",
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the table asks of a submission. `consumed` is net of what was restored."""

    type: str
    state: State
    use: ClaimUse | None = None
    has_reservation: bool = False
    is_consumed: bool = False
    is_used: bool = False


_E = ErrorCode
_ALWAYS = frozenset({TaskCode.STATUS, TaskCode.POLL})

# For a Claim, by state: the refusal of each code; a code that is missing is accepted.
_CLAIM: dict[State, dict[TaskCode, ErrorCode]] = {
    State.QUEUED: {TaskCode.RELEASE: _E.NOT_DECIDED, TaskCode.REPROCESS: _E.NOT_DECIDED},
    State.ADJUDICATING: {TaskCode.RELEASE: _E.NOT_DECIDED, TaskCode.REPROCESS: _E.NOT_DECIDED},
    State.AWAITING: {TaskCode.RELEASE: _E.NOT_DECIDED, TaskCode.REPROCESS: _E.NOT_DECIDED},
    State.INVALID: {
        TaskCode.CANCEL: _E.CANCEL_INVALID,
        TaskCode.RELEASE: _E.NOT_POSSIBLE,
        TaskCode.REPROCESS: _E.NOT_POSSIBLE,
        TaskCode.DELIVER: _E.NOT_POSSIBLE,
    },
    State.DECIDED: {TaskCode.RELEASE: _E.NOT_A_PREAUTHORIZATION},
    State.PAYABLE: {TaskCode.RELEASE: _E.NOT_A_PREAUTHORIZATION},
    State.PAID: {
        TaskCode.NULLIFY: _E.NULLIFY_PAID,
        TaskCode.RELEASE: _E.NOT_A_PREAUTHORIZATION,
    },
    State.CANCELLED: {
        TaskCode.CANCEL: _E.CANCEL_ALREADY,
        TaskCode.RELEASE: _E.NOT_POSSIBLE,
        TaskCode.REPROCESS: _E.NOT_POSSIBLE,
        TaskCode.DELIVER: _E.NOT_POSSIBLE,
    },
}


def refusal(code: TaskCode, standing: Standing) -> ErrorCode | None:
    """Why the code is not accepted now; None where it is."""
    if standing.state is State.NULLIFIED:
        return _E.FOCUS_GONE
    if code in _ALWAYS:
        return None
    if code in {TaskCode.CANCEL, TaskCode.NULLIFY} and standing.is_used:
        return _E.CANCEL_USED
    if standing.type != "Claim":
        return _refusal_beside_claims(code, standing)
    if standing.use is ClaimUse.PREAUTHORIZATION and standing.state is State.DECIDED:
        return _refusal_of_preauthorization(code, standing)
    return _CLAIM[standing.state].get(code)


def require(code: TaskCode, standing: Standing) -> None:
    """Pass where the code is accepted; raises Refused, or Missing for what was nullified."""
    error = refusal(code, standing)
    if error is None:
        return
    issue = Issue(error, error.entry.meaning, "Task.focus")
    raise Missing(issue) if error is _E.FOCUS_GONE else Refused(issue)


def allowed(standing: Standing) -> tuple[TaskCode, ...]:
    """Every Task code that would be accepted now, in the protocol's order."""
    return tuple(code for code in TaskCode if refusal(code, standing) is None)


def _refusal_beside_claims(code: TaskCode, standing: Standing) -> ErrorCode | None:
    if code not in {TaskCode.CANCEL, TaskCode.NULLIFY} or standing.type not in CANCELLABLE_TYPES:
        return _E.FOCUS_TYPE
    return _CLAIM[_nearest(standing.state)].get(code)


def _nearest(state: State) -> State:
    """What was only stored is treated as what is not decided yet."""
    return State.QUEUED if state is State.STORED else state


def _refusal_of_preauthorization(code: TaskCode, standing: Standing) -> ErrorCode | None:
    if code in {TaskCode.CANCEL, TaskCode.NULLIFY} and standing.is_consumed:
        return _E.CANCEL_CLAIMED
    if code is TaskCode.RELEASE and not standing.has_reservation:
        return _E.NOT_POSSIBLE
    return None
