"""Later versions of a Task: the answer to what was only started when it came in.

http://hl7.org/fhir/R4/task.html#statemachine
"""

from app.domain.codes import BusinessStatus, TaskStatus
from app.domain.parties import Payer
from app.domain.tasks import TaskOutcome
from app.fhir.tasks import writing as task_writing
from app.gateway import answers
from app.store.resources import Stored, VersionConflict
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork


def ended(
    task_id: str,
    outcome: TaskOutcome,
    submission: Submission,
    payer: Payer,
    work: UnitOfWork,
    *,
    is_pended: bool = True,
) -> Stored:
    """Answer a Task that is in progress; its new version is pended. Raises VersionConflict."""
    task = work.resources.find("Task", task_id)
    is_ours = work.tasks.move(task_id, TaskStatus.IN_PROGRESS, outcome.status)
    if task is None or task.text is None or not is_ours:
        raise VersionConflict(f"Task/{task_id}")
    version = answers.amended(task, task_writing.ended(task.text, outcome, work.now), work)
    if is_pended:
        answers.pend(version, submission, payer, work)
    return version


def marked(task_id: str, status: BusinessStatus, work: UnitOfWork) -> None:
    """Give a Task another business status, as a version that nobody polls for."""
    task = work.resources.find("Task", task_id)
    if task is not None and task.text is not None:
        answers.amended(task, task_writing.marked(task.text, status, work.now), work)
