"""The audit: a row for each effect, access and denial, with what it tells of, never changed.

It holds ids, codes and counts only, so it may outlive what it speaks of. Docs: docs/audit.md.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from app.domain.search.query import Condition
from app.store import tables
from app.store.audit_search import Position, beyond, clause, of_patient
from app.store.hashing import Hasher
from app.store.together.bulk import insertion_of
from app.store.together.transaction import insert_rows

_a = tables.audit.c


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: by whom, what, how it ended, to which resource, by which Task.

    `number` is how many resources were handed over, where that is counted; `token_hash` the keyed
    hash of the access token, where it was one of those.
    """

    actor: str
    action: str
    outcome: str
    type: str | None = None
    resource_id: str | None = None
    task_id: str | None = None
    request_id: str | None = None
    number: int | None = None
    token_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row of the audit: its place, when it was written, what it tells, and its digest."""

    seq: int
    at: datetime
    event: Event
    digest: str


class Audit:
    """The audit of one payer; it can only be added to."""

    def __init__(
        self, connection: Connection, payer_id: str, now: datetime, hasher: Hasher
    ) -> None:
        self._connection = connection
        self._payer_id = payer_id
        self._now = now
        self._hasher = hasher

    def find(self, seq: int) -> Recorded | None:
        """One row; None where this payer has none of this number."""
        query = select(tables.audit).where(_a.seq == seq, _a.payer_id == self._payer_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else recorded(row)

    def page(
        self,
        conditions: Sequence[Condition],
        limit: int,
        after: Position | None = None,
        before: Position | None = None,
    ) -> tuple[list[Recorded], bool]:
        """The newest rows that meet the conditions, those after a place, or the last before one.

        And whether there are more in that direction.
        """
        is_backward, place = before is not None, before or after
        query = select(tables.audit).where(_a.payer_id == self._payer_id, clause(conditions))
        if place is not None:
            query = query.where(beyond(place, is_backward=is_backward))
        order = (_a.at, _a.seq) if is_backward else (_a.at.desc(), _a.seq.desc())
        rows = self._connection.execute(query.order_by(*order).limit(limit + 1)).all()
        found = [recorded(row) for row in rows[:limit]]
        return (found[::-1] if is_backward else found), len(rows) > limit

    def total(self, conditions: Sequence[Condition], at_most: int | None) -> int:
        """How many rows meet the conditions, counted up to one more than `at_most`."""
        query = select(_a.seq).where(_a.payer_id == self._payer_id, clause(conditions))
        limited = query if at_most is None else query.limit(at_most + 1)
        counting = select(func.count()).select_from(limited.subquery())
        return self._connection.execute(counting).scalar_one()

    def patients(self, found: Sequence[Recorded]) -> dict[int, str]:
        """Which Patient a row's resource is about, by the row's number, where the index tells."""
        target = tables.search_reference.c.target_id
        query = select(_a.seq, target).where(
            _a.seq.in_([each.seq for each in found]), _a.payer_id == self._payer_id, of_patient()
        )
        return {row.seq: row.target_id for row in self._connection.execute(query)}

    def add(self, event: Event) -> None:
        """Write one row; if that fails, so does what it tells of."""
        insert_rows(self._connection, tables.audit, (self._row(event),))

    def note(self, events: Sequence[Event]) -> None:
        """Write these now, by the driver alone: nearly every request that reads does."""
        rows = [self._row(event) for event in events]
        insertion = insertion_of(tables.audit, tuple(rows[0]), self._connection.dialect)
        mark = "?" if self._connection.dialect.name == "sqlite" else "%s"
        marks = ", ".join([mark] * len(insertion.columns))
        text = f"INSERT INTO {insertion.table} ({insertion.names}) VALUES ({marks})"  # noqa: S608
        for row in rows:
            self._connection.exec_driver_sql(text, insertion.values(row))

    def _row(self, event: Event) -> dict[str, Any]:
        return {
            "payer_id": self._payer_id,
            "at": self._now,
            "actor": event.actor,
            "action": event.action,
            "outcome": event.outcome,
            "type": event.type,
            "resource_id": event.resource_id,
            "task_id": event.task_id,
            "request_id": event.request_id,
            "digest": digest_of(self._payer_id, self._now, event, self._hasher),
            "number": event.number,
            "token_hash": event.token_hash,
        }


def recorded(row: Row[Any]) -> Recorded:
    """A row of the table."""
    event = Event(
        row.actor,
        row.action,
        row.outcome,
        row.type,
        row.resource_id,
        row.task_id,
        row.request_id,
        row.number,
        row.token_hash,
    )
    return Recorded(row.seq, row.at, event, row.digest)


def digest_of(payer_id: str, at: datetime, event: Event, hasher: Hasher) -> str:
    """What tells whether a row is as it was written, to whoever has the installation's key."""
    *always, number, token_hash = astuple(event)
    told = [payer_id, at.astimezone(UTC).isoformat(), *(part or "" for part in always)]
    if number is not None or token_hash is not None:
        # Rows of the time before had neither, and their digests stay what they are.
        told += ["" if number is None else str(number), token_hash or ""]
    return hasher("audit", *told)
