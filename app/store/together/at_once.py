"""Rows of many tables inserted by one statement, instead of one statement for each table.

PostgreSQL takes the rows of each table as arrays, and all tables in the WITH of one statement.
SQLite has no such statement, but triggers: a temporary view stands for the tables, and its trigger
inserts what is given as JSON. It lives as long as the connection and is in nobody's schema.

Docs: docs/performance.md tells what a statement costs.
"""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import count
from typing import Any

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
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.types import BigInteger

from app.store import tables
from app.store.statements import inserting_if_absent
from app.store.together.transaction import Outrun, Together, attached, hits, of

_Rows = Sequence[Mapping[str, Any]]
_OF_RESOURCE = tuple(
    table.name for table in (tables.resource, tables.resource_version, *tables.SEARCH_TABLES)
)
# A table, the columns that are given, and whether it is one row with bytes in it.
_Part = tuple[Table, tuple[str, ...], bool]

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


class AtOnce(Together):
    """Rows are kept until the end; what was read ahead is nobody's concern here.

    `puts_off`: what is to hit rows is done in the end, too; else at once, behind the rows.
    """

    def __init__(self, connection: Connection, *, puts_off: bool) -> None:
        super().__init__(connection, is_view=False)
        self.puts_off = puts_off
        self._rows: dict[tuple[Table, tuple[str, ...]], list[Mapping[str, Any]]] = {}

    def insert(self, table: Table, rows: _Rows) -> None:
        """Insert these in the end, with those of all other tables."""
        self._rows.setdefault((table, tuple(rows[0])), []).extend(rows)

    def put_off(self, key: Hashable, items: Iterable[Any], do: Callable[[list[Any]], None]) -> None:
        """Do this in the end, or behind the rows that there are."""
        if self.puts_off:
            super().put_off(key, items, do)
        else:
            self.flush()
            do(list(items))

    def flush(self) -> None:
        """Do what was put off; raises Outrun."""
        super().flush()
        rows, self._rows = self._rows, {}
        if not rows:
            return
        try:
            insert_at_once(self._connection, rows)
        except IntegrityError as fault:
            if _is_about_resources(fault):
                raise Outrun from None
            raise


@contextmanager
def at_once(connection: Connection, *, puts_off: bool) -> Iterator[None]:
    """Inside, rows are kept, and inserted in the end; nobody may read them inside.

    What is raised inside lets them go. Raises Outrun.
    """
    if of(connection) is not None:
        # Part of a transaction for many, which writes in its own end.
        yield
        return
    kept = AtOnce(connection, puts_off=puts_off)
    with attached(connection, kept):
        yield
        kept.flush()


