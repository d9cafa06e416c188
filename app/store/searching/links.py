"""What resources refer to, and what refers to them.

http://hl7.org/fhir/R4/search.html#include
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, FromClause, select

from app.domain.search.entries import UNSEARCHED
from app.store import tables
from app.store.searching.sight import TARGETS, Sight, Subject, by_index
from app.store.searching.values import in_groups
from app.store.visibility import READABLE_REFERENCE_DATA

# SQLite takes 32,766 values in one statement.
_TOGETHER = 500


class Links:
    """The references between the resources that a scope sees."""

    def __init__(self, connection: Connection, sight: Sight) -> None:
        self._connection = connection
        self._sight = sight

    def referred_to(
        self, type: str, ids: Iterable[str], name: str | None, target: str | None, at_most: int
    ) -> list[tuple[str, str]]:
        """Type and id of what these resources refer to by `name`, or by any; in that order."""
        link = tables.search_reference.alias()
        found = Subject(link.c.target_type, link.c.target_id)
        where = [link.c.type == type]
        if target is not None:
            where.append(link.c.target_type == target)
        return self._ends(
            link, link.c.resource_id, found, ids, [*where, *_named(link, name)], at_most
        )

    def referring(
        self, target_type: str, ids: Iterable[str], source: str, name: str | None, at_most: int
    ) -> list[tuple[str, str]]:
        """Type and id of what refers to these resources from type `source`; in that order."""
        link = tables.search_reference.alias()
        found = Subject(link.c.type, link.c.resource_id)
        where = [link.c.type == source, link.c.target_type == target_type]
        return self._ends(
            link, link.c.target_id, found, ids, [*where, *_named(link, name)], at_most
        )

    def is_referred_to(self, type: str, id: str) -> bool:
        """Whether any other resource that the scope sees refers to this one of the scope's own.

        What belongs to whoever cannot see this one does not count: it may be a guess.
        """
        link = tables.search_reference.alias()
        source = Subject(link.c.type, link.c.resource_id)
        is_other = (link.c.type != type) | (link.c.resource_id != id)
        where = [link.c.target_type == type, is_other]
        if self._sight.scope.submitter_id is None and type not in READABLE_REFERENCE_DATA:
            where.append(link.c.submitter_id.is_(None))
        return bool(self._ends(link, link.c.target_id, source, [id], where, 1))

    def _ends(
        self,
        link: FromClause,
        start: ColumnElement[str],
        end: Subject,
        ids: Iterable[str],
        where: list[ColumnElement[bool]],
        at_most: int,
    ) -> list[tuple[str, str]]:
        is_to = end.id is link.c.target_id
        type = link.c.target_type if is_to else link.c.type
        found: set[tuple[str, str]] = set()
        for some in in_groups(sorted(set(ids)), _TOGETHER):
            query = (
                select(type, end.id)
                .distinct()
                .where(
                    link.c.payer_id == self._sight.scope.payer_id,
                    start.in_(some),
                    *where,
                    self._sight.is_owned(link),
                    self._sight.is_there(end),
                )
                .order_by(type, end.id)
                .limit(at_most)
            )
            indexed = by_index(query, link, None if is_to else TARGETS)
            found |= {(row[0], row[1]) for row in self._connection.execute(indexed)}
        return sorted(found)[:at_most]


def _named(link: FromClause, name: str | None) -> list[ColumnElement[bool]]:
    return [link.c.name != UNSEARCHED if name is None else link.c.name == name]
