"""Conditions as questions about one resource, each a probe by the key of the index."""

from collections import defaultdict
from collections.abc import Iterable
from functools import singledispatchmethod

from sqlalchemy import ColumnElement, FromClause, Table, and_, false, not_, or_, true

from app.domain.search.query import (
    ID,
    LAST_UPDATED,
    AnyOf,
    Chained,
    Condition,
    DateMatch,
    Has,
    Match,
    Missing,
    ReferredTo,
    TokenMatch,
)
from app.store import tables
from app.store.search.rows import SearchRows, can_be_kept
from app.store.searching.sight import TARGETS, Sight, Subject, key_of, probe
from app.store.searching.values import Values, in_groups, table_of, within

# SQLite reads an expression to a depth of 1000.
_TOGETHER = 100


class Probes:
    """Whether a resource meets conditions, for one scope."""

    def __init__(self, sight: Sight, index: SearchRows) -> None:
        self._sight = sight
        self._values = Values(index)

    def all(
        self, subject: Subject, conditions: Iterable[Condition]
    ) -> tuple[ColumnElement[bool], ...]:
        """What has to hold for a subject to meet every condition."""
        return tuple(self.meets(condition, subject) for condition in conditions)

    @singledispatchmethod
    def meets(self, condition: Condition, subject: Subject) -> ColumnElement[bool]:
        """Whether the subject meets the condition; that it is visible is the caller's to ask."""
        raise TypeError(type(condition).__name__)

    @meets.register
    def _(self, condition: Has, subject: Subject) -> ColumnElement[bool]:
        asked: dict[Table, list[Match]] = defaultdict(list)
        found: list[ColumnElement[bool]] = []
        ids: set[str] = set()
        for match in condition.matches:
            if ID in condition.names and isinstance(match, TokenMatch):
                ids.add(match.code or "")
            elif LAST_UPDATED in condition.names and isinstance(match, DateMatch):
                found.append(self._is_updated(match, subject))
            else:
                asked[table_of(match)].append(match)
        if ids:
            found.append(subject.id.in_(sorted(filter(can_be_kept, ids))))
        names = {*condition.names} - {ID, LAST_UPDATED}
        for table, matches in asked.items():
            found += [
                self._has(table, names, some, subject) for some in in_groups(matches, _TOGETHER)
            ]
        has = or_(false(), *found)
        return not_(has) if condition.is_negated else has

    def _has(
        self, table: Table, names: set[str], matches: Iterable[Match], subject: Subject
    ) -> ColumnElement[bool]:
        entry = table.alias()
        is_met = or_(false(), *self._values.met_by(matches, entry))
        return self._entry(table, entry, subject, self._values.is_any_of(names, entry), is_met)

    def _is_updated(self, match: DateMatch, subject: Subject) -> ColumnElement[bool]:
        resource = tables.resource.alias()
        at = resource.c.updated_at
        return self._sight.resource_meets(resource, subject, within(match, at, at))

    @meets.register
    def _(self, condition: Missing, subject: Subject) -> ColumnElement[bool]:
        if condition.name in {ID, LAST_UPDATED}:
            return false() if condition.is_missing else true()
        entries = [(table, table.alias()) for table in tables.SEARCH_TABLES]
        is_there = or_(
            *(
                self._entry(table, entry, subject, self._values.is_any_of(condition.names, entry))
                for table, entry in entries
            )
        )
        return not_(is_there) if condition.is_missing else is_there

    @meets.register
    def _(self, condition: Chained, subject: Subject) -> ColumnElement[bool]:
        link = tables.search_reference.alias()
        target = Subject(link.c.target_type, link.c.target_id)
        return self._entry(
            tables.search_reference,
            link,
            subject,
            self._values.is_named(condition.name, link),
            link.c.target_type.in_(sorted(condition.types)),
            self._sight.is_there(target),
            *self.all(target, condition.conditions),
        )

    @meets.register
    def _(self, condition: ReferredTo, subject: Subject) -> ColumnElement[bool]:
        link = tables.search_reference.alias()
        source = Subject(condition.type, link.c.resource_id)
        return probe(
            link,
            *self._sight.entries(link, condition.type),
            self._sight.is_owned(link),
            self._values.is_named(condition.name, link),
            link.c.target_type == subject.type,
            link.c.target_id == subject.id,
            self._sight.is_there(source),
            *self.all(source, condition.conditions),
            index=TARGETS,
        )

    @meets.register
    def _(self, condition: AnyOf, subject: Subject) -> ColumnElement[bool]:
        return or_(false(), *self.all(subject, condition.conditions))

    def _entry(
        self, table: Table, entry: FromClause, subject: Subject, *where: ColumnElement[bool]
    ) -> ColumnElement[bool]:
        """Whether the subject has such an entry."""
        of_subject = (*self._sight.entries(entry, subject.type), entry.c.resource_id == subject.id)
        # By its key: dates would be looked for by their value, among those of everybody.
        return probe(entry, *of_subject, and_(*where), index=key_of(table))
