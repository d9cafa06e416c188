"""The input `origresponse`: which response of ours a sender speaks of."""

from dataclasses import dataclass

from app.domain.codes import InputType
from app.domain.issues import ErrorCode, Issue, Missing
from app.domain.references import Reference
from app.domain.selection import PENDED_TYPES
from app.domain.tasks import Task
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class OriginalResponse:
    """The id of a response of ours, and type and id of what it answers."""

    id: str
    answers: tuple[str, str] | None


def require_origresponse(
    given: Reference | None, submission: Submission, task: Task, work: UnitOfWork
) -> None:
    """Pass where the response answers the submission, or none is given; else raises Missing."""
    if given is None:
        return
    if response(given, task, work).answers != submission.key:
        raise _missing(task)


def response(
    given: Reference, task: Task, work: UnitOfWork, *, to: tuple[str, str] | None = None
) -> OriginalResponse:
    """The response that is meant; raises Missing where there is none, or none `to` this."""
    key = _literal(given, work) or _identified(given, task, work)
    if key is None:
        raise _missing(task)
    answered = work.submissions.answered_by(*key)
    answers = answered.key if answered is not None else work.pended.submission_of(*key)
    if to is not None and answers != to:
        raise _missing(task)
    return OriginalResponse(key[1], answers)


def _literal(given: Reference, work: UnitOfWork) -> tuple[str, str] | None:
    if given.type not in PENDED_TYPES or given.id is None:
        return None
    found = work.resources.find(given.type, given.id)
    is_shown = found is not None and work.scope.sees(found.type, found.label)
    return (found.type, found.id) if found is not None and is_shown else None


def _identified(given: Reference, task: Task, work: UnitOfWork) -> tuple[str, str] | None:
    if given.id is not None or given.identifier is None:
        return None
    carrying = work.resources.identified(PENDED_TYPES, given.identifier)
    matches = [each for each in carrying if work.visible.is_known(*each)]
    if len(matches) > 1:
        text = f"{len(matches)} responses carry the identifier; name one by id."
        raise Missing(Issue(ErrorCode.FOCUS_MULTIPLE_MATCHES, text, _expression(task)))
    return matches[0] if matches else None


def _missing(task: Task) -> Missing:
    """The failure that names the input."""
    text = "The original response is not known, or does not answer the focus."
    return Missing(Issue(ErrorCode.ORIGRESPONSE_NOT_FOUND, text, _expression(task)))


def _expression(task: Task) -> str:
    return next(one.expression for one in task.inputs if one.type == InputType.ORIGRESPONSE)
