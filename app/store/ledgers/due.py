"""Which requests are still to be decided, in the order they are due, and how many were lately.

What is read are the rows that have not ended, or that ended lately, by an index of each: however
many requests are stored.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from app.domain.clocks import Clock, Kind
from app.domain.decisions import VERDICTS
from app.domain.parties import Scope
from app.store import tables
from app.store.clocks import Timed, of_scope, timed

_c = tables.clock.c
# So many rows are held at a time.
_AT_ONCE = 1_000
# Of clocks that run only the last differs. PostgreSQL does not see that in IS NULL, and would sort
# what the index has in order.
_AS_DUE = (_c.paused_at, _c.decide_by)


class Due:
    """The clocks of one scope that have not ended."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def clocks(self) -> Iterator[Clock]:
        """All of them: those that run in the order they are due, then those that stand still."""
        is_open = (*of_scope(self._scope), _c.ended_at.is_(None))
        running = select(tables.clock).where(*is_open, _c.paused_at.is_(None))
        yield from self._streamed(running.order_by(*_AS_DUE))
        yield from self._streamed(select(tables.clock).where(*is_open, _c.paused_at.is_not(None)))

    def by(self, instant: datetime, limit: int) -> list[Timed]:
        """Those that run and are due by an instant, the first one first; at most so many."""
        query = (
            select(tables.clock)
            .where(
                *of_scope(self._scope),
                _c.ended_at.is_(None),
                _c.paused_at.is_(None),
                _c.decide_by <= instant,
            )
            .order_by(*_AS_DUE)
            .limit(limit)
        )
        return [timed(row) for row in self._connection.execute(query)]

    def decided_since(self, instant: datetime) -> dict[Kind, int]:
        """How many of each kind were decided from an instant on."""
        kind = (_c.use, _c.priority, _c.type)
        query = (
            select(*kind, func.count())
            .where(*of_scope(self._scope), _c.ended_at >= instant, _c.ending.in_(VERDICTS))
            .group_by(*kind)
        )
        return {Kind(*row[:3]): row[3] for row in self._connection.execute(query)}

    def _streamed(self, query: Select[Any]) -> Iterator[Clock]:
        rows = self._connection.execute(query, execution_options={"yield_per": _AT_ONCE})
        return (timed(row).clock for row in rows)
