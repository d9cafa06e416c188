"""PostgreSQL's pool: whether a connection is still alive is told by what it is asked first.

To ask each of them beforehand would be a question of its own for every request. The server may have
been away since a connection was used last: then all that wait in the pool are dead, one after the
other is given up, and behind them there are new ones. Nothing was done on any of those.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from app.store.database.faults import Busy

T = TypeVar("T")

WRITING = b"BEGIN ISOLATION LEVEL READ COMMITTED"
# All statements see what was committed when the first of them began.
READING = b"BEGIN ISOLATION LEVEL REPEATABLE READ"
_BEGUN = psycopg.pq.ExecStatus.COMMAND_OK


@contextmanager
def begun(engine: Engine, begin: bytes, most: int) -> Iterator[Connection]:
    """A connection in a transaction that has begun; of `most` that may be dead. Raises Busy."""
    with _alive(engine, begin, most) as connection:
        yield connection


def asked(engine: Engine, work: Callable[[Connection], T], most: int) -> T:
    """What `work` asks by one statement, without a transaction; as in `begun`. Raises Busy."""
    for _ in range(most + 1):
        with engine.connect() as connection:
            try:
                with _by_itself(connection):
                    return work(connection)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
    raise Busy


def _alive(engine: Engine, begin: bytes, most: int) -> Connection:
    for _ in range(most + 1):
        connection = engine.connect()
        if _is_begun(connection, begin):
            return connection
        connection.invalidate()
        connection.close()
    raise Busy


def _is_begun(connection: Connection, begin: bytes) -> bool:
    driver: Any = connection.connection.driver_connection
    try:
        # By the library below the driver, which would prepare it: it takes a tenth of the time.
        return bool(driver.pgconn.exec_(begin).status == _BEGUN)
    except psycopg.Error:
        return False


@contextmanager
def _by_itself(connection: Connection) -> Iterator[None]:
    """Let the driver open no transaction for what is asked."""
    driver: Any = connection.connection.driver_connection
    driver.autocommit = True
    try:
        yield
    finally:
        # One that broke is given up.
        if not driver.closed:
            driver.autocommit = False
