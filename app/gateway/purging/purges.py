"""What the payer's operator decides about purges: approval by a second person, and legal holds."""

from dataclasses import dataclass

from app.domain import lifecycle
from app.domain.codes import BusinessStatus, OutputType, TaskCode, TaskStatus
from app.domain.issues import ErrorCode, Issue, Missing, Refused
from app.domain.lifecycle import State
from app.domain.parties import Payer, Scope
from app.domain.tasks import Output, TaskOutcome, without_effect
from app.gateway.installation import Installation
from app.gateway.purging.nullification import Receipt, nullified
from app.gateway.tasks import focus
from app.gateway.tasks import versions as task_versions
from app.store.audit import Event
from app.store.submissions import Submission
from app.store.tasks import TaskRow
from app.store.unit_of_work import UnitOfWork

OPERATOR = "operator"


def purged(receipt: Receipt, submission: Submission) -> TaskOutcome:
    """Done, and the files still to be looked at."""
    return TaskOutcome(
        TaskStatus.COMPLETED,
        (Output(OutputType.RECEIPT, receipt),),
        submission.key,
        business_status=BusinessStatus.PURGE_PENDING,
        is_scrubbed=True,
    )


class NotWaiting(Exception):
    """No such Task waits for an approval."""


@dataclass(frozen=True, slots=True)
class Approval:
    """How a Task that waited for approval was answered, and why it was not carried out."""

    task_id: str
    status: TaskStatus
    reasons: tuple[str, ...] = ()


class Purges:
    """What waits for an approval, and what is held."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def waiting(self, payer: Payer) -> list[TaskRow]:
        """The nullify Tasks that wait for an approval, the oldest first."""
        return self._installation.read(
            Scope(payer.id), lambda work: work.tasks.waiting(TaskCode.NULLIFY)
        )

    def decide(self, payer: Payer, task_id: str, *, is_approved: bool) -> Approval:
        """Carry a nullify out, or refuse it; raises NotWaiting."""
        scope = self._installation.read(Scope(payer.id), lambda work: _scope(task_id, work))
        return self._installation.write(
            scope, lambda work: _decided(task_id, payer, work, is_approved=is_approved)
        )

    def hold(self, payer: Payer, type: str, id: str, *, is_held: bool) -> bool:
        """Put a submission under legal hold, or end that; False where none is left to keep."""

        def effect(work: UnitOfWork) -> bool:
            submission = work.submissions.find(type, id, lock=True)
            if submission is None or submission.state is State.NULLIFIED:
                return False
            if work.submissions.move(submission, is_held=is_held) is None:
                return False
            action = "hold" if is_held else "end-hold"
            work.audit.add(Event(OPERATOR, action, "done", type, id))
            return True

        return self._installation.write(Scope(payer.id), effect)


def _scope(task_id: str, work: UnitOfWork) -> Scope:
    """A purge is the submitter's own, and is carried out in its scope."""
    row, task = work.tasks.find(task_id), work.resources.find("Task", task_id)
    is_waiting = (
        row is not None and row.code is TaskCode.NULLIFY and row.status is TaskStatus.IN_PROGRESS
    )
    if not is_waiting or task is None:
        raise NotWaiting(task_id)
    return Scope(work.scope.payer_id, task.submitter_id)


def _decided(task_id: str, payer: Payer, work: UnitOfWork, *, is_approved: bool) -> Approval:
    row = work.tasks.find(task_id)
    if row is None or row.focus_type is None or row.focus_id is None:
        raise NotWaiting(task_id)
    submission = work.submissions.find(row.focus_type, row.focus_id, lock=True)
    # Read once more under the lock: another operator may have been first.
    row = work.tasks.find(task_id)
    if submission is None or row is None or row.status is not TaskStatus.IN_PROGRESS:
        raise NotWaiting(task_id)
    outcome = _outcome(submission, task_id, payer, work) if is_approved else _refused(submission)
    task_versions.ended(task_id, outcome, submission, payer, work)
    work.audit.add(
        Event(
            OPERATOR,
            "approve" if is_approved else "refuse",
            outcome.status,
            *submission.key,
            task_id,
        )
    )
    errors = (one.value for one in outcome.outputs if one.type is OutputType.ERROR)
    return Approval(task_id, outcome.status, tuple(issue.text for issue in errors))


def _outcome(submission: Submission, task_id: str, payer: Payer, work: UnitOfWork) -> TaskOutcome:
    """Carried out by the rules of now: much may have happened since the Task came in."""
    try:
        with work.attempt():
            lifecycle.require(TaskCode.NULLIFY, focus.standing(submission, work, payer, lock=True))
            return purged(nullified(submission, task_id, payer, work), submission)
    except Refused as refusal:
        return without_effect(TaskStatus.REJECTED, refusal.issues)
    except Missing as missing:
        return without_effect(TaskStatus.FAILED, missing.issues)


def _refused(submission: Submission) -> TaskOutcome:
    error = ErrorCode.NOT_APPROVED
    issue = Issue(error, error.entry.meaning, focus.FOCUS)
    return TaskOutcome(TaskStatus.REJECTED, (Output(OutputType.ERROR, issue),), submission.key)
