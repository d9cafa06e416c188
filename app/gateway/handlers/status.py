"""Task.code ``status``: how far a submission, or a Task, has come. Reads only, always fresh.

http://hl7.org/fhir/R4/financial-module.html#status
"""

from dataclasses import dataclass

from app.domain import lifecycle
from app.domain.codes import InputType, Outcome, OutputType, TaskCode, TaskStatus
from app.domain.issues import ErrorCode, Issue, Missing
from app.domain.lifecycle import FINISHED, State
from app.domain.money import Money
from app.domain.references import Reference
from app.domain.tasks import Awaited, Output, TaskOutcome, TaskRequest, completed
from app.fhir import json_text
from app.gateway.registry import handles
from app.gateway.tasks import focus
from app.gateway.tasks.inputs import TaskInputSchema
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

_TASK_OUTCOMES = {
    TaskStatus.COMPLETED: Outcome.COMPLETE,
    TaskStatus.IN_PROGRESS: Outcome.QUEUED,
    TaskStatus.REJECTED: Outcome.ERROR,
    TaskStatus.FAILED: Outcome.ERROR,
    TaskStatus.CANCELLED: Outcome.ERROR,
}


@dataclass(frozen=True, slots=True)
class Status:
    """A status check takes no parameters; supporting information is read over."""


class StatusInput(TaskInputSchema):
    """What a status check takes."""

    parameters = Status
    ignored = frozenset(InputType)


@handles(TaskCode.STATUS, StatusInput, only_reads=True)
def status(request: TaskRequest[Status], work: UnitOfWork) -> TaskOutcome:
    """Outcome, resource status, disposition, total, what is awaited, and what would be accepted."""
    asked = focus.required(request.task.focus)
    if asked.type == "Task":
        return _status_of_task(asked, work)
    submission = focus.submission(asked, work)
    standing = focus.standing(submission, work, request.client.payer)
    if submission.state is State.NULLIFIED:
        lifecycle.require(TaskCode.STATUS, standing)
    outputs = [
        Output(OutputType.STATUS, submission.outcome or Outcome.QUEUED),
        Output(OutputType.RESOURCE_STATUS, _resource_status(submission, work)),
        *_decision(submission),
        *_awaited(submission),
        *_allowed(standing),
    ]
    return completed(*outputs, focus=submission.key, keeps_key=False, label=submission.label)


def _resource_status(submission: Submission, work: UnitOfWork) -> str:
    """As the resource has it; R4 lets an extension stand in its place, which then tells nothing."""
    stored = work.resources.find(submission.type, submission.id)
    written = json_text.member(stored.text, "status") if stored and stored.text else None
    return str(json_text.parsed(written)) if written else "unknown"


def _decision(submission: Submission) -> list[Output]:
    if submission.state not in FINISHED or submission.disposition is None:
        return []
    outputs = [Output(OutputType.DISPOSITION, submission.disposition)]
    if submission.total is not None and submission.currency is not None:
        total = Money(submission.total, submission.currency)
        outputs.append(Output(OutputType.TOTAL, total))
    return outputs


def _awaited(submission: Submission) -> list[Output]:
    if submission.awaiting is None:
        return []
    awaited = Awaited(submission.awaiting, submission.awaiting_text)
    outputs = [Output(OutputType.AWAITING, awaited)]
    if submission.due_at is not None:
        outputs.append(Output(OutputType.DUE, submission.due_at))
    return outputs


def _allowed(standing: lifecycle.Standing) -> list[Output]:
    return [Output(OutputType.ALLOWED, code) for code in lifecycle.allowed(standing)]


def _status_of_task(asked: Reference, work: UnitOfWork) -> TaskOutcome:
    id = asked.id or _identified(asked, work)
    found = work.tasks.find(id) if work.visible.is_known("Task", id) else None
    if found is None:
        raise Missing(Issue(ErrorCode.FOCUS_NOT_FOUND, "The focus is not known.", focus.FOCUS))
    return completed(
        Output(OutputType.STATUS, _TASK_OUTCOMES[found.status]),
        Output(OutputType.RESOURCE_STATUS, found.status),
        Output(OutputType.ALLOWED, TaskCode.STATUS),
        keeps_key=False,
    )


def _identified(asked: Reference, work: UnitOfWork) -> str:
    """The id of the one Task that carries the identifier; empty without one."""
    if asked.identifier is None:
        return ""
    carrying = work.resources.identified(("Task",), asked.identifier)
    matches = [each for each in carrying if work.visible.is_known(*each)]
    if len(matches) > 1:
        text = f"{len(matches)} Tasks carry the identifier of the focus; name one by id."
        raise Missing(Issue(ErrorCode.FOCUS_MULTIPLE_MATCHES, text, focus.FOCUS))
    return matches[0][1] if matches else ""
