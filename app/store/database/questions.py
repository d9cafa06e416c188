"""Statements that are asked with every request: spelled once for each database, read by the driver.

What SQLAlchemy does for each execution of a statement takes several times as long as the statement.
Here only what differs from one asking to the next is left.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    Select,
)
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import ReturningInsert

from app.store.database import direct

_Convert = Callable[[Any], Any]
# The names and types of a row are those of its statement, which no class can tell.
_NONE: Mapping[Any, str] = MappingProxyType({})
_NO_ROOMS: Mapping[str, int] = MappingProxyType({})
# Twice as many are fewer than either database takes in one statement.
_MOST_PADDED = 8_192
_NAMED: Any = namedtuple  # noqa: PYI024
# PostgreSQL's number of its type for amounts: only of those it counts what the driver reads.
_NUMERIC = 1700


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A statement as one driver takes it, and what makes its values of ours and ours of its.

    `fixed` are the values that stand in the statement itself, `marked` those of which the name
    differs from that under which they are given.
    """

    sql: str
    fixed: Mapping[str, Any]
    marked: tuple[tuple[str, str], ...]
    order: tuple[str, ...]
    given: tuple[tuple[str, _Convert], ...]
    read: tuple[tuple[int, _Convert], ...]
    row: Callable[[Any], Any]

    def values(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """The driver's values, in their places."""
        values: dict[str, Any] = {**self.fixed, **given}
        for name, mark in self.marked:
            values[name] = given[mark]
        for name, convert in self.given:
            values[name] = convert(values[name])
        return tuple([values[name] for name in self.order])


class Question:
    """A statement that gives rows, the same each time but for values, given by name.

    Lists are spelled once for 1, 2, 4 and so on; where there are fewer, the last value stands for
    more. `marks` are values in the statement in whose place others are given, by their names.
    """

    def __init__(
        self, statement: Select[Any] | ReturningInsert[Any], marks: Mapping[Any, str] = _NONE
    ) -> None:
        self._statement = statement
        # Now, and not by the first threads that ask: SQLAlchemy gathers them only once.
        self._columns = _columns(statement)
        self._lists = _lists(statement)
        self._marks = marks
        # One for each kind of database, and for the room of each list; kept as long as this is.
        self._spelled: dict[tuple[object, ...], _Spelled] = {}

    def rows(self, connection: Connection, given: Mapping[str, Any]) -> list[Any]:
        """All rows, as named tuples. Raises DBAPIError, as every statement does.

        In the connection's transaction; where none has begun, the statement is a view of its own.
        """
        rooms = {name: _room(len(given[name])) for name in self._lists}
        if rooms:
            given = _filled(given, rooms)
        key = (connection.dialect.name, *rooms.values())
        spelled = self._spelled.get(key)
        if spelled is None:
            dialect, names = connection.dialect, tuple(given)
            spelled = _spell(self._statement, dialect, names, self._columns, self._marks, rooms)
            self._spelled[key] = spelled
        found = direct.fetched(connection, spelled.sql, spelled.values(given))
        if spelled.read and found:
            found = [_converted(row, spelled.read) for row in found]
        return [spelled.row(row) for row in found]

    def row(self, connection: Connection, given: Mapping[str, Any]) -> Any | None:
        """The one row there may be, by a key."""
        found = self.rows(connection, given)
        return found[0] if found else None


class Change:
    """A statement that changes rows, the same each time but for values, given by name."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._spelled: dict[str, _Spelled] = {}

    def hits(self, connection: Connection, given: Mapping[str, Any]) -> int:
        """Run it in the connection's transaction; how many rows it changed. Raises DBAPIError."""
        spelled = self._spell(connection, given)
        return direct.changed(connection, spelled.sql, spelled.values(given))

    def each_hits(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """As `hits`, with each of these; they are one statement, and have the same names."""
        if len(rows) == 1:
            return self.hits(connection, rows[0])
        spelled = self._spell(connection, rows[0])
        return direct.changed_by_each(connection, spelled.sql, [spelled.values(r) for r in rows])

    def _spell(self, connection: Connection, given: Mapping[str, Any]) -> _Spelled:
        name = connection.dialect.name
        if name not in self._spelled:
            names = tuple(given)
            self._spelled[name] = _spell(self._statement, connection.dialect, names)
        return self._spelled[name]


# A statement that is built anew each time would find its place taken by the next: such are not
# asked here.
@lru_cache(maxsize=512)
def change(statement: Executable) -> Change:
    """The change that a statement is, which is one and the same object each time."""
    return Change(statement)


@cache
def _numbered() -> Dialect:
    """PostgreSQL with values in the places `$1`."""
    made: Any = PGDialect_psycopg
    dialect: Dialect = made(paramstyle="numeric_dollar")
    return dialect


def _spell(
    statement: Any,
    dialect: Dialect,
    names: Sequence[str],
    columns: Sequence[ColumnElement[Any]] = (),
    marks: Mapping[Any, str] = _NONE,
    rooms: Mapping[str, int] = _NO_ROOMS,
) -> _Spelled:
    written = dialect if dialect.name == "sqlite" else _numbered()
    compiled: Any = statement.compile(dialect=written, column_keys=list(names))
    single = [
        name for name, bound in compiled.binds.items() if bound.required and name not in rooms
    ]
    lists = {name: [None] * room for name, room in rooms.items()}
    # Lists are spelled out value by value, also those that stand in the statement itself.
    state = compiled.construct_expanded_state({**dict.fromkeys(single), **lists})
    named = [*single, *(one for name, room in rooms.items() for one in _places(name, room))]
    standing = {name: value for name, value in state.parameters.items() if name not in named}
    marked = {name: marks[value] for name, value in standing.items() if value in marks}
    writing = {**_writing(compiled.binds, dialect), **state.processors}
    reading = [
        column.type.dialect_impl(dialect).result_processor(dialect, _NUMERIC) for column in columns
    ]
    return _Spelled(
        state.statement,
        {
            name: writing[name](value) if name in writing else value
            for name, value in standing.items()
            if name not in marked
        },
        tuple(marked.items()),
        tuple(state.positiontup),
        tuple((name, writing[name]) for name in (*named, *marked) if name in writing),
        tuple((at, convert) for at, convert in enumerate(reading) if convert is not None),
        _row_of(columns),
    )


def _lists(statement: Any) -> tuple[str, ...]:
    """The names under which lists are given to a statement."""
    parts = visitors.iterate(statement)
    found = (one for one in parts if isinstance(one, BindParameter))
    return tuple(dict.fromkeys(one.key for one in found if one.expanding and one.required))


def _room(values: int) -> int:
    """Room for so many values: few kinds, so that a statement has few spellings."""
    return values if values > _MOST_PADDED or not values else 1 << (values - 1).bit_length()


def _places(name: str, room: int) -> list[str]:
    """The names that SQLAlchemy gives to the values of a list."""
    return [f"{name}_{nth}" for nth in range(1, room + 1)]


def _filled(given: Mapping[str, Any], rooms: Mapping[str, int]) -> dict[str, Any]:
    """Values with each list as single ones, and its last one where there are fewer than room."""
    filled = {name: value for name, value in given.items() if name not in rooms}
    for name, room in rooms.items():
        values = list(given[name])
        values += values[-1:] * (room - len(values))
        filled.update(zip(_places(name, room), values, strict=True))
    return filled


def _columns(statement: Any) -> Sequence[ColumnElement[Any]]:
    """What a statement gives of each row."""
    given = statement.selected_columns if statement.is_select else statement.exported_columns
    return list(given)


def _writing(binds: Mapping[str, BindParameter[Any]], dialect: Dialect) -> dict[str, _Convert]:
    """What makes a driver's values of ours, of those that need it."""
    made = {
        name: bound.type.dialect_impl(dialect).bind_processor(dialect)
        for name, bound in binds.items()
    }
    return {name: convert for name, convert in made.items() if convert is not None}


def _row_of(columns: Sequence[ColumnElement[Any]]) -> Callable[[Any], Any]:
    """Makes a named tuple of what was read."""
    kind = _NAMED("Row", [str(column.key) for column in columns])
    make: Callable[[Any], Any] = kind._make
    return make


def _converted(row: Any, converts: tuple[tuple[int, _Convert], ...]) -> list[Any]:
    values = list(row)
    for place, convert in converts:
        values[place] = convert(values[place])
    return values
