"""Rows straight into tables, as fast as the database's own driver takes them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table

Row = Sequence[Any]


def binders(connection: Connection, table: Table, names: Iterable[str]) -> list[Callable[..., Any]]:
    """For each of these columns: what makes of a value what the driver is given."""
    types = [table.c[name].type.dialect_impl(connection.dialect) for name in names]
    return [one.bind_processor(connection.dialect) or (lambda value: value) for one in types]


def bound(connection: Connection, table: Table, given: list[dict[str, Any]]) -> list[Row]:
    """Rows as the driver is given them, in the order of the first one's names."""
    names = list(given[0])
    bind = binders(connection, table, names)
    return [tuple(read(row[name]) for name, read in zip(names, bind, strict=True)) for row in given]


def write(connection: Connection, table: Table, names: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows by COPY, or by one prepared statement."""
    driver = connection.connection.driver_connection
    assert driver is not None
    columns = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        driver.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", rows)  # noqa: S608
        return
    # Nothing is copied into a table behind a wall; its owner may take it down for itself.
    driver.execute(f"ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY")
    with driver.cursor().copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    driver.execute(f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY")
