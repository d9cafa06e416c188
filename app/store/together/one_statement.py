"""Rows of many tables inserted by one statement, instead of one statement for each table.

On PostgreSQL all tables are in the WITH of one statement. SQLite has no such statement, but
triggers: a temporary view stands for the tables, and its trigger inserts what is given. It lives as
long as the connection and is in nobody's schema.

A few rows of a table have places of their own; room is for 1, 4 or 16, and what stays empty is
passed over, so that there are few statements. More rows are given as arrays, to SQLite as JSON.

Docs: docs/performance.md tells what a statement costs.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import BigInteger

from app.store import tables
from app.store.database import direct

Rows = Sequence[Mapping[str, Any]]
_Bind = Callable[[Any], Any]

_ROOMS = (1, 4, 16)
# Of one table: SQLite's view has at most 2,000 columns.
_MOST_PLACES = 150
_MOST_PLACES_OF_ALL = 1_500

# Without a length: cast to one, a longer text would be cut off instead of refused.
_ARRAYS = (
    (BigInteger, "bigint"),
    (Integer, "integer"),
    (LargeBinary, "bytea"),
    (Boolean, "boolean"),
    (DateTime, "timestamptz"),
    (Date, "date"),
    (Numeric, "numeric"),
    (String, "text"),
)


class _Part(NamedTuple):
    """A table, the columns that are given, and room for so many rows; 0 for any number."""

    table: Table
    names: tuple[str, ...]
    room: int


def insert_at_once(
    connection: Connection, rows: Mapping[tuple[Table, tuple[str, ...]], Rows]
) -> None:
    """Insert rows of many tables that nobody else can insert, by one statement."""
    parts = tuple(
        [
            _Part(table, names, _room(len(of_table), len(names)))
            for (table, names), of_table in rows.items()
        ]
    )
    statement = _statement(parts, connection.dialect)
    given = list(rows.values())
    values: list[Any] = []
    for at, part in zip(statement.order, statement.parts, strict=True):
        values += part.values(given[at])
    if not statement.view:
        direct.executed(connection, statement.text, values).close()
    else:
        _insert_into_view(connection, statement, values)


def _room(rows: int, columns: int) -> int:
    """Room for so many rows; 0 where they are too many for places of their own."""
    room = next((room for room in _ROOMS if room >= rows), 0)
    return room if room * columns <= _MOST_PLACES else 0


@dataclass(frozen=True, slots=True)
class _Values:
    """What makes the values of one part: the columns, and what turns some into the driver's.

    `empty` is given where there is room for a row and none is there.
    """

    names: tuple[str, ...]
    binds: tuple[tuple[int, _Bind], ...]
    room: int
    is_json: bool
    empty: tuple[Any, ...]

    def values(self, rows: Rows) -> list[Any]:
        """The driver's values for the places of this part."""
        listed: list[Sequence[Any]] = [self._bound(row) for row in rows]
        if self.room:
            listed += [self.empty] * (self.room - len(listed))
            return [value for row in listed for value in row]
        if self.is_json:
            return [json.dumps(listed, ensure_ascii=False, separators=(",", ":"))]
        return [list(column) for column in zip(*listed, strict=True)]

    def _bound(self, row: Mapping[str, Any]) -> list[Any]:
        bound = [row[name] for name in self.names]
        for at, bind in self.binds:
            bound[at] = bind(bound[at])
        return bound


@dataclass(frozen=True, slots=True)
class _Statement:
    """The one statement for some tables; on SQLite with the view that it needs.

    `order` tells which of the given tables each part is.
    """

    text: str
    order: tuple[int, ...]
    parts: tuple[_Values, ...]
    view: tuple[str, ...] = ()


# A process has few databases, a process of tests many.
@lru_cache(maxsize=1024)
def _statement(given: tuple[_Part, ...], dialect: Dialect) -> _Statement:
    is_json = dialect.name == "sqlite"
    order = _order(given, is_first=is_json)
    parts = [given[at] for at in order]
    if sum(part.room * len(part.names) for part in parts) > _MOST_PLACES_OF_ALL:
        parts = [part._replace(room=0) for part in parts]
    made = tuple(_values(part, dialect, is_json=is_json) for part in parts)
    quote = dialect.identifier_preparer.quote
    if is_json:
        text, *view = _through_a_view(parts, quote)
        return _Statement(text, order, made, tuple(view))
    places = map("${}".format, count(1))
    inserts = [
        f"{_into(part, quote)} {(_of_values if part.room else _of_arrays)(part, places)}"
        for part in parts
    ]
    withs = ", ".join(f"part_{at} AS ({text})" for at, text in enumerate(inserts[:-1]))
    text = f"WITH {withs} {inserts[-1]}" if withs else inserts[-1]
    return _Statement(text, order, made)


