"""How each database is connected to: what a connection is told, how many there are.

Docs: docs/operations.md.
"""

import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from app.store.database import direct, walls
from app.store.statements import IndexedBy

POOL_SIZE = 16
BUSY_MILLISECONDS = 10_000
# What a statement of a reader may take on either database; in operations of SQLite, how often it
# looks at the clock: seldom, for it waits for the interpreter each time.
READ_SECONDS = 15.0
_OPERATIONS_BETWEEN_LOOKS = 500_000
# Prepared statements, by each connection. By itself the driver keeps some hundred, those that were
# used most often: once it has as many, new ones push each other out and are prepared at each
# execution, which takes several times as long as they do.
_STATEMENTS_KEPT = 500
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    f"busy_timeout={BUSY_MILLISECONDS}",
    "trusted_schema=OFF",
    # What a savepoint may have to undo is not to be left in files that nobody purges.
    "temp_store=MEMORY",
    # 16 MB instead of 4: of what one commit writes, most pages are written again by the next few.
    "wal_autocheckpoint=4000",
)
# A server that takes up a connection and says nothing would hold who asks for ever.
_CONNECT_SECONDS = 5
_POSTGRESQL_OPTIONS = (
    "-c lock_timeout=5000 -c statement_timeout=15000"
    " -c idle_in_transaction_session_timeout=30000 -c timezone=UTC"
)


def sqlite_writer(url: str) -> Engine:
    """The one connection that writes; its transactions are the writer's from their beginning."""
    return _sqlite(url, "BEGIN IMMEDIATE", 1, _PRAGMAS)


def sqlite_reader(url: str, read_seconds: float) -> Engine:
    """Connections that only read, and give up a statement that takes longer."""
    engine = _sqlite(url, "BEGIN", POOL_SIZE, (*_PRAGMAS, "query_only=ON"))
    _limit_statements(engine, read_seconds)
    return engine


def _sqlite(url: str, begin: str, size: int, pragmas: tuple[str, ...]) -> Engine:
    # The interpreter's own SQLite may be years old; the wheel carries a current one.
    import pysqlite3

    engine = create_engine(
        url,
        module=pysqlite3.dbapi2,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=5,
        hide_parameters=True,
        connect_args={
            "check_same_thread": False,
            "isolation_level": None,
            "cached_statements": _STATEMENTS_KEPT,
        },
    )

    engine.dialect.statement_compiler = IndexedBy

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    # The driver's own BEGIN comes too late and is never IMMEDIATE.
    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        direct.executed(connection, begin).close()

    return engine


def _limit_statements(engine: Engine, seconds: float) -> None:
    """Give up what takes longer, as PostgreSQL's statement_timeout does."""

    @event.listens_for(engine, "before_cursor_execute")
    def start(connection: Connection, *_: object) -> None:
        until = time.monotonic() + seconds
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(lambda: time.monotonic() > until, _OPERATIONS_BETWEEN_LOOKS)


def postgresql(url: str) -> Engine:
    """The pool of a process, for those who read and those who write."""
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=5,
        pool_recycle=1800,
        hide_parameters=True,
        # Of the driver alone: a transaction is begun here, with what has to be told in it.
        isolation_level="AUTOCOMMIT",
        connect_args={"options": _POSTGRESQL_OPTIONS, "connect_timeout": _CONNECT_SECONDS},
    )
    event.listen(engine, "begin", walls.begin)
    return engine
