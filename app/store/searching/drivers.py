"""What leads to the candidates: of all conditions, the one that is met by the fewest.

The databases know too little to choose: their statistics are of columns, not of the values under
one name, and the values are hashes. So the kind of a condition decides. Those that lead are ranges
of an index, the others are probed for each candidate.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import singledispatchmethod
from itertools import chain

from sqlalchemy import ColumnElement, FromClause, Select, Table, select, union

from app.domain.search.query import (
    ID,
    LAST_UPDATED,
    AnyOf,
    Chained,
    Comparator,
    Condition,
    DateMatch,
    Has,
    ReferenceMatch,
    ReferredTo,
    TokenMatch,
)
from app.store import tables
from app.store.search_rows import SearchRows, can_be_kept
from app.store.searching.probes import Probes
from app.store.searching.ranks import CODED, LINKED, ONE, REFERRING, UPDATED, rank_of
from app.store.searching.sight import TARGETS, Sight, Subject, by_index, key_of
from app.store.searching.values import Values, table_of

_SINCE = {
    Comparator.EQUAL,
    Comparator.GREATER,
    Comparator.GREATER_OR_EQUAL,
    Comparator.STARTS_AFTER,
    Comparator.APPROXIMATELY,
}
# More ranges than this are read as one list, which has to be sorted.
MOST_ARMS = 16


@dataclass(frozen=True, slots=True)
class Arm:
    """A range of an index; `id` is the column of the resources it leads to."""

    rows: FromClause
    id: ColumnElement[str]
    where: tuple[ColumnElement[bool], ...]
    index: str | None = None

    def ids(self, *more: ColumnElement[bool]) -> Select[str]:
        """The ids that it leads to and that meet more."""
        query = select(self.id.label("id")).distinct().where(*self.where, *more)
        return by_index(query, self.rows, self.index)


@dataclass(frozen=True, slots=True)
class Driver:
    """The ranges that together hold everything that meets a condition, and how few that is."""

    rank: int
    arms: tuple[Arm, ...]


class Drivers:
    """What leads to the candidates of one scope."""

    def __init__(self, sight: Sight, index: SearchRows) -> None:
        self._sight = sight
        self._values = Values(index)
        self._probes = Probes(sight, index)

    def arms(self, type: str, conditions: Iterable[Condition]) -> list[Arm]:
        """Ranges whose resources, all visible, are exactly those that meet the conditions."""
        asked = list(conditions)
        driver, rest = self._best(type, asked)
        if driver is None:
            return self._everything(type, asked)
        return [self._narrowed(arm, type, rest) for arm in driver.arms]

    def _best(
        self, type: str, conditions: list[Condition]
    ) -> tuple[Driver | None, list[Condition]]:
        drivers = [
            (self.driver(condition, type), place) for place, condition in enumerate(conditions)
        ]
        leading = [(driver, place) for driver, place in drivers if driver is not None]
        if not leading:
            return None, conditions
        driver, place = min(leading, key=lambda each: each[0].rank)
        return driver, conditions[:place] + conditions[place + 1 :]

    def _narrowed(self, arm: Arm, type: str, conditions: list[Condition]) -> Arm:
        subject = Subject(type, arm.id)
        more = (self._sight.is_there(subject), *self._probes.all(subject, conditions))
        return replace(arm, where=(*arm.where, *more))

    def _everything(self, type: str, conditions: list[Condition]) -> list[Arm]:
        def where(resource: FromClause) -> tuple[ColumnElement[bool], ...]:
            asked = self._probes.all(Subject(type, resource.c.id), conditions)
            return (*self._sight.present(resource), *asked)

        # The payer's side reads them by their key.
        index = None if self._sight.scope.submitter_id is None else "ix_resource_owner"
        return list(self._each_owner(tables.resource, type, where, "id", index))

    @singledispatchmethod
    def driver(self, condition: Condition, type: str) -> Driver | None:
        """The ranges that lead to what meets a condition; None where none does."""
        return None

    @driver.register
    def _(self, condition: Has, type: str) -> Driver | None:
        if condition.is_negated:
            return None
        if ID in condition.names:
            return self._by_id(condition, type)
        if LAST_UPDATED in condition.names:
            return self._by_update(condition, type)
        ranks = [rank_of(match, name) for match in condition.matches for name in condition.names]
        known = [rank for rank in ranks if rank is not None]
        if len(known) < len(ranks) or not known:
            return None
        is_short = len(ranks) <= MOST_ARMS
        arms = tuple((self._ranges if is_short else self._listed)(condition, type))
        return Driver(max(known), arms) if arms else None

    def _by_id(self, condition: Has, type: str) -> Driver | None:
        ids = [
            match.code
            for match in condition.matches
            if isinstance(match, TokenMatch) and match.code and can_be_kept(match.code)
        ]
        if condition.names != (ID,):
            return None
        resource = tables.resource.alias()
        where = (*self._sight.entries(resource, type), resource.c.id.in_(sorted(set(ids))))
        return Driver(ONE, (Arm(resource, resource.c.id, where),))

    def _by_update(self, condition: Has, type: str) -> Driver | None:
        """What has any version since then, its current one among them."""
        since = [
            match.low
            for match in condition.matches
            if isinstance(match, DateMatch) and match.comparator in _SINCE
        ]
        if condition.names != (LAST_UPDATED,) or len(since) < len(condition.matches) or not since:
            return None
        version = tables.resource_version.alias()
        is_met = self._probes.meets(condition, Subject(type, version.c.id))
        of_type = self._sight.entries(version, type)
        where = (*of_type, version.c.updated_at >= min(since), is_met)
        return Driver(UPDATED, (Arm(version, version.c.id, where, "ix_resource_version_history"),))

    def _ranges(self, condition: Has, type: str) -> Iterator[Arm]:
        for match in condition.matches:
            for name in condition.names:
                yield from self._each_owner(
                    table_of(match),
                    type,
                    lambda entry, match=match, name=name: (  # type: ignore[misc]
                        self._values.is_named(name, entry),
                        self._values.met(match, entry),
                    ),
                    "resource_id",
                    self._index_of(table_of(match)),
                )

    def _listed(self, condition: Has, type: str) -> Iterator[Arm]:
        """Many codes or many references as one list; what it leads to has to be sorted."""
        codes = [match.code for match in condition.matches if isinstance(match, TokenMatch)]
        ids = [match.id for match in condition.matches if isinstance(match, ReferenceMatch)]
        if len(codes) == len(condition.matches):
            table, column = tables.search_token, "code_hash"
            values = [self._values.code_hash(code or "") for code in codes]
        elif len(ids) == len(condition.matches):
            table, column = tables.search_reference, "target_id"
            values = [id for id in ids if can_be_kept(id)]
        else:
            return

        def where(entry: FromClause) -> tuple[ColumnElement[bool], ...]:
            is_met = self._probes.meets(condition, Subject(type, entry.c.resource_id))
            is_listed = entry.c[column].in_(sorted(set(values)))
            return self._values.is_any_of(condition.names, entry), is_listed, is_met

        yield from self._each_owner(table, type, where, "resource_id", self._index_of(table))

    def _index_of(self, table: Table) -> str:
        """The index that leads from values to resources."""
        if table is tables.search_reference:
            return TARGETS
        is_payers = self._sight.scope.submitter_id is None
        return (
            f"ix_{table.name}_{'payer' if is_payers and table is tables.search_token else 'value'}"
        )

    def _each_owner(
        self,
        table: FromClause,
        type: str,
        where: Callable[[FromClause], tuple[ColumnElement[bool], ...]],
        id: str,
        index: str | None,
    ) -> Iterator[Arm]:
        """One range for each way to be visible, each with an alias of its own."""
        for number in range(len(self._sight.owners(table, type))):
            entry = table.alias()
            owner = self._sight.owners(entry, type)[number]
            of_type = self._sight.entries(entry, type)
            yield Arm(entry, entry.c[id], (*of_type, *owner, *where(entry)), index)

    @driver.register
    def _(self, condition: Chained, type: str) -> Driver | None:
        arms: list[Arm] = []
        rank = ONE
        for target in condition.types:
            found = self._few(target, condition.conditions)
            if found is None:
                return None
            targets, of_targets = found
            rank = max(rank, of_targets)
            arms += self._each_owner(
                tables.search_reference,
                type,
                lambda link, target=target, targets=targets: (  # type: ignore[misc]
                    self._values.is_named(condition.name, link),
                    link.c.target_type == target,
                    link.c.target_id.in_(targets),
                ),
                "resource_id",
                TARGETS,
            )
        return Driver(max(rank, REFERRING) + LINKED, tuple(arms)) if arms else None

    @driver.register
    def _(self, condition: ReferredTo, type: str) -> Driver | None:
        found = self._few(condition.type, condition.conditions)
        if found is None:
            return None
        sources, rank = found
        arms = self._each_owner(
            tables.search_reference,
            condition.type,
            lambda link: (
                self._values.is_named(condition.name, link),
                link.c.target_type == type,
                link.c.resource_id.in_(sources),
            ),
            "target_id",
            key_of(tables.search_reference),
        )
        return Driver(rank + LINKED, tuple(arms))

    def _few(self, type: str, conditions: tuple[Condition, ...]) -> tuple[Select[str], int] | None:
        """The ids of the resources at the other end of a link, if they are few; and how few."""
        driver, rest = self._best(type, list(conditions))
        if driver is None or driver.rank >= CODED:
            return None
        ids = [self._narrowed(arm, type, rest).ids() for arm in driver.arms]
        together = ids[0] if len(ids) == 1 else select(union(*ids).subquery().c.id)
        return together, driver.rank

    @driver.register
    def _(self, condition: AnyOf, type: str) -> Driver | None:
        drivers = [self.driver(each, type) for each in condition.conditions]
        known = [driver for driver in drivers if driver is not None]
        if len(known) < len(drivers) or not known:
            return None
        arms = tuple(chain.from_iterable(driver.arms for driver in known))
        if len(arms) > MOST_ARMS:
            return None
        return Driver(max(driver.rank for driver in known), arms)
