"""Finds what a Task is about: by literal reference, or by business identifier.

All official examples name the focus by identifier alone. Several live matches are never guessed
between. http://hl7.org/fhir/R4/references.html#logical
"""

from app.domain.codes import ClaimUse
from app.domain.issues import ErrorCode, Issue, Missing, Refused, Unacceptable
from app.domain.lifecycle import CANCELLABLE_TYPES, LIVE, Standing
from app.domain.parties import Payer
from app.domain.references import Identifier, Reference
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

SUBMISSION_TYPES = CANCELLABLE_TYPES
FOCUS = "Task.focus"


def required(focus: Reference | None) -> Reference:
    """The focus; raises Unacceptable where the Task names none."""
    if focus is None:
        raise Unacceptable(Issue(ErrorCode.TASK_FOCUS, ErrorCode.TASK_FOCUS.entry.meaning, FOCUS))
    return focus


def submission(focus: Reference, work: UnitOfWork, *, lock: bool = False) -> Submission:
    """The submission in focus, its row locked if asked.

    Raises Missing where it is not found or several match, Refused for a type that is no submission.
    """
    if focus.type is not None and focus.type not in SUBMISSION_TYPES:
        text = f"{focus.type} is not something that was submitted."
        raise Refused(Issue(ErrorCode.FOCUS_TYPE, text, FOCUS))
    if focus.type is not None and focus.id is not None:
        found = _shown(work.submissions.find(focus.type, focus.id, lock=lock), work)
    elif focus.identifier is not None:
        found = _identified(focus.type, focus.identifier, work, lock)
    else:
        found = None
    if found is None:
        raise Missing(Issue(ErrorCode.FOCUS_NOT_FOUND, "The focus is not known.", FOCUS))
    return found


def standing(
    found: Submission, work: UnitOfWork, payer: Payer | None = None, *, lock: bool = False
) -> Standing:
    """What the lifecycle asks of a submission, by the rules of its payer where they matter.

    `lock`: what it reserves is not to move before it is changed.
    """
    held = None
    if found.use is ClaimUse.PREAUTHORIZATION:
        held = work.reservations.find(found.id, lock=lock)
    return Standing(
        found.type,
        found.state,
        found.use,
        has_reservation=held is not None and held.has_held,
        is_consumed=held is not None and held.is_consumed,
        is_used=found.is_used,
        is_reopened=found.is_reopened,
        is_held=found.is_held or _is_claim_held(found, work),
        was_paid=found.paid_at is not None,
        may_nullify_paid=payer is not None and payer.settings.nullify_paid,
    )


def _is_claim_held(found: Submission, work: UnitOfWork) -> bool:
    """What belongs to a Claim that has to be kept has to be kept with it."""
    claim = work.submissions.find("Claim", found.about_id) if found.about_id else None
    return claim is not None and claim.is_held


def _shown(found: Submission | None, work: UnitOfWork) -> Submission | None:
    """What may be named; else None, as for what is not there."""
    if found is None or not work.scope.sees(found.type, found.label):
        return None
    return found


def _identified(
    type: str | None, identifier: Identifier, work: UnitOfWork, lock: bool
) -> Submission | None:
    types = SUBMISSION_TYPES if type is None else {type}
    matches = [
        found
        for key in work.resources.identified(types, identifier)
        if (found := _shown(work.submissions.find(*key, lock=lock), work)) is not None
    ]
    live = [found for found in matches if found.state in LIVE]
    if len(live) > 1:
        text = f"{len(live)} live resources carry the identifier of the focus; name one by id."
        raise Missing(Issue(ErrorCode.FOCUS_MULTIPLE_MATCHES, text, FOCUS))
    # Of what is no longer live, the newest is what the sender last knew by this identifier.
    return live[0] if live else max(matches, key=lambda found: found.created_at, default=None)
