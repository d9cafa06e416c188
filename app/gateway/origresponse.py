"""The input `origresponse`: which response of ours a sender speaks of."""

from app.domain.codes import InputType
from app.domain.issues import ErrorCode, Issue, Missing
from app.domain.references import Reference
from app.domain.selection import PENDED_TYPES
from app.domain.tasks import Task
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork


def require_origresponse(
    given: Reference | None, submission: Submission, task: Task, work: UnitOfWork
) -> None:
    """Pass where the response answers the submission, or none is given; else raises Missing."""
    if given is None:
        return
    id = response_id(given, task, work)
    answered = work.submissions.answered_by("ClaimResponse", id)
    if answered is None or answered.key != submission.key:
        raise missing(task)


def response_id(given: Reference, task: Task, work: UnitOfWork) -> str:
    """The id of one of our responses, by reference or identifier; raises Missing."""
    if given.id is not None and given.type is not None:
        if work.resources.find(given.type, given.id) is not None:
            return given.id
        raise missing(task)
    matches = []
    if given.identifier is not None:
        matches = work.resources.identified(PENDED_TYPES, given.identifier)
    if len(matches) != 1:
        raise missing(task)
    return matches[0][1]


def missing(task: Task) -> Missing:
    """The failure that names the input."""
    expression = next(one.expression for one in task.inputs if one.type == InputType.ORIGRESPONSE)
    text = "The original response is not known, or does not answer the focus."
    return Missing(Issue(ErrorCode.ORIGRESPONSE_NOT_FOUND, text, expression))
