"""Statements that are asked with every request: spelled once for each database, read by the driver.

What SQLAlchemy does for each execution of a statement takes several times as long as the statement.
Here only what differs from one asking to the next is left.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError

_Convert = Callable[[Any], Any]
# The names and types of a row are those of its statement, which no class can tell.
_NONE: Mapping[Any, str] = MappingProxyType({})
_NAMED: Any = namedtuple  # noqa: PYI024


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A statement as one driver takes it, and what makes its values of ours and ours of its.

    `fixed` are the values that stand in the statement itself, `marked` those of which the name
    differs from that under which they are given; `order` is None where the driver takes them by
    name.
    """

    sql: str
    fixed: Mapping[str, Any]
    marked: tuple[tuple[str, str], ...]
    order: tuple[str, ...] | None
    given: tuple[tuple[str, _Convert], ...]
    read: tuple[tuple[int, _Convert], ...]
    row: Callable[[Any], Any]


class Question:
    """A SELECT that is the same each time but for single values, given by name.

    `marks` are values in the statement in whose place others are given, by their names.
    """

    def __init__(self, statement: Select[Any], marks: Mapping[Any, str] = _NONE) -> None:
        self._statement = statement
        self._marks = marks
        # One for each kind of database, kept as long as the question.
        self._spelled: dict[str, _Spelled] = {}

    def rows(self, connection: Connection, given: Mapping[str, Any]) -> list[Any]:
        """All rows, as named tuples. Raises DBAPIError, as every statement does.

        In the connection's transaction; where none has begun, the statement is a view of its own.
        """
        spelled = self._spelled.get(connection.dialect.name) or self._spell(connection.dialect)
        values: dict[str, Any] = {**spelled.fixed, **given}
        for name, mark in spelled.marked:
            values[name] = given[mark]
        for name, convert in spelled.given:
            values[name] = convert(values[name])
        asked: Any = values
        if spelled.order is not None:
            asked = tuple([values[name] for name in spelled.order])
        found = _fetched(connection, spelled.sql, asked)
        if spelled.read and found:
            found = [_converted(row, spelled.read) for row in found]
        return [spelled.row(row) for row in found]

    def row(self, connection: Connection, given: Mapping[str, Any]) -> Any | None:
        """The one row there may be, by a key."""
        found = self.rows(connection, given)
        return found[0] if found else None

    def _spell(self, dialect: Dialect) -> _Spelled:
        compiled: Any = self._statement.compile(dialect=dialect)
        named = [name for name, bound in compiled.binds.items() if bound.required]
        # Lists that stand in the statement itself are spelled out value by value.
        state = compiled.construct_expanded_state(dict.fromkeys(named))
        standing = {name: value for name, value in state.parameters.items() if name not in named}
        marked = {
            name: self._marks[value] for name, value in standing.items() if value in self._marks
        }
        writing = {**_writing(compiled.binds, dialect), **state.processors}
        columns = list(self._statement.selected_columns)
        reading = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]
        spelled = _Spelled(
            state.statement,
            {
                name: writing[name](value) if name in writing else value
                for name, value in standing.items()
                if name not in marked
            },
            tuple(marked.items()),
            None if state.positiontup is None else tuple(state.positiontup),
            tuple((name, writing[name]) for name in (*named, *marked) if name in writing),
            tuple((at, convert) for at, convert in enumerate(reading) if convert is not None),
            _row_of(columns),
        )
        self._spelled[dialect.name] = spelled
        return spelled


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


def _fetched(connection: Connection, sql: str, values: Any) -> list[Any]:
    fairy: Any = connection.connection
    cursor = fairy.cursor()
    try:
        # Whoever listens to statements hears of these, too: it is what limits their time.
        connection.dispatch.before_cursor_execute(connection, cursor, sql, values, None, False)
        cursor.execute(sql, values)
        found: list[Any] = cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise named(connection, sql, error, cursor) from error
    finally:
        cursor.close()
    return found


def named(connection: Connection, sql: str, error: Any, cursor: Any) -> DBAPIError:
    """The driver's fault by SQLAlchemy's name, without values; a broken connection is given up."""
    dialect = connection.dialect
    dbapi: Any = dialect.loaded_dbapi
    is_gone = dialect.is_disconnect(error, connection.connection.driver_connection, cursor)
    if is_gone:
        connection.invalidate(error)
    fault = DBAPIError.instance(
        sql,
        None,
        error,
        dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_gone,
        dialect=dialect,
    )
    if not isinstance(fault, DBAPIError):
        raise TypeError(type(error).__name__)
    return fault
