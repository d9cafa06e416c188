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
from typing import TypeVar

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError

from app.store.database import connecting, pooled, sweep
from app.store.database.fair_lock import FairLock
from app.store.database.faults import (
    Busy,
    CommitUnknown,
    DiskFull,
    OldKey,
    faults_named,
    is_lost_race,
)
from app.store.database.group_commit import COMMITS_WORTH, GroupCommit
from app.store.database.pooled import READING, READING_ONE, WRITING
from app.store.database.walls import EVERYBODY, Wall
from app.store.encryption.vault import OPTION, Vault

__all__ = ["Busy", "CommitUnknown", "DiskFull", "Store"]

T = TypeVar("T")

_ATTEMPTS = 6
_WRITER_PATIENCE_SECONDS = 5.0


class Store:
    """The database of one installation."""

    def __init__(
        self,
        url: str,
        read_seconds: float = connecting.READ_SECONDS,
        commits_worth: float = COMMITS_WORTH,
        vault: Vault | None = None,
    ) -> None:
        """Of SQLite, a reader's statement that takes more than `read_seconds` is given up: Busy.

        `commits_worth`: how many commits long a transaction of several writers may be. `vault`
        opens and closes what is encrypted; None: nothing ever is.
        """
        self.url = make_url(url)
        self.vault = vault
        self._pid = os.getpid()
        self._owning = threading.Lock()
        self._commits_worth = commits_worth
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            path = self.url.render_as_string(False)
            self._writer = connecting.sqlite_writer(path)
            self._reader = connecting.sqlite_reader(path, read_seconds)
            for engine in (self._writer, self._reader):
                engine.update_execution_options(**{OPTION: vault})
            self._group: GroupCommit | None = self._grouped()
        else:
            self._writer = connecting.postgresql(self.url.render_as_string(False))
            # The server groups commits itself.
            self._group = None
            self._writer.update_execution_options(**{OPTION: vault})
            # The same pool.
            self._reader = self._writer

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    def read(self, work: Callable[[Connection], T], wall: Wall = EVERYBODY) -> T:
        """Run `work` on one consistent view, for those whom `wall` names. Raises Busy."""
        self._own()
        reading = self._reader.connect() if self.is_sqlite else self._begun(READING, wall)
        with faults_named(), reading as connection, connection.begin():
            return work(connection)

    def glance(self, work: Callable[[Connection], T], wall: Wall = EVERYBODY) -> T:
        """Run `work` that asks one `Question`: a statement is a view of its own. Raises Busy.

        On SQLite no transaction is opened for it, which would cost more than the statement.
        """
        self._own()
        if self.is_sqlite:
            with faults_named(), self._reader.connect() as connection:
                return work(connection)
        with faults_named(), self._begun(READING_ONE, wall) as connection:
            return work(connection)

    def noted(
        self,
        work: Callable[[Connection], T],
        note: Callable[[Connection, T], None],
        wall: Wall = EVERYBODY,
        *,
        by_itself: bool = False,
    ) -> T:
        """As `read`, or `glance` if by itself; then `note` is run and committed.

        On PostgreSQL by the same connection, on SQLite as a part of the writer's next commit.
        Raises as `read` and `write` do, and then nothing is given.
        """
        self._own()
        if self.is_sqlite:
            found = self.glance(work) if by_itself else self.read(work)
            self.write(lambda connection: note(connection, found))
            return found

        def both(connection: Connection) -> T:
            found = work(connection)
            note(connection, found)
            return found

        with faults_named(), self._begun(WRITING if by_itself else READING, wall) as connection:
            return _committed(connection, both)

    def write(self, work: Callable[[Connection], T], wall: Wall = EVERYBODY) -> T:
        """Run `work` for `wall`, and commit; whatever it raises undoes all of it.

        Runs `work` again where the database asks for it, or keys may be others now, so `work` must
        take everything from its connection. Raises Busy, DiskFull, CommitUnknown.
        """
        self._own()
        for attempt in range(_ATTEMPTS):
            try:
                with faults_named():
                    return self._attempt(work, wall)
            except OldKey:
                if self.vault is None or attempt:
                    raise
                self.vault.look_again()
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

    def _attempt(self, work: Callable[[Connection], T], wall: Wall) -> T:
        if self._group is not None:
            return self._group.run(work)
        with self._begun(WRITING, wall) as connection:
            return _committed(connection, work)

    def _begun(self, begin: str, wall: Wall) -> AbstractContextManager[Connection]:
        """A connection of PostgreSQL in a transaction for those whom `wall` names."""
        return pooled.begun(self._writer, begin, wall, connecting.POOL_SIZE)

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
            return sweep.is_log_empty(connection, connecting.BUSY_MILLISECONDS)

    def is_settled(self, since: datetime) -> bool:
        """Whether nobody reads what was replaced before an instant, by the database's clock."""
        self._own()
        if self._group is None:
            with faults_named(), self._writer.connect() as connection:
                return not sweep.has_older(connection, since)
        with faults_named(), self._group.alone() as connection:
            return sweep.is_log_empty(connection, connecting.BUSY_MILLISECONDS)

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
