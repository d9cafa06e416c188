"""SQLite's one writer: writers who wait for it share a transaction, and one wait for the disk.

Each runs in its own thread, behind the one before, in a savepoint; the last commits for all, and
nobody is answered before that. A transaction is handed on only while somebody waits, and for about
as long as its commit will take: where the disk is fast, each has one of its own.

Docs: docs/adr/0018-group-commit-on-sqlite.md.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, NestedTransaction
from sqlalchemy.exc import DBAPIError

from app.store.database.fair_lock import FairLock
from app.store.database.faults import Busy, CommitUnknown, DiskFull, faults_named
from app.store.together.transaction import ended

T = TypeVar("T")

_MOST = 64
# How many commits long a transaction may be before it is committed, whoever waits.
COMMITS_WORTH = 2.0
# Of a new commit's time this part counts, of what was known before the rest.
_NEWS = 0.2
# Until one is known: as on a plain disk.
_FIRST_COMMIT_SECONDS = 0.002
# Far longer than any transaction takes: its writer is gone without a trace.
_LONGEST_WAIT_SECONDS = 60.0


class GroupCommit:
    """Runs works on the one connection that an engine has."""

    def __init__(self, engine: Engine, lock: FairLock, commits_worth: float) -> None:
        self._engine = engine
        self._lock = lock
        self._commits_worth = commits_worth
        self._commit_seconds = _FIRST_COMMIT_SECONDS
        # Whose turn it is finds here the transaction that is handed on.
        self._open: _Shared | None = None

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` and commit; raises what it raises, and what the commit does."""
        part: _Part[T] = _Part()
        shared = None
        is_ours = True
        self._lock.__enter__()
        try:
            shared, self._open = self._open or _Shared(self._engine.connect()), None
            shared.run(work, part)
            if self._may_go_on(shared):
                self._open = shared
                is_ours = not self._lock.hands_on()
            if is_ours:
                self._open = None
                self._end(shared)
        except BaseException:
            if shared is not None:
                shared.give_up()
            raise
        finally:
            if is_ours:
                self._lock.__exit__()
        return shared.answer(part)

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """The connection, without a transaction of anybody's."""
        with self._lock:
            shared, self._open = self._open, None
            if shared is not None:
                self._end(shared)
            with self._engine.connect() as connection:
                yield connection

    def _may_go_on(self, shared: "_Shared") -> bool:
        most = self._commits_worth * self._commit_seconds
        return shared.may_go_on and time.monotonic() - shared.begun_at < most

    def _end(self, shared: "_Shared") -> None:
        begun_at = time.monotonic()
        shared.end()
        took = time.monotonic() - begun_at
        self._commit_seconds += _NEWS * (took - self._commit_seconds)


class _Part(Generic[T]):
    """What one work came to."""

    value: T
    fault: BaseException | None = None


class _Shared:
    """One transaction, and everybody who waits for its commit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        try:
            self._transaction = connection.begin()
        except BaseException:
            connection.close()
            raise
        self.begun_at = time.monotonic()
        self._parts = 0
        self._is_undone = False
        self._ended = threading.Event()
        self._fault: BaseException | None = None

    @property
    def may_go_on(self) -> bool:
        """Whether there is something to commit, and room for more."""
        return not self._is_undone and self._parts < _MOST

    def run(self, work: Callable[[Connection], T], part: _Part[T]) -> None:
        """Run one work; what it raises is kept, and undoes what it did alone."""
        self._parts += 1
        savepoint = None
        try:
            # Alone in it, nobody needs one: the transaction itself can be undone.
            savepoint = self._connection.begin_nested() if self._parts > 1 else None
            part.value = work(self._connection)
            if savepoint is not None:
                savepoint.commit()
        except BaseException as fault:  # noqa: BLE001  raised where the caller is answered
            part.fault = fault
            self._undo(savepoint, fault)
        ended(self._connection)

    def end(self) -> None:
        """Commit, and let everybody know."""
        try:
            if not self._is_undone:
                self._commit()
        finally:
            self._close()

    def give_up(self) -> None:
        """Nothing of it is to be committed."""
        if not self._ended.is_set():
            self._fault = self._fault or Busy()
            self._close()

    def answer(self, part: _Part[T]) -> T:
        """What a work came to, once it is certain."""
        if isinstance(part.fault, Exception) or part.fault is None:
            if not self._ended.wait(_LONGEST_WAIT_SECONDS):
                raise CommitUnknown
            # What it was refused by may never have been, if nothing of that is committed.
            if self._fault is not None:
                raise _again(self._fault)
        if part.fault is not None:
            raise part.fault
        return part.value

    def _undo(self, savepoint: NestedTransaction | None, fault: BaseException) -> None:
        if savepoint is None and self._parts == 1:
            self._is_undone = True
            with suppress(DBAPIError):
                self._transaction.rollback()
            return
        with suppress(DBAPIError):
            if savepoint is not None:
                savepoint.rollback()
        if not self._is_open():
            # A full disk or one that fails lets SQLite undo all of it, whosever it was.
            self._is_undone = True
            self._fault = _of_all(fault)

    def _commit(self) -> None:
        if not self._is_open():
            self._fault = Busy()
            return
        try:
            with faults_named():
                self._transaction.commit()
        except DBAPIError as error:
            self._fault = CommitUnknown() if error.connection_invalidated else error
        except BaseException as fault:  # noqa: BLE001  raised where each caller is answered
            self._fault = fault

    def _close(self) -> None:
        try:
            if self._is_open():
                # A commit that failed may leave it open, and the next could not begin.
                self._raw.rollback()
            self._connection.close()
        finally:
            self._ended.set()

    def _is_open(self) -> bool:
        return bool(self._raw.in_transaction)

    @property
    def _raw(self) -> Any:
        return self._connection.connection.driver_connection


def _of_all(fault: BaseException) -> BaseException:
    """What everybody is told of a transaction that was undone by the fault of one."""
    try:
        with faults_named():
            raise fault  # noqa: TRY301  for its name alone
    except DiskFull as full:
        return full
    except BaseException:  # noqa: BLE001  nothing was changed, whatever it was
        return Busy()


def _again(fault: BaseException) -> BaseException:
    """A fault of all, for one of them: each thread raises its own."""
    return type(fault)() if isinstance(fault, Busy | DiskFull | CommitUnknown) else fault