def inserts_alone(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is taken; whether it was inserted.

    Kept or put off, it is taken to be; where it is not, the transaction comes to nothing.
    """
    many = of(connection)
    if isinstance(many, AtOnce):
        many.insert(table, (row,))
        return True
    return hits(connection, inserting_if_absent(table, connection), row)


def _is_about_resources(fault: IntegrityError) -> bool:
    """Whether a resource is there already: PostgreSQL tells of any of its rows, not of the first.

    The tables may have parts of their own, whose names begin with theirs.
    """
    told = getattr(fault.orig, "diag", None)
    if told is not None:
        return (told.table_name or "").startswith(_OF_RESOURCE)
    return str(fault.orig).startswith(f"UNIQUE constraint failed: {tables.resource.name}.")


def insert_at_once(
    connection: Connection, rows: Mapping[tuple[Table, tuple[str, ...]], _Rows]
) -> None:
    """Insert rows of many tables that nobody else can insert, by one statement."""
    # What tells whether a resource's id is taken has to be tried before the rest: PostgreSQL
    # begins with the INSERT behind the WITH.
    is_first = connection.dialect.name == "sqlite"
    given = sorted(
        rows.items(),
        key=lambda item: ((item[0][0] is tables.resource) != is_first, item[0][0].name, item[0][1]),
    )
    parts = tuple(
        (table, names, len(of_table) == 1 and _has_bytes(table))
        for (table, names), of_table in given
    )
    statement = _statement(parts, connection.dialect)
    values = [
        value
        for (_, of_table), part in zip(given, statement.parts, strict=True)
        for value in part.values(of_table)
    ]
    if statement.view is None:
        connection.exec_driver_sql(statement.text, tuple(values))
    else:
        _insert_into_view(connection, statement, tuple(values))


@dataclass(frozen=True, slots=True)
class _Values:
    """What makes the values of one part: the columns, and what turns each into the driver's."""

    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    is_direct: bool
    is_json: bool

    def values(self, rows: _Rows) -> list[Any]:
        if self.is_direct:
            return [_bound(rows[0][name], bind) for name, bind in self.columns]
        if self.is_json:
            listed = [[_bound(row[name], bind) for name, bind in self.columns] for row in rows]
            return [
                json.dumps(listed, ensure_ascii=False, separators=(",", ":"), default=bytes.hex)
            ]
        return [[_bound(row[name], bind) for row in rows] for name, bind in self.columns]


@dataclass(frozen=True, slots=True)
class _Statement:
    """The one statement for some tables; on SQLite with the view that it needs."""

    text: str
    parts: tuple[_Values, ...]
    view: tuple[str, str] | None = None


def _bound(value: Any, bind: Callable[[Any], Any] | None) -> Any:
    return value if bind is None else bind(value)


@cache
def _has_bytes(table: Table) -> bool:
    return any(isinstance(column.type, LargeBinary) for column in table.columns)


# A process has few databases, a process of tests many.
@lru_cache(maxsize=1024)
def _statement(parts: tuple[_Part, ...], dialect: Dialect) -> _Statement:
    is_json = dialect.name == "sqlite"
    made = []
    for table, names, is_direct in parts:
        columns = [table.c[name] for name in names]
        binds = [_bind(column, dialect, is_hex=is_json and not is_direct) for column in columns]
        made.append(_Values(tuple(zip(names, binds, strict=True)), is_direct, is_json))
    if is_json:
        return _through_a_view(parts, tuple(made), dialect.identifier_preparer.quote)
    inserts = [_of_arrays(part, dialect.identifier_preparer.quote) for part in parts]
    withs = ", ".join(f"part_{at} AS ({text})" for at, text in enumerate(inserts[:-1]))
    text = f"WITH {withs} {inserts[-1]}" if withs else inserts[-1]
    return _Statement(text, tuple(made))


def _bind(column: Column[Any], dialect: Dialect, *, is_hex: bool) -> Callable[[Any], Any] | None:
    if isinstance(column.type, LargeBinary):
        return bytes.hex if is_hex else None
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _of_arrays(part: _Part, quote: Callable[[str], str]) -> str:
    table, names, is_direct = part
    types = [_type_of(table.c[name]) for name in names]
    if is_direct:
        source = f"VALUES ({', '.join(f'%s::{type}' for type in types)})"
    else:
        arrays = ", ".join(f"%s::{type}[]" for type in types)
        source = f"SELECT * FROM unnest({arrays})"  # noqa: S608  our own types
    return f"INSERT INTO {table.name} ({', '.join(map(quote, names))}) {source}"


def _type_of(column: Column[Any]) -> str:
    type = getattr(column.type, "impl_instance", column.type)
    return next(name for kind, name in _ARRAYS if isinstance(type, kind))


_view_numbers = count(1)


def _through_a_view(
    parts: tuple[_Part, ...], made: tuple[_Values, ...], quote: Callable[[str], str]
) -> _Statement:
    """An INSERT into a view, and the view with its trigger, which inserts into the tables."""
    view = f"at_once_{next(_view_numbers)}"
    places, inserts = [], []
    for at, (table, names, is_direct) in enumerate(parts):
        into = f"INSERT INTO {table.name} ({', '.join(map(quote, names))})"
        if is_direct:
            mine = [f"part_{at}_{name}" for name in names]
            inserts.append(f"{into} VALUES ({', '.join(f'NEW.{one}' for one in mine)});")
        else:
            mine = [f"part_{at}"]
            taken = ", ".join(_taken(table.c[name], place) for place, name in enumerate(names))
            source = f"SELECT {taken} FROM json_each(NEW.part_{at})"  # noqa: S608  our own names
            inserts.append(f"{into} {source};")
        places += mine
    columns = ", ".join(f"NULL AS {one}" for one in places)
    trigger = (
        f"CREATE TEMP TRIGGER {view}_rows INSTEAD OF INSERT ON {view} BEGIN {' '.join(inserts)} END"
    )
    text = f"INSERT INTO {view} VALUES ({', '.join('?' * len(places))})"  # noqa: S608
    return _Statement(text, made, (f"CREATE TEMP VIEW {view} AS SELECT {columns}", trigger))


def _taken(column: Column[Any], place: int) -> str:
    value = f"value ->> {place}"
    return f"unhex({value})" if isinstance(column.type, LargeBinary) else value


def _insert_into_view(connection: Connection, statement: _Statement, values: Any) -> None:
    try:
        connection.exec_driver_sql(statement.text, values)
    except OperationalError as fault:
        # The first of its kind on this connection, or since a transaction that made it was undone.
        if "no such table: at_once_" not in str(fault.orig):
            raise
        for text in statement.view or ():
            connection.exec_driver_sql(text)
        connection.exec_driver_sql(statement.text, values)
