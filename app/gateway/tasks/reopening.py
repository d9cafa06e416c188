"""A decided Claim goes back to be decided again; whatever was running before gives way.

http://hl7.org/fhir/R4/financial-module.html#reprocess
"""

from collections.abc import Iterator, Sequence
from typing import Any

from app.domain.claims import STAT, Claim, Line
from app.domain.codes import InputType, Outcome, OutputType, TaskStatus
from app.domain.decisions import Ending
from app.domain.issues import ErrorCode, Issue, Missing
from app.domain.lifecycle import State
from app.domain.parties import Payer
from app.domain.references import Reference
from app.domain.reissue import Path, spelled
from app.domain.tasks import Output, Task, TaskOutcome, TaskRequest
from app.fhir import json_text
from app.fhir.business.claims import read_claim
from app.gateway.deciding import clocks, questions
from app.gateway.jobs.kinds import ADJUDICATE
from app.gateway.tasks import versions as task_versions
from app.store.reissues import Asked
from app.store.resources import VersionConflict
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork


def require_lines(
    paths: Sequence[Path], claim: Submission, request: TaskRequest[Any], work: UnitOfWork
) -> None:
    """Pass where the Claim has every one of these lines; else raises Missing, naming the inputs."""
    if not paths:
        return
    known = set(_paths(_read(claim, request, work).lines))
    issues = [
        Issue(ErrorCode.ITEM_NOT_FOUND, f"The Claim has no line {spelled(path)}.", at)
        for path, at in zip(paths, expressions(request.task, InputType.ITEM), strict=True)
        if path not in known
    ]
    if issues:
        raise Missing(*issues)


def attach(
    resources: Sequence[Reference], claim: Submission, request: TaskRequest[Any], work: UnitOfWork
) -> None:
    """Let what came in support belong to the Claim; raises Missing for what is not known."""
    for given, at in zip(resources, expressions(request.task, InputType.RESOURCE), strict=True):
        key = _known(given, work)
        if key is None:
            text = "The supporting resource is not known."
            raise Missing(Issue(ErrorCode.RESOURCE_NOT_FOUND, text, at))
        supporting = work.submissions.find(*key) if key[0] == "Communication" else None
        if supporting is not None and supporting.about_id is None:
            work.submissions.move(supporting, about_id=claim.id)


def reopened(claim: Submission, asked: Asked, request: TaskRequest[Any], work: UnitOfWork) -> bool:
    """Queue a Claim whose row is locked; whether it is to be decided at once.

    Raises VersionConflict where someone moved it first.
    """
    content = _read(claim, request, work)
    is_urgent = request.task.is_stat or content.priority == STAT
    overtaken(claim, request.client.payer, work)
    # What the one before had asked is asked no more: this one asks for itself, if it must.
    questions.close(claim, work)
    moved = work.submissions.move(
        claim,
        state=State.QUEUED,
        outcome=Outcome.QUEUED,
        epoch=claim.epoch + 1,
        awaiting=None,
        awaiting_text=None,
        due_at=None,
        paid_at=work.now if claim.state is State.PAID else claim.paid_at,
    )
    if moved is None:
        raise VersionConflict(f"{claim.type}/{claim.id}")
    questions.close(claim, work)
    if claim.is_reopened:
        clocks.taken_away(claim, Ending.OVERTAKEN, work)
    clocks.reopened(moved, content, request.client.payer, work, is_urgent=is_urgent)
    work.jobs.withdraw(work.scope.payer_id, claim.key)
    work.reissues.begin(asked)
    due_at = work.now + request.client.payer.settings.head_start(is_urgent=is_urgent)
    work.jobs.add(work.scope, ADJUDICATE, moved.key, moved.epoch, due_at)
    return is_urgent


def overtaken(claim: Submission, payer: Payer, work: UnitOfWork) -> None:
    """End the reprocess that runs on a Claim, if one does: its Task is answered `cancelled`."""
    asked = work.reissues.end(claim.id)
    if asked is None:
        return
    error = ErrorCode.OVERTAKEN
    outcome = TaskOutcome(
        TaskStatus.CANCELLED,
        (Output(OutputType.ERROR, Issue(error, error.entry.meaning, "Task.focus")),),
        claim.key,
    )
    task_versions.ended(asked.task_id, outcome, claim, payer, work)


def expressions(task: Task, type: InputType) -> list[str]:
    """Where the inputs of one type stand in a Task."""
    return [one.expression for one in task.inputs if one.type == type]


def _read(claim: Submission, request: TaskRequest[Any], work: UnitOfWork) -> Claim:
    stored = work.resources.find(claim.type, claim.id)
    if stored is None or stored.text is None:
        raise VersionConflict(f"{claim.type}/{claim.id}")
    return read_claim(json_text.parsed(stored.text), request.base)


def _known(given: Reference, work: UnitOfWork) -> tuple[str, str] | None:
    if given.type is not None and given.id is not None:
        found = work.resources.find(given.type, given.id)
        if found is None or found.text is None or not work.scope.sees(found.type, found.label):
            return None
        return found.type, found.id
    if given.identifier is None:
        return None
    carrying = work.resources.identified((given.type or "Communication",), given.identifier)
    matches = [each for each in carrying if work.visible.is_known(*each)]
    return matches[0] if len(matches) == 1 else None


def _paths(lines: tuple[Line, ...]) -> Iterator[Path]:
    for line in lines:
        yield line.path
        yield from _paths(line.lines)
