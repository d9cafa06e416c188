"""One database behind two verbs: `read` and `write`, each a whole transaction.

SQLite has one writer: a connection of its own behind a fair lock, opened BEGIN IMMEDIATE, whose
commits may be shared by those who wait for it; readers have connections of theirs. PostgreSQL
serves both from one pool per process, and a transaction that lost a race (serialization failure,
deadlock) is run again.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from app.store.database import direct, pooled, sweep
from app.store.database.fair_lock import FairLock
from app.store.database.faults import Busy, CommitUnknown, DiskFull, faults_named, is_lost_race
from app.store.database.group_commit import COMMITS_WORTH, GroupCommit
from app.store.statements import IndexedBy

__all__ = ["Busy", "CommitUnknown", "DiskFull", "Store"]

T = TypeVar("T")

_ATTEMPTS = 6
_POOL_SIZE = 16
_WRITER_PATIENCE_SECONDS = 5.0
_BUSY_MILLISECONDS = 10_000
# What a statement of a reader may take on either database; in operations of SQLite, how often it
# looks at the clock: seldom, for it waits for the interpreter each time.
_READ_SECONDS = 15.0
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
    f"busy_timeout={_BUSY_MILLISECONDS}",
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


class Store:
    """The database of one installation."""

    def __init__(
        self, url: str, read_seconds: float = _READ_SECONDS, commits_worth: float = COMMITS_WORTH
    ) -> None:
        """Of SQLite, a reader's statement that takes more than `read_seconds` is given up: Busy.

        `commits_worth`: how many commits long a transaction of several writers may be.
        """
        self.url = make_url(url)
        self._pid = os.getpid()
        self._owning = threading.Lock()
        self._commits_worth = commits_worth
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            path = self.url.render_as_string(False)
            self._writer = _sqlite(path, "BEGIN IMMEDIATE", 1, _PRAGMAS)
            self._reader = _sqlite(path, "BEGIN", _POOL_SIZE, (*_PRAGMAS, "query_only=ON"))
            _limit_statements(self._reader, read_seconds)
            self._group: GroupCommit | None = self._grouped()
        else:
            self._writer = _postgresql(self.url.render_as_string(False))
            # The server groups commits itself.
            self._group = None
            self._reader = self._writer

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent view. Raises Busy."""
        self._own()
        with faults_named(), self._reading() as connection, connection.begin():
            return work(connection)

    def glance(self, work: Callable[[Connection], T]) -> T:
        """Run `work` that asks one `Question`: a statement is a view of its own. Raises Busy.

        No transaction is opened for it, which would cost more than the statement.
        """
        self._own()
        if self.is_sqlite:
            with faults_named(), self._reader.connect() as connection:
                return work(connection)
        with faults_named():
            return pooled.asked(self._writer, work, _POOL_SIZE)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` and commit; whatever it raises undoes all of it.

        Runs `work` again where the database asks for it, so `work` must take everything from its
        connection. Raises Busy, DiskFull, CommitUnknown.
        """
        self._own()
        for attempt in range(_ATTEMPTS):
            try:
                with faults_named():
                    return self._attempt(work)
            except DBAPIError as error:
                if not is_lost_race(error):
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  jitter, no secret
        raise Busy

    def _own(self) -> None:
        """Leave a parent its connections: a process that was forked begins with none."""
        if self._pid == os.getpid():
            return
        with self._owning:
            if self._pid == os.getpid():
                return
            for engine in (self._writer, self._reader):
                engine.dispose(close=False)
            if self._group is not None:
                # Whoever held the lock, or waits at it, is a thread of the parent's. What it wrote
                # is kept out of reach: thrown away, it would be undone in the parent's file.
                self._parents_group = self._group
                self._group = self._grouped()
            self._pid = os.getpid()

    def _grouped(self) -> GroupCommit:
        return GroupCommit(self._writer, FairLock(_WRITER_PATIENCE_SECONDS), self._commits_worth)

    def _attempt(self, work: Callable[[Connection], T]) -> T:
        if self._group is not None:
            return self._group.run(work)
        with pooled.begun(self._writer, pooled.WRITING, _POOL_SIZE) as connection:
            return _committed(connection, work)

    def _reading(self) -> AbstractContextManager[Connection]:
        if self.is_sqlite:
            return self._reader.connect()
        return pooled.begun(self._writer, pooled.READING, _POOL_SIZE)

    def is_swept(self, since: datetime) -> bool:
        """Try to clear the files of what was purged before an instant; whether that is done.

        SQLite overwrites what it deletes, and is done once its log is empty. PostgreSQL is done
        once no transaction can see the old rows and they are vacuumed; what its pages held may
        stay in their free space until it is overwritten. Raises NotOwner.
        """
        self._own()
        if self._group is None:
            with faults_named(), self._writer.connect() as connection:
                return sweep.is_vacuumed(connection, since)
        with faults_named(), self._group.alone() as connection:
            return sweep.is_log_empty(connection, _BUSY_MILLISECONDS)

    def close(self) -> None:
        """Give every connection back."""
        self._writer.dispose()
        self._reader.dispose()


def _committed(connection: Connection, work: Callable[[Connection], T]) -> T:
    transaction = connection.begin()
    try:
        result = work(connection)
    except BaseException:
        transaction.rollback()
        raise
    try:
        transaction.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise CommitUnknown from None
        raise
    return result


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


def _postgresql(url: str) -> Engine:
    return create_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        pool_timeout=5,
        pool_recycle=1800,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        connect_args={"options": _POSTGRESQL_OPTIONS, "connect_timeout": _CONNECT_SECONDS},
    )
