"""Leases on pended answers: lent by a poll, ended by an acknowledgement, by time, by an operator.

Every move is one UPDATE guarded by the old state; a lease that lapsed needs no move to be due.
Docs: docs/adr/0009-leases-for-acknowledged-delivery.md.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from app.domain import leases
from app.domain.codes import HandOver
from app.domain.parties import Scope
from app.store import tables
from app.store.tables import Delivery
from app.store.types import Instant

_p = tables.pended.c
_h = tables.handed_over.c
_ahead = tables.pended.alias("ahead").c

# What an acknowledgement ends, however late it comes.
_UNACKNOWLEDGED = (Delivery.LEASED, Delivery.PARKED, Delivery.UNDELIVERED)
_STATES = {
    None: Delivery.UNDELIVERED,
    HandOver.ON_HANDOVER: Delivery.DELIVERED,
    HandOver.ACKNOWLEDGED: Delivery.LEASED,
}
# As the index of the queue is limited, to the letter: by values that are bound later SQLite would
# not know that the index is enough.
_IS_IN_QUEUE = _p.state.in_(
    [
        bindparam(None, state, _p.state.type, literal_execute=True)
        for state in (Delivery.UNDELIVERED, Delivery.LEASED)
    ]
)
# Fewer than the variables that SQLite takes in one statement.
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was handed over at least once."""

    seq: int
    type: str
    resource_id: str
    version: int


@dataclass(frozen=True, slots=True)
class PutBack:
    """An answer that is undelivered again, and how often it was handed over before."""

    submitter_id: str
    type: str
    resource_id: str
    version: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How many answers of one submitter wait, are lent, and are parked."""

    submitter_id: str
    undelivered: int
    leased: int
    parked: int


class Leases:
    """The leases of one scope."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._scope = scope
        self._now = now

    def park(self) -> int:
        """Park whatever was lent for the last time and not acknowledged; how many."""
        parked = self._connection.execute(
            update(tables.pended)
            .where(*self._owned(), is_over(self._now))
            .values(state=Delivery.PARKED, leased_until=None)
        )
        return parked.rowcount

    def given(self, keys: Collection[tuple[str, str]]) -> list[Given]:
        """Every answer of these types and ids that this scope was ever handed."""
        types, ids = sorted({type for type, _ in keys}), sorted({id for _, id in keys})
        query = select(_p.seq, _p.type, _p.resource_id, _p.version).where(
            *self._owned(), _p.type.in_(types), _p.resource_id.in_(ids), _p.deliveries > 0
        )
        return [Given(*row) for row in self._connection.execute(query)]

    def acknowledge(self, seqs: Sequence[int]) -> int:
        """These answers have arrived; how many that was news of."""
        return sum(
            self._arrived(_p.seq.in_(seqs[at : at + _AT_ONCE]))
            for at in range(0, len(seqs), _AT_ONCE)
        )

    def acknowledge_polls(self, task_ids: Iterable[str]) -> int:
        """Everything that these polls handed over has arrived; how many that was news of."""
        return self._arrived(self._was_handed_over_by(task_ids))

    def acknowledged(self, task_id: str) -> int:
        """How much of what a poll handed over has arrived."""
        query = select(func.count()).where(
            *self._owned(), self._was_handed_over_by([task_id]), _p.state == Delivery.DELIVERED
        )
        return self._connection.execute(query).scalar_one()

    def put_back(self, limit: int) -> list[PutBack]:
        """Make parked answers undelivered again, with a fresh count of leases; at most so many."""
        oldest = (
            select(_p.seq)
            .where(*self._owned(), _p.state == Delivery.PARKED)
            .order_by(_p.seq)
            .limit(limit)
        )
        moved = self._connection.execute(
            update(tables.pended)
            .where(_p.seq.in_(oldest), _p.state == Delivery.PARKED)
            .values(state=Delivery.UNDELIVERED, leases=0)
            .returning(_p.seq, _p.submitter_id, _p.type, _p.resource_id, _p.version, _p.deliveries)
        )
        return [PutBack(*row[1:]) for row in sorted(moved)]

    def standings(self) -> list[Standing]:
        """How each submitter's queue stands at this instant, whoever polled last and when."""
        is_parked = or_(_p.state == Delivery.PARKED, is_over(self._now))
        is_lent = and_(_p.state == Delivery.LEASED, _p.leased_until > self._now)
        counts = [func.count().filter(one) for one in (is_due(self._now), is_lent, is_parked)]
        query = (
            select(_p.submitter_id, *counts)
            .where(*self._owned(), _p.state.in_(_UNACKNOWLEDGED))
            .group_by(_p.submitter_id)
            .order_by(_p.submitter_id)
        )
        return [Standing(*row) for row in self._connection.execute(query)]

    def _arrived(self, which: ColumnElement[bool]) -> int:
        moved = self._connection.execute(
            update(tables.pended)
            # What was never handed over has not arrived, whoever says so.
            .where(*self._owned(), which, _p.state.in_(_UNACKNOWLEDGED), _p.deliveries > 0)
            .values(state=Delivery.DELIVERED, delivered_at=self._now, leased_until=None)
        )
        return moved.rowcount

    def _was_handed_over_by(self, task_ids: Iterable[str]) -> ColumnElement[bool]:
        answers = select(_h.type, _h.resource_id, _h.version).where(
            _h.payer_id == self._scope.payer_id,
            _h.submitter_id == self._scope.submitter_id,
            _h.task_id.in_(sorted(set(task_ids))),
        )
        return tuple_(_p.type, _p.resource_id, _p.version).in_(answers)

    def _owned(self) -> tuple[ColumnElement[bool], ...]:
        owned = (_p.payer_id == self._scope.payer_id,)
        if self._scope.submitter_id is None:
            return owned
        return (*owned, _p.submitter_id == self._scope.submitter_id)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Not handed over yet, or put back, or lent and not acknowledged in time: the next poll's."""
    has_lapsed = and_(_has_lapsed(now), _p.leases < leases.MOST)
    return and_(_IS_IN_QUEUE, or_(_p.state == Delivery.UNDELIVERED, has_lapsed))


