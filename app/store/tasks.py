"""Tasks as rows, and the replay keys that make the same request twice one effect."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    or_,
    select,
    tuple_,
    update,
)

from app.domain.codes import TaskCode, TaskStatus
from app.domain.parties import Scope
from app.store import leases, replay_taking, tables
from app.store.database.questions import Change, Question
from app.store.together.transaction import insert_rows
from app.store.types import Instant

_k = tables.replay_key.c
_t = tables.task.c
# What a request asks and does is a statement built once.
_ROW = (_t.id, _t.code, _t.status, _t.focus_type, _t.focus_id)
_POLLS = select(_t.id).where(
    _t.payer_id == bindparam("b_payer"),
    _t.submitter_id == bindparam("b_submitter"),
    _t.id.in_(bindparam("b_ids", expanding=True)),
    _t.code == TaskCode.POLL,
)
_KEY = (
    _k.payer_id == bindparam("b_payer"),
    _k.submitter_id == bindparam("b_sender"),
    _k.key_hash == bindparam("b_key"),
)
# Its time is not over, or it is a poll's of which something is not acknowledged yet.
_COUNTS = or_(
    _k.expires_at > bindparam("b_now", type_=Instant),
    and_(_k.type == "Task", leases.is_unacknowledged(_k.payer_id, _k.resource_id)),
)
_FINDING = Question(select(_k.type, _k.resource_id, _k.content_hash).where(*_KEY, _COUNTS))
_FORGETTING = Change(delete(tables.replay_key).where(*_KEY))


@dataclass(frozen=True, slots=True)
class TaskRow:
    """What we query of a Task; its text is an ordinary resource."""

    id: str
    code: TaskCode
    status: TaskStatus
    focus_type: str | None
    focus_id: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a replay key was kept for, and under which content."""

    type: str
    resource_id: str
    content_hash: str


@cache
def _one(*, is_scoped: bool) -> Question:
    """One Task of a payer, or of one submitter."""
    query = select(*_ROW).where(_t.payer_id == bindparam("b_payer"), _t.id == bindparam("b_id"))
    own = query.where(_t.submitter_id == bindparam("b_submitter")) if is_scoped else query
    return Question(own)


class Tasks:
    """The Tasks of one scope."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._scope = scope
        self._now = now

    def add(self, row: TaskRow) -> None:
        """Keep a Task's row."""
        values = {
            "payer_id": self._scope.payer_id,
            "submitter_id": self._scope.submitter_id,
            "id": row.id,
            "code": row.code,
            "status": row.status,
            "focus_type": row.focus_type,
            "focus_id": row.focus_id,
            "created_at": self._now,
        }
        insert_rows(self._connection, tables.task, (values,))

    def find(self, id: str) -> TaskRow | None:
        """One Task's row; None if there is none in this scope."""
        given: dict[str, str | None] = {"b_payer": self._scope.payer_id, "b_id": id}
        is_scoped = self._scope.submitter_id is not None
        if is_scoped:
            given["b_submitter"] = self._scope.submitter_id
        row = _one(is_scoped=is_scoped).row(self._connection, given)
        return None if row is None else TaskRow(*row)

    def move(self, id: str, before: TaskStatus, after: TaskStatus) -> bool:
        """Change a Task's status where it is still the one before; whether it was."""
        moved = self._connection.execute(
            update(tables.task)
            .where(_t.payer_id == self._scope.payer_id, _t.id == id, _t.status == before)
            .values(status=after)
        )
        return moved.rowcount == 1

    def find_all(self, ids: Iterable[str]) -> list[TaskRow]:
        """The rows of several Tasks of this scope."""
        query = select(*_ROW).where(_t.payer_id == self._scope.payer_id, _t.id.in_(sorted(ids)))
        if self._scope.submitter_id is not None:
            query = query.where(_t.submitter_id == self._scope.submitter_id)
        return [TaskRow(*row) for row in self._connection.execute(query.order_by(_t.id))]

    def about(self, keys: Collection[tuple[str, str]]) -> list[str]:
        """The ids of the Tasks that have one of these in focus."""
        query = select(_t.id).where(
            _t.payer_id == self._scope.payer_id, tuple_(_t.focus_type, _t.focus_id).in_(keys)
        )
        return list(self._connection.execute(query.order_by(_t.id)).scalars())

    def waiting(self, code: TaskCode) -> list[TaskRow]:
        """The Tasks of one code that are in progress, the oldest first."""
        query = (
            select(*_ROW)
            .where(
                _t.payer_id == self._scope.payer_id,
                _t.code == code,
                _t.status == TaskStatus.IN_PROGRESS,
            )
            .order_by(_t.created_at, _t.id)
        )
        return [TaskRow(*row) for row in self._connection.execute(query)]

    def polls(self, ids: Iterable[str]) -> set[str]:
        """Which of these are polls of this scope's submitter."""
        given = {
            "b_payer": self._scope.payer_id,
            "b_submitter": self._scope.submitter_id,
            "b_ids": sorted(set(ids)),
        }
        return set(self._connection.execute(_POLLS, given).scalars())