def _order(parts: Sequence[_Part], *, is_first: bool) -> tuple[int, ...]:
    """In which order rows are inserted; `is_first`: the first part is, and not the last.

    What tells whether a resource's id is taken has to be tried before the rest: PostgreSQL begins
    with the INSERT behind the WITH.
    """

    def key(at: int) -> tuple[bool, str, tuple[str, ...]]:
        table, names, _ = parts[at]
        return ((table is tables.resource) != is_first, table.name, names)

    return tuple(sorted(range(len(parts)), key=key))


def _values(part: _Part, dialect: Dialect, *, is_json: bool) -> _Values:
    columns = [part.table.c[name] for name in part.names]
    binds = [
        _bind(column, dialect, is_json=is_json, has_places=part.room > 0) for column in columns
    ]
    needed = tuple((at, bind) for at, bind in enumerate(binds) if bind is not None)
    # Of its own type also where it is not there: by the types PostgreSQL knows what is prepared.
    empty = tuple(b"" if isinstance(one.type, LargeBinary) else None for one in columns)
    return _Values(part.names, needed, part.room, is_json, empty)


def _bind(
    column: Column[Any], dialect: Dialect, *, is_json: bool, has_places: bool
) -> _Bind | None:
    if isinstance(column.type, LargeBinary):
        return bytes.hex if is_json and not has_places else None
    bind: _Bind | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    if is_json or not has_places or _type_of(column) == "text":
        return bind
    # As text, like what is not there: the driver would give each number a type by its size, and
    # then nearly every statement is another one, which is read and planned anew.
    return lambda value: _text(value if bind is None else bind(value))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _into(part: _Part, quote: Callable[[str], str]) -> str:
    return f"INSERT INTO {part.table.name} ({', '.join(map(quote, part.names))})"


def _of_values(part: _Part, places: Iterator[str]) -> str:
    types = [_type_of(part.table.c[name]) for name in part.names]
    rows = ", ".join(
        f"({', '.join(f'{next(places)}::{type}' for type in types)})" for _ in range(part.room)
    )
    if part.room == 1:
        return f"VALUES {rows}"
    is_given = f"column{_always_given(part) + 1} IS NOT NULL"
    return f"SELECT * FROM (VALUES {rows}) AS given WHERE {is_given}"  # noqa: S608  our own types


def _always_given(part: _Part) -> int:
    """The place of a column that no row leaves empty."""
    return next(at for at, name in enumerate(part.names) if not part.table.c[name].nullable)


def _of_arrays(part: _Part, places: Iterator[str]) -> str:
    arrays = ", ".join(f"{next(places)}::{_type_of(part.table.c[name])}[]" for name in part.names)
    return f"SELECT * FROM unnest({arrays})"  # noqa: S608  our own types


def _type_of(column: Column[Any]) -> str:
    type = getattr(column.type, "impl_instance", column.type)
    return next(name for kind, name in _ARRAYS if isinstance(type, kind))


_view_numbers = count(1)


def _through_a_view(parts: Sequence[_Part], quote: Callable[[str], str]) -> tuple[str, str, str]:
    """An INSERT into a view, and the view with its trigger, which inserts into the tables."""
    view = f"at_once_{next(_view_numbers)}"
    places, inserts = [], []
    for at, part in enumerate(parts):
        mine = [f"part_{at}_{place}" for place in range(part.room * len(part.names) or 1)]
        new = [f"NEW.{one}" for one in mine]
        source = _of_places(part, new) if part.room else _of_json(part, new[0])
        inserts.append(f"{_into(part, quote)} {source};")
        places += mine
    columns = ", ".join(f"NULL AS {one}" for one in places)
    trigger = (
        f"CREATE TEMP TRIGGER {view}_rows INSTEAD OF INSERT ON {view} BEGIN {' '.join(inserts)} END"
    )
    text = f"INSERT INTO {view} VALUES ({', '.join('?' * len(places))})"  # noqa: S608
    return text, f"CREATE TEMP VIEW {view} AS SELECT {columns}", trigger


def _of_places(part: _Part, places: Sequence[str]) -> str:
    width, given = len(part.names), _always_given(part)
    rows = [places[at : at + width] for at in range(0, len(places), width)]
    return " UNION ALL ".join(
        f"SELECT {', '.join(row)} WHERE {row[given]} IS NOT NULL" for row in rows
    )


def _of_json(part: _Part, place: str) -> str:
    taken = ", ".join(_taken(part.table.c[name], at) for at, name in enumerate(part.names))
    return f"SELECT {taken} FROM json_each({place})"  # noqa: S608  our own names


def _taken(column: Column[Any], place: int) -> str:
    value = f"value ->> {place}"
    return f"unhex({value})" if isinstance(column.type, LargeBinary) else value


def _insert_into_view(connection: Connection, statement: _Statement, values: Any) -> None:
    try:
        direct.executed(connection, statement.text, values).close()
    except DBAPIError as fault:
        # The first of its kind on this connection, or since a transaction that made it was undone.
        if "no such table: at_once_" not in str(fault.orig):
            raise
        for text in statement.view:
            direct.executed(connection, text).close()
        direct.executed(connection, statement.text, values).close()
