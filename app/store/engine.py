"""One database behind two verbs: `read` and `write`, each a whole transaction.

SQLite has one writer: a connection of its own behind a fair lock, opened BEGIN IMMEDIATE; readers
have connections of theirs. PostgreSQL serves both from one pool per process, and a transaction
that lost a race (serialization failure, deadlock) is run again.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from app.store import sweep
from app.store.statements import IndexedBy

T = TypeVar("T")

_RETRYABLE_STATES = {"40001", "40P01"}
_PASSING_STATES = {
    "08001",
    "25P03",
    "25P04",
    "57P05",
    "08003",
    "08006",
    "53300",
    "55P03",
    "57014",
    "57P01",
    "57P02",
    "57P03",
}
# What SQLite says while another process writes, while its disk or file cannot be had, and when a
# statement took too long.
_SQLITE_PASSING = ("locked", "readonly", "unable to open", "disk I/O", "interrupted")
_ATTEMPTS = 6
_POOL_SIZE = 16
_WRITER_PATIENCE_SECONDS = 5.0
_BUSY_MILLISECONDS = 10_000
# What a statement of a reader may take on either database; in operations of SQLite, how often it
# looks at the clock: seldom, for it waits for the interpreter each time.
_READ_SECONDS = 15.0
_OPERATIONS_BETWEEN_LOOKS = 500_000
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    f"busy_timeout={_BUSY_MILLISECONDS}",
    "trusted_schema=OFF",
    # What a savepoint may have to undo is not to be left in files that nobody purges.
    "temp_store=MEMORY",
)
_POSTGRESQL_OPTIONS = (
    "-c lock_timeout=5000 -c statement_timeout=15000"
    " -c idle_in_transaction_session_timeout=30000 -c timezone=UTC"
)


class Busy(Exception):
    """The database cannot serve this now; nothing was changed, a retry may succeed."""


class DiskFull(Exception):
    """The database has no room left; nothing was changed."""


class CommitUnknown(Exception):
    """The connection broke while committing: all of the change is there, or none."""


class FairLock:
    """A lock handed on in the order of arrival, which `threading.Lock` does not promise.

    Whoever waits longer than `patience` seconds gives up: Busy.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_held = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        if not turn.wait(self._patience):
            self._give_up(turn)

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_held = False

    def _give_up(self, turn: threading.Event) -> None:
        with self._guard:
            # The turn may have come between the end of the wait and this line: then it is ours.
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise Busy


class Store:
    """The database of one installation."""

    def __init__(self, url: str, read_seconds: float = _READ_SECONDS) -> None:
        """Of SQLite, a reader's statement that takes more than `read_seconds` is given up: Busy."""
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._turn = FairLock(_WRITER_PATIENCE_SECONDS)
        if self.is_sqlite:
            path = self.url.render_as_string(False)
            self._writer = _sqlite(path, "BEGIN IMMEDIATE", 1, _PRAGMAS)
            self._reader = _sqlite(path, "BEGIN", _POOL_SIZE, (*_PRAGMAS, "query_only=ON"))
            _limit_statements(self._reader, read_seconds)
        else:
            self._writer = _postgresql(self.url.render_as_string(False))
            # The same pool; a reader's statements all see what was committed when it began.
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ")

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent view. Raises Busy."""
        with _faults_named(), self._reader.connect() as connection, connection.begin():
            return work(connection)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` and commit; whatever it raises undoes all of it.

        Runs `work` again where the database asks for it, so `work` must take everything from its
        connection. Raises Busy, DiskFull, CommitUnknown.
        """
        for attempt in range(_ATTEMPTS):
            try:
                with _faults_named():
                    return self._attempt(work)
            except DBAPIError as error:
                if not _is_lost_race(error):
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  jitter, no secret
        raise Busy

    def _attempt(self, work: Callable[[Connection], T]) -> T:
        if not self.is_sqlite:
            with self._writer.connect() as connection:
                return _committed(connection, work)
        with self._turn, self._writer.connect() as connection:
            return _committed(connection, work)

    def is_swept(self, since: datetime) -> bool:
        """Try to clear the files of what was purged before an instant; whether that is done.

        SQLite overwrites what it deletes, and is done once its log is empty. PostgreSQL is done
        once no transaction can see the old rows and they are vacuumed; what its pages held may
        stay in their free space until it is overwritten. Raises NotOwner.
        """
        if not self.is_sqlite:
            with _faults_named(), self._writer.connect() as connection:
                return sweep.is_vacuumed(connection, since)
        with _faults_named(), self._turn, self._writer.connect() as connection:
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


@contextmanager
def _faults_named() -> Iterator[None]:
    """Give the database's faults our names; their own texts may quote values and stay inside."""
    try:
        yield
    except PoolTimeout:
        raise Busy from None
    # Not OperationalError alone: an idle transaction is ended as an "internal" error.
    except DBAPIError as error:
        if _is_lost_race(error):
            raise
        fault = str(error.orig)
        if "disk is full" in fault or _state(error) == "53100":
            raise DiskFull from None
        if any(sign in fault for sign in _SQLITE_PASSING) or _is_out_of_reach(error):
            raise Busy from None
        raise


def _is_out_of_reach(error: DBAPIError) -> bool:
    """No connection, a connection that broke, a server going down, or a lock or time limit."""
    state = _state(error)
    is_unreachable = state is None and not _is_sqlite_fault(error)
    return error.connection_invalidated or is_unreachable or state in _PASSING_STATES


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _is_sqlite_fault(error: DBAPIError) -> bool:
    return type(error.orig).__module__.startswith(("pysqlite3", "sqlite3"))


def _is_lost_race(error: DBAPIError) -> bool:
    return _state(error) in _RETRYABLE_STATES


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
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    engine.dialect.statement_compiler = IndexedBy

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    # The driver's own BEGIN comes too late and is never IMMEDIATE.
    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

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
        pool_pre_ping=True,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        connect_args={"options": _POSTGRESQL_OPTIONS},
    )
