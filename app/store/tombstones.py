"""What was nullified: that it was there, when it went, and by which Task. No content."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from app.domain.parties import Scope
from app.store import tables

_t = tables.tombstone.c


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of one resource."""

    type: str
    id: str
    task_id: str
    nullified_at: datetime
    verified_at: datetime | None = None


class Tombstones:
    """The tombstones of one payer."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id
        self._now = now

    def add(self, type: str, id: str, task_id: str, names: Iterable[str] = ()) -> None:
        """Set one up; `names` are the keyed hashes of what it was named by."""
        self._connection.execute(
            insert(tables.tombstone).values(
                payer_id=self._payer_id,
                type=type,
                id=id,
                task_id=task_id,
                nullified_at=self._now,
                names=json.dumps(sorted(names)),
            )
        )

    def begin_sweep(self, task_id: str) -> datetime:
        """Since when, by the database's clock, whoever begins can see nothing of what went."""
        of_task = (_t.payer_id == self._payer_id, _t.task_id == task_id)
        is_sqlite = self._connection.dialect.name == "sqlite"
        self._connection.execute(
            update(tables.tombstone)
            .where(*of_task, _t.swept_from.is_(None))
            .values(swept_from=self._now if is_sqlite else func.clock_timestamp())
        )
        query = select(func.max(_t.swept_from)).where(*of_task)
        since: datetime = self._connection.execute(query).scalar_one()
        return since

    def names(self, task_id: str) -> set[str]:
        """The keyed hashes of what a Task nullified was named by."""
        query = select(_t.names).where(_t.payer_id == self._payer_id, _t.task_id == task_id)
        return {
            name
            for written in self._connection.execute(query).scalars()
            for name in json.loads(written or "[]")
        }

    def find(self, type: str, id: str) -> Tombstone | None:
        """The tombstone of one resource; None where it was not nullified."""
        query = select(_t.type, _t.id, _t.task_id, _t.nullified_at, _t.verified_at).where(
            _t.payer_id == self._payer_id, _t.type == type, _t.id == id
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Tombstone(*row)

    def verify(self, task_id: str) -> int:
        """The files hold no more of what a Task nullified; how many resources that were."""
        verified = self._connection.execute(
            update(tables.tombstone)
            .where(_t.payer_id == self._payer_id, _t.task_id == task_id, _t.verified_at.is_(None))
            .values(verified_at=self._now, names=None)
        )
        return verified.rowcount