class ReplayKeys:
    """Unique rows: whoever inserts first has the effect, everyone after is given its answer."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id
        # The payer's own programs repeat themselves too, and are no submitters.
        self._sender_id = scope.submitter_id or scope.client_id
        self._now = now

    def find(self, key_hash: str) -> Kept | None:
        """What the key was kept for; None where it is free or has lapsed."""
        given = {**self._key(key_hash), "b_now": self._now}
        row = _FINDING.row(self._connection, given)
        return None if row is None else Kept(*row)

    def keep(
        self,
        key_hash: str,
        content_hash: str,
        type: str,
        resource_id: str,
        lasts: timedelta,
        *,
        is_condition: bool = False,
    ) -> bool:
        """Keep a key; False where another request has just taken it."""
        row = {
            "payer_id": self._payer_id,
            "submitter_id": self._sender_id,
            "key_hash": key_hash,
            "content_hash": content_hash,
            "type": type,
            "resource_id": resource_id,
            "expires_at": self._now + lasts,
            "is_condition": is_condition,
        }
        taking = replay_taking.taking(self._connection.dialect.name)
        return taking.row(self._connection, row | {"b_now": self._now}) is not None

    def forget_of(self, type: str, resource_id: str) -> None:
        """Free every key that was kept for a resource."""
        self._connection.execute(
            delete(tables.replay_key).where(
                _k.payer_id == self._payer_id, _k.type == type, _k.resource_id == resource_id
            )
        )

    def forget_conditions(self, type: str, resource_id: str) -> None:
        """Free every condition that a resource was made under: it may no longer meet it."""
        self._connection.execute(
            delete(tables.replay_key).where(
                _k.payer_id == self._payer_id,
                _k.type == type,
                _k.resource_id == resource_id,
                _k.is_condition.is_(True),
            )
        )

    def forget(self, key_hash: str) -> None:
        """Free a key."""
        _FORGETTING.hits(self._connection, self._key(key_hash))

    def outlive(self, type: str, resource_id: str, lasts: timedelta) -> None:
        """What they were kept for is nullified: refuse exactly the same for so long.

        Conditions are let go: something else may meet them now.
        """
        of_resource = (
            _k.payer_id == self._payer_id,
            _k.type == type,
            _k.resource_id == resource_id,
        )
        self._connection.execute(
            delete(tables.replay_key).where(*of_resource, _k.is_condition.is_(True))
        )
        self._connection.execute(
            update(tables.replay_key).where(*of_resource).values(expires_at=self._now + lasts)
        )

    def _key(self, key_hash: str) -> dict[str, str | None]:
        return {"b_payer": self._payer_id, "b_sender": self._sender_id, "b_key": key_hash}
