"""Statements that are given to the driver itself, past what SQLAlchemy does for each execution.

Whoever listens to statements hears of these, too, and a fault has the name it has elsewhere. On
PostgreSQL values stand in a statement as `$1`: marks by name are looked for each time in what is
long.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def fetched(connection: Connection, sql: str, values: Sequence[Any]) -> list[Any]:
    """The rows that a statement gives, as the driver's tuples. Raises DBAPIError."""
    cursor = executed(connection, sql, values)
    try:
        rows: list[Any] = cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise named(connection, sql, error, cursor) from error
    finally:
        cursor.close()
    return rows


def changed(connection: Connection, sql: str, values: Sequence[Any]) -> int:
    """How many rows a statement wrote or took away. Raises DBAPIError."""
    cursor = executed(connection, sql, values)
    count: int = cursor.rowcount
    cursor.close()
    return count


def changed_by_each(connection: Connection, sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """How many rows a statement changed that is run with each of these. Raises DBAPIError."""
    cursor = executed(connection, sql, rows, is_many=True)
    count: int = cursor.rowcount
    cursor.close()
    return count


def executed(
    connection: Connection, sql: str, values: Sequence[Any] = (), *, is_many: bool = False
) -> Any:
    """The driver's cursor after a statement; whoever asks closes it. Raises DBAPIError.

    `is_many`: it is run with each of the values.
    """
    fairy: Any = connection.connection
    driver = fairy.driver_connection
    cursor = driver.cursor() if connection.dialect.name == "sqlite" else psycopg.RawCursor(driver)
    heard = connection.dispatch
    try:
        # It is also what limits their time. To call nobody takes longer than to look for them.
        if before := heard.before_cursor_execute:
            before(connection, cursor, sql, values, None, is_many)
        if is_many:
            cursor.executemany(sql, values)
        else:
            cursor.execute(sql, values)
        if after := heard.after_cursor_execute:
            after(connection, cursor, sql, values, None, is_many)
    except connection.dialect.loaded_dbapi.Error as error:
        cursor.close()
        raise named(connection, sql, error, cursor) from error
    except BaseException:
        cursor.close()
        raise
    return cursor


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
