"""Jobs of the calendar: a unique row per job and slot, so that any number of clocks may tick."""

from datetime import date, datetime

from sqlalchemy import Connection, insert, literal, select

from app.domain.lifecycle import State
from app.store import tables
from app.store.statements import inserted_if_absent
from app.store.tables import JobState

_r = tables.reservation.c
_s = tables.submission.c


class Calendar:
    """The slots of every payer."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def take(self, kind: str, slot: str) -> bool:
        """Take a slot; False where another clock has it."""
        row = {"kind": kind, "slot": slot, "taken_at": self._now}
        return inserted_if_absent(self._connection, tables.calendar_slot, row)

    def enqueue_ended_reservations(self, kind: str, payer_id: str, before: date) -> int:
        """One job for each of a payer's reservations that ended before a day; how many."""
        ended = (
            _r.payer_id == payer_id,
            _r.ends_on < before,
            _r.closed_at.is_(None),
            _s.state == State.DECIDED,
        )
        columns = {
            "payer_id": _r.payer_id,
            "kind": literal(kind),
            "type": _s.type,
            "submission_id": _s.id,
            "submitter_id": _s.submitter_id,
            "epoch": _s.epoch,
            "state": literal(JobState.WAITING.value),
            "due_at": literal(self._now, tables.job.c.due_at.type),
            "attempts": literal(0),
            "created_at": literal(self._now, tables.job.c.created_at.type),
        }
        found = (
            select(*columns.values())
            .join_from(
                tables.reservation,
                tables.submission,
                (_s.payer_id == _r.payer_id) & (_s.type == "Claim") & (_s.id == _r.submission_id),
            )
            .where(*ended)
        )
        enqueued = insert(tables.job).from_select(list(columns), found).returning(tables.job.c.id)
        return len(self._connection.execute(enqueued).all())
