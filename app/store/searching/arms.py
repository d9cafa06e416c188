"""Ranges of indexes that lead to candidates, and how long a statement they make."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, Select, Subquery, select, union

from app.domain.search.query import AnyOf, Condition, Has, Missing, ReferenceMatch, TokenMatch
from app.store import tables
from app.store.searching.sight import by_index


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
    """The ranges that together hold everything that meets a condition, and how few that is.

    `ranges` is how many a statement reads for them, those behind links among them. The arms are
    made only where the condition does lead.
    """

    rank: int
    ranges: int
    arms: Callable[[], Iterable[Arm]]


def together(arms: Sequence[Arm]) -> Subquery:
    """The ids that any of the ranges leads to."""
    ids = [arm.ids() for arm in arms]
    return (ids[0] if len(ids) == 1 else union(*ids)).subquery()


def gathered(arms: Sequence[Arm]) -> Arm:
    """All ranges as one, which has to be read whole: conditions on it are written once."""
    found = together(arms)
    return Arm(found, found.c.id, ())


def weight_of(condition: Condition) -> int:
    """How much a condition adds to a statement: about one for each value and each probe."""
    if isinstance(condition, Has):
        return 1 + len(condition.matches)
    if isinstance(condition, Missing):
        return len(tables.SEARCH_TABLES)
    within = sum(map(weight_of, condition.conditions))
    return within if isinstance(condition, AnyOf) else 2 + within


def is_listable(condition: Has) -> bool:
    """Whether the values are all codes, or all references."""
    return {*map(type, condition.matches)} in ({TokenMatch}, {ReferenceMatch})
