"""The gateway: every verb that a client has, each one transaction.

Docs: docs/architecture.md follows a Task through this file.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import app.gateway.handlers  # noqa: F401  registers every handler
from app.domain.codes import TaskCode, TaskStatus
from app.domain.issues import Issue, Missing, Refused, Unacceptable
from app.domain.parties import Client
from app.domain.tasks import Task, TaskOutcome, TaskRequest, without_effect
from app.fhir import json_text
from app.fhir.documents import identifiers_of, named_in
from app.fhir.tasks import writing as task_writing
from app.fhir.tasks.reading import read_task
from app.fhir.tasks.writing import Answer
from app.gateway import validating
from app.gateway.answers import own_identifier
from app.gateway.changes import delete, patch, update
from app.gateway.changes.conditional import condition_of
from app.gateway.changes.delete import Deleted
from app.gateway.changes.patch import Patch
from app.gateway.changes.target import Target
from app.gateway.installation import Installation
from app.gateway.intake import claim_submit, intake
from app.gateway.intake.outcome import Taken, there_already
from app.gateway.invoices.invoicing import invoice_account
from app.gateway.once import TakenMeanwhile, once
from app.gateway.permitted import require_task
from app.gateway.real_time import Decides, tried
from app.gateway.received import KEPT_FOR, Keys, Received, keys_of
from app.gateway.registry import handling_of
from app.gateway.senders import party_issues
from app.gateway.tasks.acknowledgement import Acknowledged, acknowledge_poll
from app.gateway.tasks.inputs import parameters_of
from app.store.audit import Event
from app.store.resources import Stored
from app.store.tasks import TaskRow
from app.store.unit_of_work import UnitOfWork

T = TypeVar("T")

# A repeated poll is answered for a day; what had another effect, for the retention of replay keys.
POLL_KEPT_FOR = timedelta(hours=24)


class Gateway:
    """What clients ask of an installation."""

    def __init__(self, installation: Installation, worker: Decides) -> None:
        self._installation = installation
        self._worker = worker

    def submit(self, client: Client, received: Received) -> Taken:
        """Execute a Task; the stored answer, or how it would be answered if it is only tried.

        Raises Unacceptable, with nothing stored, for what is wrong on its face.
        """
        base, now = self._installation.base_url, self._installation.clock()
        task, parameters = _understood(received.document, base, now)
        if received.if_none_exist is not None:
            condition_of("Task", received.if_none_exist, base, now)
        keys = keys_of(received, ("Task", task.code), task.identifiers, self._installation.hasher)
        asked = _Asked(client, received, task, parameters, keys, base)
        taken = once(
            self._installation,
            client,
            received,
            lambda work: (_rehearsed if received.is_rehearsal else _executed)(asked, work),
            lambda work: _earlier(keys, work),
        )
        if taken.urgent is None:
            return taken
        tried(self._worker, client, taken)
        return self._as_it_stands(client, taken)

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
        taken = once(
            self._installation,
            client,
            received,
            lambda work: intake.take_allowed(received, client, base, work),
            lambda work: intake.earlier(received, work),
        )
        tried(self._worker, client, taken)
        return taken

    def update(self, client: Client, received: Received, target: Target) -> Taken:
        """PUT a resource; raises Unacceptable, with nothing changed."""
        base = self._installation.base_url
        taken = self._changed(
            client, target, lambda work: update.update(received, target, client, base, work)
        )
        tried(self._worker, client, taken)
        return taken

    def patch(self, client: Client, sent: Patch, target: Target) -> Taken:
        """PATCH a resource; raises Unacceptable, with nothing changed."""
        return self._changed(client, target, lambda work: patch.patch(sent, target, client, work))

    def delete(self, client: Client, target: Target) -> Deleted:
        """DELETE a resource; raises Unacceptable, with nothing changed."""
        return self._changed(client, target, lambda work: delete.delete(target, client, work))

    def invoice(self, client: Client, received: Received, account_id: str) -> Taken:
        """Account/{id}/$invoice; raises Unacceptable, with nothing stored."""
        return invoice_account(self._installation, client, received, account_id)

    def submit_claim(self, client: Client, received: Received) -> Stored:
        """Claim/$submit; the ClaimResponse as it stands. Raises Unacceptable, nothing stored."""
        return self._submitted(client, received, "Claim")

    def submit_eligibility_request(self, client: Client, received: Received) -> Stored:
        """CoverageEligibilityRequest/$submit; its response. Raises Unacceptable, nothing stored."""
        return self._submitted(client, received, "CoverageEligibilityRequest")

    def validate(self, client: Client, question: validating.Question) -> list[Issue]:
        """$validate; nothing stays. Raises Unacceptable where there is nothing to ask about."""
        return validating.issues_of(self._installation, client, question)

    def _submitted(self, client: Client, received: Received, type: str) -> Stored:
        base = self._installation.base_url
        package = claim_submit.package_of(received, type)
        taken = once(
            self._installation,
            client,
            received,
            lambda work: claim_submit.take_allowed(package, client, base, work),
            lambda work: intake.earlier(package.request.received, work),
        )
        tried(self._worker, client, taken, is_handed_over=True)
        return self._installation.read(
            client.scope, lambda work: claim_submit.response_to(taken, work)
        )

    def _changed(self, client: Client, target: Target, change: Callable[[UnitOfWork], T]) -> T:
        # Nothing is kept of a change by which it would be known again: sent twice, it is the same.
        return once(self._installation, client, target, change, lambda _: None)

    def _as_it_stands(self, client: Client, taken: Taken) -> Taken:
        """A Task that went on after it was answered."""
        type, id = taken.stored.type, taken.stored.id
        current = self._installation.read(client.scope, lambda work: work.resources.find(type, id))
        return replace(taken, stored=current or taken.stored)


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
    require_task(asked.client, asked.task.code, asked.received.document)
    lasts = POLL_KEPT_FOR if asked.task.code is TaskCode.POLL else KEPT_FOR
    request = _request(asked, work)
    # Looked up only where they cannot be taken: nearly every request is a new one.
    if not asked.keys.take(work.replay_keys, "Task", request.task_id, lasts):
        earlier = _earlier(asked.keys, work)
        if earlier is None:
            raise TakenMeanwhile
        asked.keys.bind(work.replay_keys, "Task", earlier.stored.id, lasts)
        return earlier
    _require_parties(asked, work)
    outcome = _outcome(request, work)
    if not outcome.keeps_key:
        asked.keys.let_go(work.replay_keys)
    return _recorded(asked, request.task_id, outcome, work)


def _rehearsed(asked: _Asked, work: UnitOfWork) -> Taken:
    """The answer as it would be; all that led to it is unwound, but for a row in the audit."""
    require_task(asked.client, asked.task.code, asked.received.document)
    _require_parties(asked, work)
    request = _request(asked, work)
    outcomes: list[TaskOutcome] = []
    with suppress(_Unwound), work.attempt():
        outcomes.append(_outcome(request, work))
        raise _Unwound
    [outcome] = outcomes
    answer = _answered(asked, request.task_id, outcome, work)
    text = task_writing.rehearsed(answer.text, asked.received.text)
    work.audit.add(_event(asked, None, outcome, "dry-run"))
    return Taken(Stored("Task", "", 0, work.now, text), is_new=False, is_rehearsal=True)


class _Unwound(Exception):
    """Nothing of a rehearsal stays."""


def _require_parties(asked: _Asked, work: UnitOfWork) -> None:
    issues = party_issues(asked.received.document, asked.client, asked.base, work)
    if issues:
        raise Unacceptable(*issues)


def _request(asked: _Asked, work: UnitOfWork) -> TaskRequest[Any]:
    return TaskRequest(
        client=asked.client,
        task_id=asked.received.id or work.new_id(),
        task=asked.task,
        parameters=asked.parameters,
        document=asked.received.document,
        base=asked.base,
        request_id=asked.received.request_id,
    )


def _earlier(keys: Keys, work: UnitOfWork) -> Taken | None:
    kept = keys.found(work.replay_keys)
    if kept is None:
        return None
    stored = work.resources.find(kept.type, kept.resource_id)
    return None if stored is None else there_already(stored, work.scope)


def _outcome(request: TaskRequest[Any], work: UnitOfWork) -> TaskOutcome:
    """Run the handler in a savepoint: a no unwinds what it did and is an answer all the same."""
    handling = handling_of(request.task.code)
    try:
        with nullcontext() if handling.only_reads else work.attempt():
            return handling.handler(request, work)
    except Refused as refusal:
        return without_effect(TaskStatus.REJECTED, refusal.issues)
    except Missing as missing:
        return without_effect(TaskStatus.FAILED, missing.issues)


def _recorded(asked: _Asked, task_id: str, outcome: TaskOutcome, work: UnitOfWork) -> Taken:
    """Keep the Task as it is answered, its row, what it names, and the audit of its effect."""
    answer = _answered(asked, task_id, outcome, work)
    text = json_text.stamped(answer.text, task_id, 1, work.now)
    identifiers = (*identifiers_of(asked.received.document), own_identifier("Task", task_id))
    focus_type, focus_id = outcome.focus or (None, None)
    with work.at_once(puts_off=True):
        stored = work.resources.add(
            "Task", task_id, text, identifiers, asked.client.id, document=answer.document
        )
        work.tasks.add(TaskRow(task_id, asked.task.code, outcome.status, focus_type, focus_id))
        work.mentions.add("Task", task_id, named_in(answer.document, asked.base))
        work.audit.add(_event(asked, task_id, outcome, str(asked.task.code)))
    return Taken(stored, is_new=True, urgent=outcome.focus if outcome.is_urgent else None)


def _answered(asked: _Asked, task_id: str, outcome: TaskOutcome, work: UnitOfWork) -> Answer:
    ours, received = own_identifier("Task", task_id), asked.received
    return task_writing.answered(received.text, received.document, outcome, ours, work.now)


def _event(asked: _Asked, task_id: str | None, outcome: TaskOutcome, action: str) -> Event:
    type, id = outcome.focus or (None, None)
    client_id, request_id, status = asked.client.id, asked.received.request_id, str(outcome.status)
    return Event(
        client_id, action, status, type, id, task_id, request_id, number=outcome.handed_over
    )
