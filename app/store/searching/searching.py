"""Searches of one scope: pages in an order, totals, and what belongs to what was found.

Docs: docs/search.md, docs/adr/0014-search-index.md.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Result,
    Select,
    Subquery,
    func,
    select,
    union,
)

from app.domain.parties import Scope
from app.domain.search.query import Place, Search
from app.store import tables
from app.store.search.rows import SearchRows
from app.store.searching.arms import Arm, together, weight_of
from app.store.searching.drivers import Drivers
from app.store.searching.links import Links
from app.store.searching.order import beyond, ordered_by, sort_value, spelled
from app.store.searching.sight import Sight, Subject
from app.store.searching.values import in_groups
from app.store.versions import Stored, is_version, stored_from, with_versions, within_a_page

_TOGETHER = 500
# A compiled statement is kept for the next of its shape, with up to 20 KB for each of its ranges
# and each of their conditions and values; those of more are worked out each time.
MOST_KEPT = 64
_Rows = list[tuple[str, tuple[str | None, ...]]]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, in order; `has_more` in the direction that was asked for."""

    found: list[tuple[Stored, Place]]
    has_more: bool


class Searching(Links):
    """What a scope finds; nothing tells that there is anything beside it."""

    def __init__(self, connection: Connection, scope: Scope, index: SearchRows) -> None:
        super().__init__(connection, Sight(scope))
        self._drivers = Drivers(self._sight, index)

    def page(
        self, search: Search, limit: int, *, after: Place | None = None, before: Place | None = None
    ) -> Page:
        """The first matches, those after a place, or the last before one; at most `limit`.

        Raises WrongPlace for a place that is none of this order.
        """
        arms = self._drivers.arms(search.type, search.conditions)
        place, is_backward = (before, True) if before is not None else (after, False)
        statement = (
            _in_order_of_ids(arms, limit, place, is_backward=is_backward)
            if not search.order
            else self._sorted(search, arms, limit, place, is_backward=is_backward)
        )
        rows = self._answered(statement, search, arms).all()
        places = [Place(tuple(map(spelled, row[1:])), row[0]) for row in rows[:limit]]
        held = self.held((search.type, place.id) for place in places)
        has_more = len(rows) > limit or held < len(places)
        places = places[:held]
        if is_backward:
            places.reverse()
        stored = {
            one.id: one for one in self.find_each((search.type, place.id) for place in places)
        }
        # In a write, what another ended meanwhile is there for one statement and not for the next.
        found = [(stored[one.id], one) for one in places if one.id in stored]
        return Page(found, has_more)

    def total(self, search: Search, at_most: int | None) -> int:
        """How many matches there are; counting ends at one more than `at_most`."""
        arms = self._drivers.arms(search.type, search.conditions)
        ids: Select[Any] | CompoundSelect[Any]
        ids = arms[0].ids() if len(arms) == 1 else union(*(arm.ids() for arm in arms))
        counted = ids if at_most is None else ids.limit(at_most + 1)
        query = select(func.count()).select_from(counted.subquery())
        return int(self._answered(query, search, arms).scalar_one())

    def _answered(self, statement: Select[Any], search: Search, arms: list[Arm]) -> Result[Any]:
        size = len(arms) * (1 + sum(map(weight_of, search.conditions)))
        options = {"compiled_cache": None} if size > MOST_KEPT else {}
        return self._connection.execute(statement, execution_options=options)

    def held(self, keys: Iterable[tuple[str, str]]) -> int:
        """How many of these resources, in their order, one answer holds: one at least."""
        wanted = list(keys)
        sizes: dict[tuple[str, str], int] = {}
        for type in {type for type, _ in wanted}:
            for some in in_groups(sorted({id for of, id in wanted if of == type}), _TOGETHER):
                rows = self._connection.execute(self._sizes(type, some))
                sizes |= {(type, row.id): row.size for row in rows}
        return within_a_page(sizes.get(key, 0) for key in wanted)

    def ids(self, search: Search, at_most: int, *, is_own: bool = False) -> list[str]:
        """The ids of the first matches, in their order.

        `is_own`: only of what belongs to who asks, a submitter or else the payer itself.
        """
        arms = self._drivers.arms(search.type, search.conditions)
        if is_own:
            arms = [self._owned(arm, search.type) for arm in arms]
        statement = _in_order_of_ids(arms, at_most - 1, None, is_backward=False)
        return [row[0] for row in self._connection.execute(statement)]

    def find_each(self, keys: Iterable[tuple[str, str]]) -> list[Stored]:
        """The current versions of resources by type and id, in that order; only what is there."""
        by_type: dict[str, set[str]] = defaultdict(set)
        for type, id in keys:
            by_type[type].add(id)
        return [
            stored_from(row)
            for type in sorted(by_type)
            for some in in_groups(sorted(by_type[type]), _TOGETHER)
            for row in self._connection.execute(self._current(type, some))
        ]

    def _sizes(self, type: str, ids: Iterable[str]) -> Select[Any]:
        found = self._current(type, ids).order_by(None)
        body = tables.resource_version.c.body
        return found.with_only_columns(tables.resource.c.id, func.length(body).label("size"))

    def _owned(self, arm: Arm, type: str) -> Arm:
        resource = tables.resource.alias()
        # None makes it IS NULL: what no submitter owns is the payer's.
        is_own = resource.c.submitter_id == self._sight.scope.submitter_id
        own = self._sight.resource_meets(resource, Subject(type, arm.id), is_own)
        return replace(arm, where=(*arm.where, own))

    def _current(self, type: str, ids: Iterable[str]) -> Select[Any]:
        resource = tables.resource
        return (
            with_versions()
            .where(
                *self._sight.entries(resource, type),
                *self._sight.present(resource),
                resource.c.id.in_(ids),
                is_version(resource.c.version),
            )
            .order_by(resource.c.id)
        )

    def _sorted(
        self,
        search: Search,
        arms: list[Arm],
        limit: int,
        place: Place | None,
        *,
        is_backward: bool,
    ) -> Select[Any]:
        """All matches with what they are ordered by, then those that are asked for."""
        ids = together(arms)
        subject = Subject(search.type, ids.c.id)
        values = [
            sort_value(key, subject, self._sight).label(f"value_{number}")
            for number, key in enumerate(search.order)
        ]
        # Each value is worked out once, not once for every time it is named below.
        valued = select(ids.c.id, *values).cte("valued").prefix_with("MATERIALIZED")
        columns = [valued.c[value.key] for value in values]
        query = select(valued.c.id, *columns)
        if place is not None:
            query = query.where(
                beyond(place, search.order, columns, valued.c.id, is_backward=is_backward)
            )
        terms = ordered_by(search.order, columns, valued.c.id, is_backward=is_backward)
        return query.order_by(*terms).limit(limit + 1)


def _in_order_of_ids(
    arms: list[Arm], limit: int, place: Place | None, *, is_backward: bool
) -> Select[Any]:
    """The first of every range, then the first of those: no range is read further."""
    pages = []
    for arm in arms:
        query = arm.ids()
        if place is not None:
            query = query.where(beyond(place, (), (), arm.id, is_backward=is_backward))
        order = arm.id.desc() if is_backward else arm.id.asc()
        pages.append(query.order_by(order).limit(limit + 1))
    if len(pages) == 1:
        return pages[0]
    ids = _together([select(page.subquery().c.id) for page in pages])
    return select(ids.c.id).order_by(ids.c.id.desc() if is_backward else ids.c.id).limit(limit + 1)


def _together(ids: list[Select[Any]]) -> Subquery:
    return (ids[0] if len(ids) == 1 else union(*ids)).subquery()
