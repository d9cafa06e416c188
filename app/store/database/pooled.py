"""PostgreSQL's pool: whether a connection is still alive is told by what it is asked first.

To ask each of them beforehand would be a question of its own for every request. The server may have
been away since a connection was used last: then all that wait in the pool are dead, one after the
other is given up, and behind them there are new ones. Nothing was done on any of those.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine

from app.store.database import walls
from app.store.database.faults import Busy
from app.store.database.walls import Wall

WRITING = "BEGIN ISOLATION LEVEL READ COMMITTED"
# All statements see what was committed when the first of them began.
READING = "BEGIN ISOLATION LEVEL REPEATABLE READ"
# For one statement, which is a view of its own.
READING_ONE = "BEGIN READ ONLY"
_BEGUN = psycopg.pq.ExecStatus.COMMAND_OK


@contextmanager
def begun(engine: Engine, begin: str, wall: Wall, most: int) -> Iterator[Connection]:
    """A connection in a transaction that has begun for these; of `most` that may be dead.

    What it did is undone at the end, unless it was committed. Raises Busy.
    """
    told = f"{begin}; {walls.told(wall)}".encode()
    with _alive(engine, told, most) as connection:
        yield walls.behind(connection, wall)


def _alive(engine: Engine, told: bytes, most: int) -> Connection:
    for _ in range(most + 1):
        connection = engine.connect()
        if _is_begun(connection, told):
            return connection
        connection.invalidate()
        connection.close()
    raise Busy


def _is_begun(connection: Connection, told: bytes) -> bool:
    driver: Any = connection.connection.driver_connection
    try:
        # By the library below the driver, which would prepare it: it takes a tenth of the time.
        return bool(driver.pgconn.exec_(told).status == _BEGUN)
    except psycopg.Error:
        return False
