"""All versions of what one scope sees, newest first, a page at a time.

http://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    func,
    select,
    tuple_,
    union_all,
)

from app.domain.parties import Scope
from app.store import tables
from app.store.versions import DELETE, SIZE, Stored, stored_from, with_versions, within_a_page
from app.store.visibility import owned, seen

_r = tables.resource.c
_v = tables.resource_version.c


@dataclass(frozen=True, slots=True)
class Place:
    """A version as a place in the order of a history: what is older comes after it."""

    updated_at: datetime
    type: str
    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Span:
    """Whose versions: of these types, of one id if there is one, from an instant on."""

    types: tuple[str, ...]
    id: str | None = None
    since: datetime | None = None


class History:
    """The versions that one scope may see. What was purged has none; deletions are versions."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def page(self, span: Span, most: int, after: Place | None = None) -> tuple[list[Stored], bool]:
        """At most so many versions, newest first, behind a place if one is given; and if more are.

        A page ends before it grows too large, with one version at least.
        """
        keys = self._newest(span, most + 1, after)
        order = _newest_first(span, keys.c)
        rows = self._connection.execute(select(keys).order_by(*order)).all()
        held = within_a_page(row.size for row in rows[:most])
        shown = [(row.type, row.id, row.version) for row in rows[:held]]
        page = with_versions().where(
            _r.payer_id == self._scope.payer_id, tuple_(_v.type, _v.id, _v.version).in_(shown)
        )
        found = self._connection.execute(page.order_by(*_newest_first(span, _v)))
        return [stored_from(row, self._connection) for row in found], len(rows) > held

    def restored(self, versions: Sequence[Stored]) -> set[tuple[str, str, int]]:
        """Which of these brought back what was deleted, by type, id and version."""
        previous = [(one.type, one.id, one.version - 1) for one in versions]
        query = select(_v.type, _v.id, _v.version).where(
            _v.payer_id == self._scope.payer_id,
            tuple_(_v.type, _v.id, _v.version).in_(previous),
            _v.method == DELETE,
        )
        return {(row.type, row.id, row.version + 1) for row in self._connection.execute(query)}

    def size(self, span: Span) -> int:
        """How many versions there are in all."""
        query = select(func.count()).select_from(
            union_all(*(self._keys(type, span) for type in span.types)).subquery()
        )
        size: int = self._connection.execute(query).scalar_one()
        return size

    def _newest(self, span: Span, most: int, after: Place | None) -> Subquery:
        """The keys of a page: of each type the newest by its index, and of those the newest."""
        of_types = []
        for type in span.types:
            keys = self._keys(type, span)
            if after is not None:
                keys = keys.where(_is_behind(span, after))
            # SQLite wants a limited part of a union to be a query of its own.
            part = keys.order_by(*_newest_first(span, _v)).limit(most).subquery()
            of_types.append(select(part))
        every = union_all(*of_types).subquery()
        return select(every).order_by(*_newest_first(span, every.c)).limit(most).subquery("page")

    def _keys(self, type: str, span: Span) -> Select[Any]:
        keys = (
            select(_v.updated_at, _v.type, _v.id, _v.version, SIZE.label("size"))
            .join_from(
                tables.resource_version,
                tables.resource,
                and_(_v.payer_id == _r.payer_id, _v.type == _r.type, _v.id == _r.id),
            )
            .where(
                _v.payer_id == self._scope.payer_id,
                _v.type == type,
                owned(self._scope, _r.submitter_id, _r.type),
                # In SMART the history of one resource is reading, that of a type searching.
                seen(self._scope.permissions, "s" if span.id is None else "r", type, _r.label),
            )
        )
        if span.id is not None:
            keys = keys.where(_v.id == span.id)
        if span.since is not None:
            keys = keys.where(_v.updated_at >= span.since)
        return keys


def _order(span: Span, columns: Any) -> Sequence[Any]:
    """Of one resource the versions count, whatever the clocks of several servers said."""
    if span.id is not None:
        return (columns.version,)
    return columns.updated_at, columns.type, columns.id, columns.version


def _newest_first(span: Span, columns: Any) -> list[Any]:
    return [column.desc() for column in _order(span, columns)]


def _is_behind(span: Span, place: Place) -> ColumnElement[bool]:
    order, values = _order(span, _v), _order(span, place)
    # Typed in so many words: the instant is text of its own form on SQLite.
    return tuple_(*order) < tuple_(*values, types=[column.type for column in order])
