"""Leases on pended answers: lent by a poll, ended by an acknowledgement, by time, by an operator.

Every move is one UPDATE guarded by the old state; a lease that lapsed needs no move to be due.
Docs: docs/adr/0009-leases-for-acknowledged-delivery.md.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Update,
    and_,
    bindparam,
    case,
    func,
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

# Conditions of statements that are built once: the instant is given with each execution.
NOW: BindParameter[datetime] = bindparam("b_now", type_=Instant)
_HAS_LAPSED = and_(_p.state == Delivery.LEASED, _p.leased_until <= NOW)
# Not handed over yet, or put back, or lent and not acknowledged in time: the next poll's.
IS_DUE = and_(
    _IS_IN_QUEUE,
    or_(_p.state == Delivery.UNDELIVERED, and_(_HAS_LAPSED, _p.leases < leases.MOST)),
)
# Lent for the last time, and not acknowledged in time.
IS_OVER = and_(_HAS_LAPSED, _p.leases >= leases.MOST)
# An earlier answer to the same submission is lent just now.
IS_BEHIND_A_LEASE = (
    select(_ahead.seq)
    .where(
        _ahead.payer_id == _p.payer_id,
        _ahead.submission_type == _p.submission_type,
        _ahead.submission_id == _p.submission_id,
        _ahead.seq < _p.seq,
        _ahead.state == Delivery.LEASED,
        _ahead.leased_until > NOW,
    )
    .exists()
)
# The guard of every hand-over: what is due, and what is parked and asked for.
MAY_BE_HANDED_OVER = or_(IS_DUE, _p.state == Delivery.PARKED)


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
        given = {"b_payer": self._scope.payer_id, "b_now": self._now}
        is_one = self._scope.submitter_id is not None
        if is_one:
            given["b_submitter"] = self._scope.submitter_id
        return self._connection.execute(_parking(is_one=is_one), given).rowcount

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
        is_parked = or_(_p.state == Delivery.PARKED, IS_OVER)
        is_lent = and_(_p.state == Delivery.LEASED, _p.leased_until > NOW)
        counts = [func.count().filter(one) for one in (IS_DUE, is_lent, is_parked)]
        query = (
            select(_p.submitter_id, *counts)
            .where(*self._owned(), _p.state.in_(_UNACKNOWLEDGED))
            .group_by(_p.submitter_id)
            .order_by(_p.submitter_id)
        )
        return [Standing(*row) for row in self._connection.execute(query, {"b_now": self._now})]

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


@cache
def _parking(*, is_one: bool) -> Update:
    """Of one submitter, or of all of a payer."""
    whose = [_p.payer_id == bindparam("b_payer")]
    if is_one:
        whose.append(_p.submitter_id == bindparam("b_submitter"))
    return (
        update(tables.pended)
        .where(*whose, IS_OVER)
        .values(state=Delivery.PARKED, leased_until=None)
    )


def handed_over(how: HandOver) -> dict[str, Any]:
    """What a hand-over changes in a row; `lasting` gives the parameters."""
    changed: dict[str, Any] = {"state": _STATES[how], "deliveries": _p.deliveries + 1}
    if how is HandOver.ON_HANDOVER:
        return {**changed, "delivered_at": NOW, "leased_until": None}
    ends = {before: bindparam(_end(before), type_=Instant) for before in range(leases.MOST)}
    parked = bindparam(_end(leases.MOST), type_=Instant)
    return {
        **changed,
        "leases": _p.leases + 1,
        "leased_until": case(ends, value=_p.leases, else_=parked),
    }


def lasting(how: HandOver, now: datetime) -> dict[str, Any]:
    """When it is, and when a lease that follows so many others ends."""
    if how is HandOver.ON_HANDOVER:
        return {"b_now": now}
    ends = {_end(before): now + leases.length(before) for before in range(leases.MOST + 1)}
    return {"b_now": now, **ends}


def _end(before: int) -> str:
    return f"b_end_after_{before}"


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
