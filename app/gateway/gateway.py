"""The gateway: every verb that a client has, each one transaction.

Docs: docs/architecture.md follows a Task through this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import app.gateway.handlers  # noqa: F401  registers every handler
from app.domain.codes import TaskCode, TaskStatus
from app.domain.issues import ErrorCode, Issue, Missing, Refused, Unacceptable
from app.domain.parties import Client, ClientKind
from app.domain.tasks import Task, TaskOutcome, TaskRequest, without_effect
from app.fhir import json_text, task_writing
from app.fhir.documents import identifiers_of
from app.fhir.task_reading import read_task
from app.gateway.acknowledgement import Acknowledged, acknowledge_poll
from app.gateway.answers import own_identifier
from app.gateway.inputs import parameters_of
from app.gateway.installation import Installation
from app.gateway.intake import claim_submit, intake
from app.gateway.intake.outcome import Taken
from app.gateway.once import TakenMeanwhile, once
from app.gateway.received import KEPT_FOR, Keys, Received, keys_of
from app.gateway.registry import handling_of
from app.gateway.senders import party_issues
from app.store.audit import Event
from app.store.resources import Stored
from app.store.tasks import TaskRow
from app.store.unit_of_work import UnitOfWork

# A repeated poll is answered for a day; what had another effect, for the retention of replay keys.
POLL_KEPT_FOR = timedelta(hours=24)


class Gateway:
    """What clients ask of an installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def submit(self, client: Client, received: Received) -> Taken:
        """Execute a Task; the stored answer.

        Raises Unacceptable, with nothing stored, for what is wrong on its face.
        """
        base, now = self._installation.base_url, self._installation.clock()
        task, parameters = _understood(received.document, base, now)
        keys = keys_of(received, ("Task", task.code), task.identifiers, self._installation.hasher)

        def execute(work: UnitOfWork) -> Taken:
            return _executed(_Asked(client, received, task, parameters, keys, base), work)

        return once(
            self._installation,
            client,
            received,
            execute,
            lambda work: _earlier(keys, work),
        )

    def acknowledge(
        self, client: Client, task_id: str, request_id: str | None = None
    ) -> Acknowledged:
        """Task/{id}/$acknowledge: what a poll handed over has arrived.

        Raises Unacceptable for whoever is no submitter, and where it has no such poll.
        """
        return acknowledge_poll(self._installation, client, task_id, request_id)

    def create(self, client: Client, received: Received) -> Taken:
        """Take a resource in; raises Unacceptable, with nothing stored."""
        base = self._installation.base_url
        return once(
            self._installation,
            client,
            received,
            lambda work: intake.take(received, client, base, work),
            lambda work: intake.earlier(received, work),
        )

    def submit_claim(self, client: Client, received: Received) -> Stored:
        """Claim/$submit; the ClaimResponse as it stands. Raises Unacceptable, nothing stored."""
        base = self._installation.base_url
        package = claim_submit.package_of(received)
        taken = once(
            self._installation,
            client,
            received,
            lambda work: claim_submit.take(package, client, base, work),
            lambda work: intake.earlier(package.claim.received, work),
        )
        return self._installation.read(
            client.scope, lambda work: claim_submit.response_to(taken, work)
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """One Task on its way through its transaction."""

    client: Client
    received: Received
    task: Task
    parameters: Any
    keys: Keys
    base: str


def _understood(document: Mapping[str, Any], base: str, now: datetime) -> tuple[Task, Any]:
    """The Task and its handler's parameters; raises Unacceptable with the problems of both."""
    task, issues = read_task(document, base, now)
    parameters = None
    if task is not None:
        try:
            parameters = parameters_of(handling_of(task.code).inputs, task)
        except Unacceptable as wrong:
            issues += wrong.issues
    if task is None or issues:
        raise Unacceptable(*issues)
    return task, parameters


def _executed(asked: _Asked, work: UnitOfWork) -> Taken:
    if asked.client.kind is not ClientKind.SUBMITTER:
        raise Unacceptable(Issue(ErrorCode.FORBIDDEN, "Only submitters send Tasks.", "Task"))
    lasts = POLL_KEPT_FOR if asked.task.code is TaskCode.POLL else KEPT_FOR
    earlier = _earlier(asked.keys, work)
    if earlier is not None:
        asked.keys.bind(work.replay_keys, "Task", earlier.stored.id, lasts)
        return earlier
    issues = party_issues(asked.received.document, asked.client, asked.base, work)
    if issues:
        raise Unacceptable(*issues)
    task_id = work.new_id()
    if not asked.keys.take(work.replay_keys, "Task", task_id, lasts):
        raise TakenMeanwhile
    request = TaskRequest(asked.client, task_id, asked.task, asked.parameters)
    outcome = _outcome(request, work)
    if not outcome.keeps_key:
        asked.keys.let_go(work.replay_keys)
    return _recorded(asked, task_id, outcome, work)


def _earlier(keys: Keys, work: UnitOfWork) -> Taken | None:
    kept = keys.found(work.replay_keys)
    if kept is None:
        return None
    stored = work.resources.find(kept.type, kept.resource_id)
    return None if stored is None else Taken(stored, is_new=False)


def _outcome(request: TaskRequest[Any], work: UnitOfWork) -> TaskOutcome:
    """Run the handler in a savepoint: a no unwinds what it did and is an answer all the same."""
    try:
        with work.attempt():
            return handling_of(request.task.code).handler(request, work)
    except Refused as refusal:
        return without_effect(TaskStatus.REJECTED, refusal.issues)
    except Missing as missing:
        return without_effect(TaskStatus.FAILED, missing.issues)


def _recorded(asked: _Asked, task_id: str, outcome: TaskOutcome, work: UnitOfWork) -> Taken:
    """Keep the Task as it is answered, its row, and the audit of its effect."""
    text = task_writing.answered(
        asked.received.text,
        asked.received.document,
        outcome,
        own_identifier("Task", task_id),
        work.now,
    )
    stamped = json_text.stamped(text, task_id, 1, work.now)
    identifiers = (*identifiers_of(asked.received.document), own_identifier("Task", task_id))
    stored = work.resources.add("Task", task_id, stamped, identifiers, asked.client.id)
    focus_type, focus_id = outcome.focus or (None, None)
    work.tasks.add(TaskRow(task_id, asked.task.code, outcome.status, focus_type, focus_id))
    work.audit.add(
        Event(
            asked.client.id,
            str(asked.task.code),
            str(outcome.status),
            focus_type,
            focus_id,
            task_id,
            asked.received.request_id,
        )
    )
    return Taken(stored, is_new=True)
