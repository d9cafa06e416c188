"""Inserting many rows of one table as fast as the database's own driver does.

SQLAlchemy takes longer over the parameters of a row than SQLite over the row; so the statement is
made once, and the values are turned into the driver's by the column types themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Table, insert


@dataclass(frozen=True, slots=True)
class _Insertion:
    """A statement of SQLite with a mark for each column, and what makes the driver's values."""

    text: str
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(
            [row[name] if bind is None else bind(row[name]) for name, bind in self.columns]
        )


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have values for the same columns."""
    if connection.dialect.name != "sqlite":
        # There SQLAlchemy sends many rows in one statement, which is what counts.
        connection.execute(inserting(table), rows)
        return
    insertion = _insertion(table, tuple(rows[0]), connection.dialect)
    connection.exec_driver_sql(insertion.text, [insertion.values(row) for row in rows])


@cache
def inserting(table: Table) -> Insert:
    """The one statement that inserts into a table."""
    return insert(table)


# A process has few databases, a process of tests many.
@lru_cache(maxsize=256)
def _insertion(table: Table, names: tuple[str, ...], dialect: Dialect) -> _Insertion:
    columns = [table.c[name] for name in names]
    marks = ", ".join("?" * len(names))
    return _Insertion(
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608  our own
        tuple(
            (column.name, column.type.dialect_impl(dialect).bind_processor(dialect))
            for column in columns
        ),
    )
