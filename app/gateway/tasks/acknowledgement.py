"""Acknowledging: what a submitter says it has is delivered, however late it says so.

By the input `ack` of any later poll, or by Task/{id}/$acknowledge. Docs: docs/task-codes/poll.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.domain.codes import InputType, TaskCode
from app.domain.issues import ErrorCode, Issue, Missing, ScopeMissing, Unacceptable
from app.domain.parties import Client, ClientKind
from app.domain.references import Reference
from app.domain.selection import PENDED_TYPES
from app.domain.tasks import Task
from app.gateway.installation import Installation
from app.gateway.permitted import refuse, require
from app.store.audit import Event
from app.store.leases import Given
from app.store.unit_of_work import UnitOfWork

ACTION = "acknowledge"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """How many answers of a poll have arrived, and of how many that was news."""

    in_all: int
    now: int


@dataclass(frozen=True, slots=True)
class _HandedOver:
    """What of all that is named was handed over: polls by id, answers by type and id."""

    polls: frozenset[str]
    answers: dict[tuple[str, str], list[Given]] = field(default_factory=dict)

    def __contains__(self, named: Reference) -> bool:
        """Whether it is a poll, the Bundle of a poll, or an answer in the version named."""
        return self.is_poll(named) or bool(self.of(named))

    def is_poll(self, named: Reference) -> bool:
        """Whether it is a poll or its Bundle: they go by the same id."""
        return named.type in {"Task", "Bundle"} and named.id in self.polls

    def of(self, named: Reference) -> list[int]:
        """The places in the queue of an answer, of all its versions where none is named."""
        given = self.answers.get((named.type or "", named.id or ""), [])
        return [one.seq for one in given if named.version in (None, one.version)]


def acknowledge(given: Sequence[Reference], task: Task, work: UnitOfWork) -> None:
    """Work off the inputs `ack`, of which each must name something that was handed over.

    Raises Missing with all that are unknown, and then nothing is acknowledged.
    """
    if not given:
        return
    named = [_named(one, work) for one in given]
    handed_over = _handed_over([one for ones in named for one in ones], work)
    inputs = [one for one in task.inputs if one.type == InputType.ACK]
    chosen, issues = [], []
    for ones, at in zip(named, inputs, strict=True):
        known = [one for one in ones if one in handed_over]
        issues += _issues(len(known), ones, at.expression, work)
        chosen += known
    if issues:
        raise Missing(*issues)
    work.leases.acknowledge_polls(one.id or "" for one in chosen if handed_over.is_poll(one))
    work.leases.acknowledge([seq for one in chosen for seq in handed_over.of(one)])


def acknowledge_poll(
    installation: Installation, client: Client, task_id: str, request_id: str | None
) -> Acknowledged:
    """Everything that a poll handed over has arrived; to say so again changes nothing.

    Raises Unacceptable, the same where there is no such poll and where it is another's.
    """
    if client.kind is not ClientKind.SUBMITTER:
        error = ErrorCode.FORBIDDEN.entry.id
        denied = Event(client.id, "denied", error, "Task", request_id=request_id)
        installation.write(client.scope, lambda work: work.audit.add(denied))
        raise Unacceptable(Issue(ErrorCode.FORBIDDEN, "Only submitters acknowledge.", "Task"))
    try:
        require(client, "c", "Task", task_code=TaskCode.POLL)
    except ScopeMissing as missing:
        refuse(installation, client, missing, "Task", request_id)
    event = Event(client.id, ACTION, "completed", "Task", task_id, task_id, request_id)
    return installation.write(client.scope, lambda work: _acknowledged(event, task_id, work))


def _acknowledged(event: Event, task_id: str, work: UnitOfWork) -> Acknowledged:
    # As a poll does, so that the two never wait for each other's rows in turn.
    work.pended.lock()
    if not work.tasks.polls([task_id]):
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such resource."))
    now = work.leases.acknowledge_polls([task_id])
    work.audit.add(event)
    return Acknowledged(work.leases.acknowledged(task_id), now)


def _named(given: Reference, work: UnitOfWork) -> list[Reference]:
    """What a reference may mean: itself, or whatever carries its identifier."""
    if given.id is not None or given.identifier is None:
        return [given]
    found = work.resources.identified(PENDED_TYPES, given.identifier)
    return [Reference(type, id) for type, id in found]


def _handed_over(named: Sequence[Reference], work: UnitOfWork) -> _HandedOver:
    polls = work.tasks.polls(one.id for one in named if one.id and one.type in {"Task", "Bundle"})
    handed_over = _HandedOver(frozenset(polls))
    keys = [(one.type, one.id) for one in named if one.type and one.id]
    for given in work.leases.given([key for key in keys if work.visible.is_known(*key)]):
        handed_over.answers.setdefault((given.type, given.resource_id), []).append(given)
    return handed_over


def _issues(
    known: int, named: Sequence[Reference], expression: str, work: UnitOfWork
) -> list[Issue]:
    if known > 1:
        text = f"{known} of what was handed over carry the identifier; name one by id."
        return [Issue(ErrorCode.FOCUS_MULTIPLE_MATCHES, text, expression)]
    if known or any(_is_gone(one, work) for one in named):
        return []
    return [Issue(ErrorCode.ACK_NOT_FOUND, "What is acknowledged is not known.", expression)]


def _is_gone(named: Reference, work: UnitOfWork) -> bool:
    """Whether it was purged since: its submitter could otherwise never end what it began."""
    if named.type not in PENDED_TYPES or named.id is None:
        return False
    stored = work.resources.find(named.type, named.id)
    is_shown = stored is not None and work.scope.sees(stored.type, stored.label)
    return stored is not None and is_shown and stored.text is None
