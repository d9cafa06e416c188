"""Task.code ``status``: how far a submission, or a Task, has come. Reads only, always fresh.

http://hl7.org/fhir/R4/financial-module.html#status
"""

from dataclasses import dataclass

from app.domain import lifecycle
from app.domain.codes import (
    FinancialStatus,
    InputType,
    Outcome,
    OutputType,
    TaskCode,
    TaskStatus,
)
from app.domain.issues import ErrorCode, Issue, Missing
from app.domain.lifecycle import FINISHED, State
from app.domain.money import Money
from app.domain.references import Reference
from app.domain.tasks import Output, TaskOutcome, TaskRequest, completed
from app.gateway import focus
from app.gateway.inputs import TaskInputSchema
from app.gateway.registry import handles, supported
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

_TASK_OUTCOMES = {
    TaskStatus.COMPLETED: Outcome.COMPLETE,
    TaskStatus.IN_PROGRESS: Outcome.QUEUED,
    TaskStatus.REJECTED: Outcome.ERROR,
    TaskStatus.FAILED: Outcome.ERROR,
}


@dataclass(frozen=True, slots=True)
class Status:
    """A status check takes no parameters; supporting information is read over."""


class StatusInput(TaskInputSchema):
    """What a status check takes."""

    parameters = Status
    ignored = frozenset(InputType)


@handles(TaskCode.STATUS, StatusInput)
def status(request: TaskRequest[Status], work: UnitOfWork) -> TaskOutcome:
    """Outcome, resource status, disposition, total, what is awaited, and what would be accepted."""
    asked = focus.required(request.task.focus)
    if asked.type == "Task":
        return _status_of_task(asked, work)
    submission = focus.submission(asked, work)
    standing = focus.standing(submission, work)
    if submission.state is State.NULLIFIED:
        lifecycle.require(TaskCode.STATUS, standing)
    outputs = [
        Output(OutputType.STATUS, submission.outcome or Outcome.QUEUED),
        Output(OutputType.RESOURCE_STATUS, _resource_status(submission)),
        *_decision(submission),
        *_awaited(submission),
        *_allowed(standing),
    ]
    return completed(*outputs, focus=submission.key, keeps_key=False)


def _resource_status(submission: Submission) -> str:
    if submission.type == "Communication":
        return "entered-in-error" if submission.state is State.CANCELLED else "completed"
    if submission.state is State.CANCELLED:
        return FinancialStatus.CANCELLED
    return FinancialStatus.ACTIVE


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
    outputs = [Output(OutputType.AWAITING, submission.awaiting)]
    if submission.due_at is not None:
        outputs.append(Output(OutputType.DUE, submission.due_at))
    return outputs


def _allowed(standing: lifecycle.Standing) -> list[Output]:
    return [
        Output(OutputType.ALLOWED, code)
        for code in lifecycle.allowed(standing)
        if code in supported()
    ]


def _status_of_task(asked: Reference, work: UnitOfWork) -> TaskOutcome:
    found = work.tasks.find(asked.id or "")
    if found is None:
        raise Missing(Issue(ErrorCode.FOCUS_NOT_FOUND, "The focus is not known.", focus.FOCUS))
    return completed(
        Output(OutputType.STATUS, _TASK_OUTCOMES[found.status]),
        Output(OutputType.RESOURCE_STATUS, found.status),
        Output(OutputType.ALLOWED, TaskCode.STATUS),
        keeps_key=False,
    )
