"""Which of the due jobs a worker leases: the oldest, of as many families as there are.

Claims of one family move the same counters: in one batch they would be decided one after the other,
and by two workers one of them for nothing.
"""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CTE, BindParameter, Connection, Integer, Select, bindparam, or_, select

from app.store import tables
from app.store.tables import JobState
from app.store.types import Instant

_j = tables.job.c
# How many times as many jobs are looked at as are leased.
_LOOKED_AT = 3


def chosen(
    connection: Connection,
    now: datetime,
    limit: int,
    *,
    tried: bool | None,
    behind: Collection[str] = (),
) -> list[int]:
    """The ids of at most so many due jobs; `WorkQueue.lease` says which. None of them is locked."""
    query = _due(tried=tried).limit(bindparam("b_most", type_=Integer))
    given = {"b_now": now, "b_most": limit * _LOOKED_AT}
    due = [(row.id, row.family) for row in connection.execute(query, given)]
    families = {family for _, family in due} - {None}
    held = connection.execute(_FAMILIES_HELD, {"b_now": now}).scalars() if families else ()
    taken = set(held)
    if not behind:
        return _apart(due, taken, limit)
    rows = connection.execute(query.where(_j.payer_id.not_in(behind)), given)
    others = _apart([(row.id, row.family) for row in rows], taken, limit // 2)
    rest = [each for each in due if each[0] not in others]
    return [*others, *_apart(rest, taken, limit - len(others))]


def is_any_due(connection: Connection, now: datetime, *, tried: bool | None) -> bool:
    """Whether there is any due job; `tried` as in `WorkQueue.lease`."""
    query = _due(tried=tried).limit(bindparam("b_most", type_=Integer))
    return connection.execute(query, {"b_now": now, "b_most": 1}).first() is not None


@cache
def free(*, tried: bool | None) -> CTE:
    """Those of some jobs that are still due, locked but for those that somebody else has locked."""
    ids: BindParameter[int] = bindparam("b_ids", expanding=True)
    return _locked(_due(tried=tried).where(_j.id.in_(ids)))


@cache
def oldest(*, tried: bool | None) -> CTE:
    """The oldest due jobs, as `free`."""
    return _locked(_due(tried=tried).limit(bindparam("b_most", type_=Integer)))


def _locked(query: Select[Any]) -> CTE:
    # As a sub-select PostgreSQL may look it up once per row, and lease more than the limit.
    return query.with_for_update(skip_locked=True).cte("locked")


def _apart(due: list[tuple[int, str | None]], taken: set[str | None], most: int) -> list[int]:
    """The first ones of each family that is not taken; then, or before one of none, the others."""
    chosen: list[int] = []
    passed: list[int] = []
    for id, family in due:
        if len(chosen) >= most:
            break
        if family is None:
            chosen += [*passed, id]
            passed = []
        elif family in taken:
            passed.append(id)
        else:
            taken.add(family)
            chosen.append(id)
    return [*chosen, *passed][:most]


@cache
def _due(*, tried: bool | None) -> Select[Any]:
    now = bindparam("b_now", type_=Instant)
    is_due = (_j.state == JobState.WAITING) & (_j.due_at <= now)
    has_lapsed = (_j.state == JobState.LEASED) & (_j.leased_until < now)
    wanted = () if tried is None else (_j.attempts > 0 if tried else _j.attempts == 0,)
    query = select(_j.id, _j.family).where(or_(is_due, has_lapsed), *wanted)
    return query.order_by(_j.due_at, _j.id)


_FAMILIES_HELD = select(_j.family).where(
    _j.state == JobState.LEASED,
    _j.leased_until >= bindparam("b_now", type_=Instant),
    _j.family.is_not(None),
)
