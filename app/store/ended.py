"""Figures of the requests that ended in a period, reckoned by the database.

No row of them is held here: sums, and the middle of an order. Docs: docs/decisions.md.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, type_coerce

from app.domain.clocks import Priority
from app.domain.decision_metrics import Population, Tally
from app.domain.decisions import VERDICTS
from app.domain.parties import Scope
from app.store import tables
from app.store.clocks import number, of_scope
from app.store.types import Span

_c = tables.clock.c
_TOOK = number(_c.ended_at) - number(_c.started_at)
_PAUSED = number(_c.paused_for)


class Ended:
    """What ended in one scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def tallies(self, since: datetime, until: datetime) -> list[Tally]:
        """What ended from one instant on and before another, counted by what it has in common."""
        kinds = (
            _c.use,
            case((_c.priority == Priority.STAT, 1), else_=0),
            _c.is_drug,
            _c.is_reissue,
            _c.is_extended,
            case((_c.ended_at > _c.decide_by, 1), else_=0),
            _c.ending,
            _c.before,
        )
        # By name: PostgreSQL does not see that a parameter is the same in two places.
        labelled = [kind.label(f"kind_{index}") for index, kind in enumerate(kinds)]
        sums = (func.count(), _sum(_TOOK), _sum(_PAUSED))
        query = select(*labelled, *sums).where(*self._ended(since, until))
        rows = self._connection.execute(query.group_by(*(label.name for label in labelled)))
        return [
            Tally(row[0], bool(row[1]), row[2], row[3], row[4], bool(row[5]), *row[6:])
            for row in rows
        ]

    def median(
        self,
        since: datetime,
        until: datetime,
        population: Population,
        *,
        is_expedited: bool,
        count: int,
        has_pauses: bool,
    ) -> timedelta:
        """The middle of the times of the `count` first decisions of a population.

        Of an even number the mean of the two in the middle, to the microsecond below.
        """
        time = _TOOK if has_pauses else _TOOK - _PAUSED
        of_population = [
            _c.use == population.use,
            _c.ending.in_(VERDICTS),
            _c.is_reissue.is_(False),
        ]
        is_stat = _c.priority == Priority.STAT
        of_population.append(is_stat if is_expedited else ~is_stat)
        if not population.has_drugs:
            of_population.append(_c.is_drug.is_(False))
        query = (
            select(type_coerce(time, Span))
            .where(*self._ended(since, until), and_(*of_population))
            .order_by(time)
            .offset((count - 1) // 2)
            .limit(2 - count % 2)
        )
        middle = [row[0] for row in self._connection.execute(query)]
        return sum(middle, timedelta(0)) // len(middle)

    def _ended(self, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
        return (*of_scope(self._scope), _c.ended_at >= since, _c.ended_at < until)


def _sum(microseconds: ColumnElement[int]) -> ColumnElement[timedelta]:
    return type_coerce(func.sum(microseconds), Span)
