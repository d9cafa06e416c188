"""The audit: one row per effect and per denial, in the transaction of the effect, never changed.

It holds ids and codes only, so it may outlive what it speaks of.
"""

from dataclasses import astuple, dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from app.store import tables
from app.store.hashing import Hasher
from app.store.together.transaction import insert_rows

_a = tables.audit.c


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: by whom, what, how it ended, to which resource, by which Task."""

    actor: str
    action: str
    outcome: str
    type: str | None = None
    resource_id: str | None = None
    task_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row of the audit: its number, when it was written, and what it tells."""

    seq: int
    at: datetime
    event: Event


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
        if row is None:
            return None
        event = Event(
            row.actor,
            row.action,
            row.outcome,
            row.type,
            row.resource_id,
            row.task_id,
            row.request_id,
        )
        return Recorded(row.seq, row.at, event)

    def add(self, event: Event) -> None:
        """Write one row; if that fails, so does what it tells of."""
        told = (self._payer_id, self._now.isoformat(), *(part or "" for part in astuple(event)))
        row = {
            "payer_id": self._payer_id,
            "at": self._now,
            "actor": event.actor,
            "action": event.action,
            "outcome": event.outcome,
            "type": event.type,
            "resource_id": event.resource_id,
            "task_id": event.task_id,
            "request_id": event.request_id,
            "digest": self._hasher("audit", *told),
        }
        insert_rows(self._connection, tables.audit, (row,))
