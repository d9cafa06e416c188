"""What leads to the candidates: of all conditions, the one that is met by the fewest.

The databases know too little to choose: their statistics are of columns, not of the values under
one name, and the values are hashes. So the kind of a condition decides. Those that lead are ranges
of an index, the others are probed for each candidate.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial, singledispatchmethod
from itertools import chain
from typing import TypeAlias

from sqlalchemy import ColumnElement, FromClause, Select, Table, select

from app.domain.search.query import (
    ID,
    LAST_UPDATED,
    AnyOf,
    Chained,
    Condition,
    DateMatch,
    Has,
    ReferenceMatch,
    ReferredTo,
    TokenMatch,
)
from app.store import tables
from app.store.search.rows import SearchRows, can_be_kept
from app.store.searching.arms import Arm, Driver, gathered, is_listable, together, weight_of
from app.store.searching.probes import Probes
from app.store.searching.ranks import CODED, LINKED, ONE, REFERRING, SINCE, UPDATED, rank_of
from app.store.searching.sight import TARGETS, Sight, Subject, key_of
from app.store.searching.values import Values, table_of

# What leads to the other end of a link, and what else that has to meet.
_End: TypeAlias = tuple[Driver, list[Condition]]
# More ranges than this are read as one list, which has to be sorted.
MOST_ARMS = 16
# So many in one statement, those behind links among them: one link to any type has about seventy.
MOST_RANGES = 128
# What the other conditions weigh in all ranges together; beyond, they are asked of all as one.
MOST_REPEATED = 200


class Drivers:
    """What leads to the candidates of one scope."""

    def __init__(self, sight: Sight, index: SearchRows) -> None:
        self._sight = sight
        self._values = Values(index)
        self._probes = Probes(sight, index)

    def arms(self, type: str, conditions: Iterable[Condition]) -> list[Arm]:
        """Ranges whose resources, all visible, are exactly those that meet the conditions."""
        asked = list(dict.fromkeys(conditions))
        driver, rest = self._best(type, asked, MOST_ARMS)
        if driver is None:
            return self._everything(type, asked)
        return self._narrowed(driver, type, rest)

    def _best(
        self, type: str, conditions: list[Condition], most: int
    ) -> tuple[Driver | None, list[Condition]]:
        drivers = [
            (self.driver(condition, type, most), place)
            for place, condition in enumerate(conditions)
        ]
        leading = [(driver, place) for driver, place in drivers if driver is not None]
        if not leading:
            return None, conditions
        driver, place = min(leading, key=lambda each: each[0].rank)
        return driver, conditions[:place] + conditions[place + 1 :]

    def _narrowed(self, driver: Driver, type: str, conditions: list[Condition]) -> list[Arm]:
        arms = list(driver.arms())
        if len(arms) > 1 and len(arms) * (1 + sum(map(weight_of, conditions))) > MOST_REPEATED:
            arms = [gathered(arms)]
        return [self._met(arm, Subject(type, arm.id), conditions) for arm in arms]

    def _met(self, arm: Arm, subject: Subject, conditions: list[Condition]) -> Arm:
        more = (self._sight.is_there(subject), *self._probes.all(subject, conditions))
        return replace(arm, where=(*arm.where, *more))

    def _everything(self, type: str, conditions: list[Condition]) -> list[Arm]:
        def where(resource: FromClause) -> tuple[ColumnElement[bool], ...]:
            asked = self._probes.all(Subject(type, resource.c.id), conditions)
            return (*self._sight.present(resource, type), *asked)

        # The payer's side reads them by their key.
        index = None if self._sight.scope.submitter_id is None else "ix_resource_owner"
        return list(self._each_owner(tables.resource, type, where, "id", index))

    @singledispatchmethod
    def driver(self, condition: Condition, type: str, most: int) -> Driver | None:
        """The ranges that lead to what meets a condition, `most` if it may; None where none does.

        Codes and references of more values are read as one list.
        """
        return None

    @driver.register
    def _(self, condition: Has, type: str, most: int) -> Driver | None:
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
        return self._by_values(condition, type, max(known), most)

    def _by_values(self, condition: Has, type: str, rank: int, most: int) -> Driver | None:
        count = len(condition.matches) * len(condition.names)
        owners = len(self._sight.owners(table_of(condition.matches[0]), type))
        if count > most and is_listable(condition):
            return Driver(rank, owners, partial(self._listed, condition, type))
        if count > MOST_ARMS:
            return None
        return Driver(rank, count * owners, partial(self._ranges, condition, type))

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
        return Driver(ONE, 1, lambda: (Arm(resource, resource.c.id, where),))

    def _by_update(self, condition: Has, type: str) -> Driver | None:
        """What has any version since then, its current one among them."""
        since = [
            match.low
            for match in condition.matches
            if isinstance(match, DateMatch) and match.comparator in SINCE
        ]
        if condition.names != (LAST_UPDATED,) or len(since) < len(condition.matches) or not since:
            return None
        version = tables.resource_version.alias()
        is_met = self._probes.meets(condition, Subject(type, version.c.id))
        of_type = self._sight.entries(version, type)
        where = (*of_type, version.c.updated_at >= min(since), is_met)
        arm = Arm(version, version.c.id, where, "ix_resource_version_history")
        return Driver(UPDATED, 1, lambda: (arm,))

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
        if codes:
            table, column = tables.search_token, "code_hash"
            values = [self._values.code_hash(code or "") for code in codes]
        else:
            ids = [match.id for match in condition.matches if isinstance(match, ReferenceMatch)]
            table, column = tables.search_reference, "target_id"
            values = [id for id in ids if can_be_kept(id)]

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
    def _(self, condition: Chained, type: str, most: int) -> Driver | None:
        owners = len(self._sight.owners(tables.search_reference, type))
        ends: list[tuple[str, _End]] = []
        ranges, rank = 0, REFERRING
        for target in condition.types:
            end = self._few(target, condition.conditions, max(1, most // len(condition.types)))
            if end is None:
                return None
            ends.append((target, end))
            ranges += owners * (1 + end[0].ranges)
            rank = max(rank, end[0].rank)
            # A link to any type behind another is a range for each pair of types.
            if ranges > MOST_RANGES:
                return None
        return Driver(rank + LINKED, ranges, partial(self._links, condition.name, type, ends))

    def _links(self, name: str, type: str, ends: list[tuple[str, _End]]) -> Iterator[Arm]:
        for target, (driver, rest) in ends:
            targets = self._ids(target, driver, rest)
            yield from self._each_owner(
                tables.search_reference,
                type,
                lambda link, target=target, targets=targets: (  # type: ignore[misc]
                    self._values.is_named(name, link),
                    link.c.target_type == target,
                    link.c.target_id.in_(targets),
                ),
                "resource_id",
                TARGETS,
            )

    @driver.register
    def _(self, condition: ReferredTo, type: str, most: int) -> Driver | None:
        end = self._few(condition.type, condition.conditions, most)
        if end is None:
            return None
        driver, rest = end
        owners = len(self._sight.owners(tables.search_reference, condition.type))
        ranges = owners * (1 + driver.ranges)
        if ranges > MOST_RANGES:
            return None

        def arms() -> Iterator[Arm]:
            sources = self._ids(condition.type, driver, rest)
            yield from self._each_owner(
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

        return Driver(driver.rank + LINKED, ranges, arms)

    def _few(self, type: str, conditions: tuple[Condition, ...], most: int) -> _End | None:
        """What leads to the other end of a link, if it is few, and what it has to meet there."""
        driver, rest = self._best(type, list(conditions), most)
        return None if driver is None or driver.rank >= CODED else (driver, rest)

    def _ids(self, type: str, driver: Driver, rest: list[Condition]) -> Select[str]:
        """The ids of the resources at the other end of a link."""
        arms = self._narrowed(driver, type, rest)
        return arms[0].ids() if len(arms) == 1 else select(together(arms).c.id)

    @driver.register
    def _(self, condition: AnyOf, type: str, most: int) -> Driver | None:
        known: list[Driver] = []
        for each in condition.conditions:
            driver = self.driver(each, type, max(1, most // len(condition.conditions)))
            if driver is None:
                return None
            known.append(driver)
            if sum(one.ranges for one in known) > MOST_RANGES:
                return None
        if not known:
            return None
        return Driver(
            max(driver.rank for driver in known),
            sum(driver.ranges for driver in known),
            lambda: chain.from_iterable(driver.arms() for driver in known),
        )
