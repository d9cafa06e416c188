"""Searches of one scope: pages in an order, totals, and what belongs to what was found.

Docs: docs/search.md, docs/adr/0014-search-index.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Result,
    Select,
    func,
    select,
    union,
)

from app.domain.parties import Scope
from app.domain.search.query import Place, Search
from app.store import tables
from app.store.search.rows import SearchRows
from app.store.searching.arms import Arm, weight_of
from app.store.searching.drivers import Drivers
from app.store.searching.kept import kept, versions
from app.store.searching.links import Links
from app.store.searching.order import spelled
from app.store.searching.pages import in_order_of_ids, page_of, versions_of
from app.store.searching.sight import Sight, Subject
from app.store.searching.values import in_groups
from app.store.versions import SIZE, Stored, stored_from, within_a_page

_TOGETHER = 500
# A compiled statement is kept for the next of its shape, with up to 20 KB for each of its ranges
# and each of their conditions and values; those of more are worked out each time.
MOST_KEPT = 64
_Rows = list[tuple[str, tuple[str | None, ...]]]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, in order; `has_more` in the direction that was asked for.

    `total` is how many match, where the page tells that by itself.
    """

    found: list[tuple[Stored, Place]]
    has_more: bool
    total: int | None = None


class Searching(Links):
    """What a scope finds; nothing tells that there is anything beside it."""

    def __init__(self, connection: Connection, scope: Scope, index: SearchRows) -> None:
        super().__init__(connection, Sight(scope))
        self._index = index
        self._drivers = Drivers(self._sight, index)

    def page(
        self, search: Search, limit: int, *, after: Place | None = None, before: Place | None = None
    ) -> Page:
        """The first matches, those after a place, or the last before one; at most `limit`.

        Raises WrongPlace for a place that is none of this order.
        """
        place, is_backward = (before, True) if before is not None else (after, False)
        rows = self._rows(search, limit, place, is_backward=is_backward)
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
        is_all = place is None and len(rows) <= limit
        return Page(found, has_more, len(rows) if is_all else None)

    def _rows(
        self, search: Search, limit: int, place: Place | None, *, is_backward: bool
    ) -> Sequence[Any]:
        """The ids of a page and what they are ordered by, and one more if there is more."""
        scope, index = self._sight.scope, self._index
        known = kept(search, scope, index, limit, place, is_backward=is_backward)
        if known is not None:
            return known.question.rows(self._connection, known.given)
        arms = self._drivers.arms(search.type, search.conditions)
        statement = page_of(search, arms, self._sight, limit, place, is_backward=is_backward)
        return self._answered(statement, search, arms).all()

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
        if len(wanted) < 2:
            return len(wanted)
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
        statement = in_order_of_ids(arms, at_most - 1, None, is_backward=False)
        return [row[0] for row in self._connection.execute(statement)]

    def find_each(self, keys: Iterable[tuple[str, str]]) -> list[Stored]:
        """The current versions of resources by type and id, in that order; only what is there."""
        by_type: dict[str, set[str]] = defaultdict(set)
        for type, id in keys:
            by_type[type].add(id)
        return [
            stored_from(row, self._connection)
            for type in sorted(by_type)
            for some in in_groups(sorted(by_type[type]), _TOGETHER)
            for row in self._versions(type, some)
        ]

    def _versions(self, type: str, ids: Sequence[str]) -> Sequence[Any]:
        known = versions(type, ids, self._sight.scope)
        return known.question.rows(self._connection, known.given)

    def _sizes(self, type: str, ids: Iterable[str]) -> Select[Any]:
        found = versions_of(type, ids, self._sight).order_by(None)
        return found.with_only_columns(tables.resource.c.id, SIZE.label("size"))

    def _owned(self, arm: Arm, type: str) -> Arm:
        resource = tables.resource.alias()
        # None makes it IS NULL: what no submitter owns is the payer's.
        is_own = resource.c.submitter_id == self._sight.scope.submitter_id
        own = self._sight.resource_meets(resource, Subject(type, arm.id), is_own)
        return replace(arm, where=(*arm.where, own))
