"""The clocks of requests: one row for each time that a Claim is to be decided.

Whoever moves one holds the Claim's row, so at most one clock of a Claim has not ended. Each move is
one statement and reads nothing first; `app.domain.clocks.Clock` says what it has to come to. A
Claim that came in before there were clocks has none, and nothing is moved.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Update,
    bindparam,
    case,
    delete,
    literal,
    select,
    type_coerce,
    update,
)

from app.domain.clocks import Clock, Kind
from app.domain.decisions import VERDICTS, Ending
from app.domain.parties import Scope
from app.store import tables
from app.store.database.questions import change
from app.store.together.transaction import insert_rows, put_off
from app.store.types import microseconds

_c = tables.clock.c


@dataclass(frozen=True, slots=True)
class Timed:
    """The clock of a Claim as of an epoch; `before` is what had been decided, of a reprocess.

    `is_drug`: of a type that the reports on prior authorization leave out.
    """

    submission_id: str
    epoch: int
    submitter_id: str
    clock: Clock
    is_drug: bool = False
    is_reissue: bool = False
    before: Ending | None = None


class Clocks:
    """The clocks of one scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def start(self, timed: Timed) -> None:
        """Keep a new clock, which runs; the one before must have ended."""
        clock = timed.clock
        row = {
            "payer_id": self._scope.payer_id,
            "submission_id": timed.submission_id,
            "epoch": timed.epoch,
            "submitter_id": timed.submitter_id,
            "use": clock.kind.use,
            "priority": clock.kind.priority,
            "type": clock.kind.type,
            "is_drug": timed.is_drug,
            "is_reissue": timed.is_reissue,
            "before": timed.before,
            "started_at": clock.started_at,
            "decide_by": clock.decide_by,
            "paused_for": clock.paused_for,
            "is_extended": clock.is_extended,
        }
        insert_rows(self._connection, tables.clock, (row,))

    def pause(self, submission_id: str, at: datetime) -> None:
        """The clock of a Claim stands still; one that does already is left as it is."""
        instant = literal(microseconds(at), BigInteger)
        is_running = _c.paused_at.is_(None)
        self._move(submission_id, is_running, paused_at=_later(instant), is_extended=True)

    def resume(self, submission_id: str, at: datetime) -> None:
        """It runs again, and is due as much later as it stood still."""
        instant = literal(microseconds(at), BigInteger)
        self._move(submission_id, _c.paused_at.is_not(None), **_run_on(instant))

    def end(self, submission_id: str, at: datetime, ending: Ending, waited_until: datetime) -> None:
        """It is over; if it stood still, it did until `waited_until`."""
        submitter_id = self._scope.submitter_id
        of_submitter = {} if submitter_id is None else {"of_submitter": submitter_id}
        row = of_submitter | {
            "of_payer": self._scope.payer_id,
            "of_submission": submission_id,
            "at": microseconds(at),
            "waited_until": microseconds(waited_until),
            "as_ending": ending,
        }
        statement = _ending(is_scoped=submitter_id is not None)

        def do(rows: list[Any]) -> None:
            change(statement).each_hits(self._connection, rows)

        # Nothing that decides a Claim asks for its clock afterwards.
        put_off(self._connection, statement, (row,), do)

    def all_of(self, submission_id: str) -> list[Timed]:
        """Every clock of a Claim, the first one first."""
        query = select(tables.clock).where(*self._of(submission_id)).order_by(_c.epoch)
        return [timed(row) for row in self._connection.execute(query)]

    def last_verdict(self, submission_id: str) -> Ending | None:
        """What was decided of a Claim last; None where its clocks do not tell."""
        query = (
            select(_c.ending)
            .where(*self._of(submission_id), _c.ending.in_(VERDICTS))
            .order_by(_c.epoch.desc())
            .limit(1)
        )
        return self._connection.execute(query).scalar_one_or_none()

    def forget(self, submission_id: str) -> None:
        """Take every clock of a Claim away."""
        self._connection.execute(delete(tables.clock).where(*self._of(submission_id)))

    def _move(self, submission_id: str, *only: ColumnElement[bool], **values: Any) -> None:
        is_open = (*self._of(submission_id), _c.ended_at.is_(None), *only)
        self._connection.execute(update(tables.clock).where(*is_open).values(**values))

    def _of(self, submission_id: str) -> tuple[ColumnElement[bool], ...]:
        return (*of_scope(self._scope), _c.submission_id == submission_id)


def of_scope(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """The clocks that a scope sees: a submitter its own, the payer's side all of the payer."""
    payers = (_c.payer_id == scope.payer_id,)
    return (
        payers if scope.submitter_id is None else (*payers, _c.submitter_id == scope.submitter_id)
    )


def timed(row: Any) -> Timed:
    """The clock behind a row."""
    clock = Clock(
        kind=Kind(row.use, row.priority, row.type),
        started_at=row.started_at,
        decide_by=row.decide_by,
        paused_at=row.paused_at,
        paused_for=row.paused_for,
        is_extended=row.is_extended,
        ended_at=row.ended_at,
        ending=row.ending,
    )
    known = (row.submission_id, row.epoch, row.submitter_id)
    return Timed(*known, clock, row.is_drug, row.is_reissue, row.before)


def number(moment: ColumnElement[Any]) -> ColumnElement[int]:
    """A moment, or a span, to reckon with: in microseconds."""
    return type_coerce(moment, BigInteger)


@cache
def _ending(*, is_scoped: bool) -> Update:
    """The one statement that ends clocks; of one submitter, or of any."""
    until, at = bindparam("waited_until", type_=BigInteger), bindparam("at", type_=BigInteger)
    is_open = [
        _c.payer_id == bindparam("of_payer"),
        _c.submission_id == bindparam("of_submission"),
        _c.ended_at.is_(None),
    ]
    if is_scoped:
        is_open.append(_c.submitter_id == bindparam("of_submitter"))
    ended = {"ended_at": _later(at), "ending": bindparam("as_ending")}
    return update(tables.clock).where(*is_open).values(_run_on(until) | ended)


def _later(instant: ColumnElement[int]) -> ColumnElement[int]:
    """An instant, but never before the start: clocks of two machines differ."""
    started_at = number(_c.started_at)
    return case((started_at > instant, started_at), else_=instant)


def _run_on(instant: ColumnElement[int]) -> dict[str, Any]:
    """As much later as it stood still up to an instant; nothing where it ran."""
    paused_at = number(_c.paused_at)
    pause = case((paused_at < instant, instant - paused_at), else_=literal(0, BigInteger))
    return {
        "decide_by": number(_c.decide_by) + pause,
        "paused_for": number(_c.paused_for) + pause,
        "paused_at": None,
    }
