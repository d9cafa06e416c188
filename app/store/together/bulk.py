"""Inserting many rows of one table as fast as the database's own driver does.

SQLAlchemy takes longer over the parameters of a row than the database over the row; so the values
are turned into the driver's by the column types themselves, and go by one statement: on PostgreSQL
as arrays, for nothing is copied into a table behind a wall (`app/store/database/walls.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Table, insert

from app.store.together.one_statement import insert_at_once

# Fewer are sooner sent by SQLAlchemy's own statement.
_WORTH_ARRAYS = 20


@dataclass(frozen=True, slots=True)
class Insertion:
    """The columns of a table that are given, and what makes the driver's values of theirs."""

    table: str
    names: str
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """The driver's values of a row."""
        return tuple(
            [row[name] if bind is None else bind(row[name]) for name, bind in self.columns]
        )


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have values for the same columns."""
    insertion = insertion_of(table, tuple(rows[0]), connection.dialect)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(insertion.columns))
        text = f"INSERT INTO {insertion.table} ({insertion.names}) VALUES ({marks})"  # noqa: S608
        connection.exec_driver_sql(text, [insertion.values(row) for row in rows])
    elif len(rows) < _WORTH_ARRAYS:
        connection.execute(_inserting(table), rows)
    else:
        insert_at_once(connection, {(table, tuple(rows[0])): rows})


@cache
def _inserting(table: Table) -> Insert:
    return insert(table)


# A process has few databases, a process of tests many.
@lru_cache(maxsize=256)
def insertion_of(table: Table, names: tuple[str, ...], dialect: Dialect) -> Insertion:
    """How rows with values for these columns are inserted."""
    columns = [table.c[name] for name in names]
    binds = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    quoted = map(dialect.identifier_preparer.quote, names)
    return Insertion(table.name, ", ".join(quoted), tuple(zip(names, binds, strict=True)))
