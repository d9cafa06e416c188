"""An order of resources, and places in it that survive JSON.

http://hl7.org/fhir/R4/search.html#sort
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select
from sqlalchemy.types import TypeEngine

from app.domain.search.query import ID, LAST_UPDATED, Place, SortKey, SortKind
from app.store import tables
from app.store.search.rows import can_be_kept
from app.store.searching.sight import Sight, Subject, by_index, key_of
from app.store.types import Instant, Ordered


class WrongPlace(ValueError):
    """The place is none of this order."""


_TABLES = {
    SortKind.TOKEN: tables.search_token,
    SortKind.REFERENCE: tables.search_reference,
    SortKind.DATE: tables.search_date,
    SortKind.STRING: tables.search_string,
    SortKind.NUMBER: tables.search_number,
}
_COLUMNS: dict[SortKind, tuple[str, str]] = {
    SortKind.TOKEN: ("sort_key", "sort_key"),
    SortKind.DATE: ("low", "high"),
    SortKind.STRING: ("normal", "normal"),
    SortKind.NUMBER: ("low", "high"),
}


def sort_value(key: SortKey, subject: Subject, sight: Sight) -> ColumnElement[Any]:
    """What a resource is ordered by: its least entry, or its greatest if descending; or null."""
    if key.name == ID:
        return subject.id
    if key.name == LAST_UPDATED:
        resource = tables.resource.alias()
        of_key = (*sight.entries(resource, subject.type), resource.c.id == subject.id)
        updated = select(resource.c.updated_at).where(*of_key)
        return updated.correlate_except(resource).scalar_subquery()
    table = _TABLES[key.kind]
    entry = table.alias()
    if key.kind is SortKind.REFERENCE:
        value: ColumnElement[Any] = entry.c.target_type + "/" + entry.c.target_id
    else:
        value = entry.c[_COLUMNS[key.kind][key.is_descending]]
    extreme = func.max(value) if key.is_descending else func.min(value)
    of_key = (*sight.entries(entry, subject.type), entry.c.resource_id == subject.id)
    found = select(extreme).where(*of_key, entry.c.name == key.name)
    return by_index(found, entry, key_of(table)).correlate_except(entry).scalar_subquery()


def spelled(value: Any) -> str | None:
    """A sort value as text."""
    return (
        value.isoformat() if isinstance(value, datetime) else None if value is None else str(value)
    )


def _read(text: str | None, type: TypeEngine[Any]) -> Any:
    """The value behind its text, for a column of this type; raises WrongPlace."""
    if text is None:
        return None
    try:
        if isinstance(type, Instant):
            instant = datetime.fromisoformat(text)
            return instant.astimezone(UTC) if instant.tzinfo is not None else _wrong()
        if isinstance(type, Ordered):
            number = Decimal(text)
            return number if number.is_finite() else _wrong()
    except (ArithmeticError, ValueError):
        _wrong()
    return text if can_be_kept(text) else _wrong()


def _wrong() -> NoReturn:
    raise WrongPlace from None


def ordered_by(
    order: Sequence[SortKey], columns: Sequence[ColumnElement[Any]], id: ColumnElement[str],
    *, is_backward: bool,
) -> list[ColumnElement[Any]]:  # fmt: skip
    """The ORDER BY of an order: nulls last, then by id; or all of it the other way round."""
    terms: list[ColumnElement[Any]] = []
    for key, column in zip(order, columns, strict=True):
        is_null = column.is_(None)
        is_falling = key.is_descending != is_backward
        terms.append(is_null.desc() if is_backward else is_null)
        terms.append(column.desc() if is_falling else column.asc())
    return [*terms, id.desc() if is_backward else id.asc()]


def beyond(
    place: Place,
    order: Sequence[SortKey],
    columns: Sequence[ColumnElement[Any]],
    id: ColumnElement[str],
    *,
    is_backward: bool,
) -> ColumnElement[bool]:
    """Whether a row comes after a place, or before it. Raises WrongPlace."""
    if len(place.values) != len(order) or not can_be_kept(place.id):
        raise WrongPlace
    same: list[ColumnElement[bool]] = []
    ways: list[ColumnElement[bool]] = []
    for key, column, text in zip(order, columns, place.values, strict=True):
        value = _read(text, column.type)
        ways.append(and_(*same, _is_further(key, column, value, is_backward=is_backward)))
        same.append(column.is_(None) if value is None else column == literal(value, column.type))
    ways.append(and_(*same, id < place.id if is_backward else id > place.id))
    return or_(*ways)


def _is_further(
    key: SortKey, column: ColumnElement[Any], value: Any, *, is_backward: bool
) -> ColumnElement[bool]:
    if value is None:
        return column.is_not(None) if is_backward else false()
    given = literal(value, column.type)
    is_falling = key.is_descending != is_backward
    is_further = column < given if is_falling else column > given
    return is_further if is_backward else or_(is_further, column.is_(None))