def is_over(now: datetime) -> ColumnElement[bool]:
    """Lent for the last time, and not acknowledged in time."""
    return and_(_has_lapsed(now), _p.leases >= leases.MOST)


def is_behind_a_lease(now: datetime) -> ColumnElement[bool]:
    """Whether an earlier answer to the same submission is lent just now."""
    return (
        select(_ahead.seq)
        .where(
            _ahead.payer_id == _p.payer_id,
            _ahead.submission_type == _p.submission_type,
            _ahead.submission_id == _p.submission_id,
            _ahead.seq < _p.seq,
            _ahead.state == Delivery.LEASED,
            _ahead.leased_until > now,
        )
        .exists()
    )


def may_be_handed_over(now: datetime) -> ColumnElement[bool]:
    """The guard of every hand-over: what is due, and what is parked and asked for."""
    return or_(is_due(now), _p.state == Delivery.PARKED)


def is_unacknowledged(payer_id: ColumnElement[str], task_id: ColumnElement[str]) -> Any:
    """Whether anything that a poll handed over has not arrived yet; for a row that names a poll."""
    handed_over = tuple_(_h.type, _h.resource_id, _h.version)
    return (
        select(_p.seq)
        .join(
            tables.handed_over,
            and_(
                _h.payer_id == _p.payer_id,
                _h.submitter_id == _p.submitter_id,
                handed_over == tuple_(_p.type, _p.resource_id, _p.version),
            ),
        )
        .where(_h.payer_id == payer_id, _h.task_id == task_id, _p.state.in_(_UNACKNOWLEDGED))
        .exists()
    )


def handed_over(how: HandOver, now: datetime) -> dict[str, Any]:
    """What a hand-over changes in a row."""
    changed: dict[str, Any] = {"state": _STATES[how], "deliveries": _p.deliveries + 1}
    if how is HandOver.ON_HANDOVER:
        return {**changed, "delivered_at": now, "leased_until": None}
    # Typed, or SQLite would be given an instant of another spelling than its column has.
    ends = {before: literal(now + leases.length(before), Instant) for before in range(leases.MOST)}
    parked = literal(now + leases.length(leases.MOST), Instant)
    return {
        **changed,
        "leases": _p.leases + 1,
        "leased_until": case(ends, value=_p.leases, else_=parked),
    }


def pended(how: HandOver | None, now: datetime) -> dict[str, Any]:
    """How a new row stands; `how` tells that it is handed over as it is pended."""
    is_lent = how is HandOver.ACKNOWLEDGED
    return {
        "state": _STATES[how],
        "delivered_at": now if how is HandOver.ON_HANDOVER else None,
        "leased_until": now + leases.length(0) if is_lent else None,
        "leases": int(is_lent),
        "deliveries": int(how is not None),
    }


def _has_lapsed(now: datetime) -> ColumnElement[bool]:
    return and_(_p.state == Delivery.LEASED, _p.leased_until <= now)
