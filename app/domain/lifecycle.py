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
    """What the table asks of a submission. `consumed` is net of what was restored.

    `is_reopened`: it was decided before and is being decided again. `is_held`: by law it has to
    be kept. `was_paid`: it was, before it was decided again. `may_nullify_paid` is the payer's
    policy.
    """

    type: str
    state: State
    use: ClaimUse | None = None
    has_reservation: bool = False
    is_consumed: bool = False
    is_used: bool = False
    is_reopened: bool = False
    is_held: bool = False
    was_paid: bool = False
    may_nullify_paid: bool = False


_E = ErrorCode
_ALWAYS = frozenset({TaskCode.STATUS, TaskCode.POLL})
_ENDING = frozenset({TaskCode.CANCEL, TaskCode.NULLIFY})

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
    State.PAID: {TaskCode.RELEASE: _E.NOT_A_PREAUTHORIZATION},
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
    if code in _ENDING and (kept := _why_kept(code, standing)):
        return kept
    if standing.type != "Claim":
        return _refusal_beside_claims(code, standing)
    if code is TaskCode.RELEASE and standing.use is ClaimUse.PREAUTHORIZATION:
        return _refusal_of_release(standing)
    return _refusal_of_claim(code, standing)


def require(code: TaskCode, standing: Standing, at: str = "Task.focus") -> None:
    """Pass where the code is accepted; raises Refused, or Missing for what was nullified.

    `at` is where the Task names the submission.
    """
    error = refusal(code, standing)
    if error is None:
        return
    issue = Issue(error, error.entry.meaning, at)
    raise Missing(issue) if error is _E.FOCUS_GONE else Refused(issue)


def allowed(standing: Standing) -> tuple[TaskCode, ...]:
    """Every Task code that would be accepted now, in the protocol's order."""
    return tuple(code for code in TaskCode if refusal(code, standing) is None)


def _refusal_beside_claims(code: TaskCode, standing: Standing) -> ErrorCode | None:
    if code not in _ENDING or standing.type not in CANCELLABLE_TYPES:
        return _E.FOCUS_TYPE
    return _CLAIM[_nearest(standing.state)].get(code)


def _nearest(state: State) -> State:
    """What was only stored is treated as what is not decided yet."""
    return State.QUEUED if state is State.STORED else state


def _refusal_of_claim(code: TaskCode, standing: Standing) -> ErrorCode | None:
    if code is TaskCode.REPROCESS and standing.is_reopened and standing.state in UNDECIDED:
        # It takes the place of the one that runs.
        return None
    return _CLAIM[standing.state].get(code)


def _refusal_of_release(standing: Standing) -> ErrorCode | None:
    if standing.state is State.DECIDED:
        return None if standing.has_reservation else _E.NOT_POSSIBLE
    return _CLAIM[standing.state].get(TaskCode.RELEASE)


def _why_kept(code: TaskCode, standing: Standing) -> ErrorCode | None:
    """What others stand on, or the law asks for, is neither cancelled nor purged."""
    if code is TaskCode.NULLIFY and standing.is_held:
        return _E.NULLIFY_HELD
    is_paid = standing.was_paid or standing.state is State.PAID
    if code is TaskCode.NULLIFY and is_paid and not standing.may_nullify_paid:
        return _E.NULLIFY_PAID
    if standing.is_used:
        return _E.CANCEL_USED
    return _E.CANCEL_CLAIMED if standing.is_consumed else None
