"""A store whose process is killed at a chosen point: beside a change, or beside a commit."""

import os
import signal
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, event

from app.store.database.engine import Store
from app.store.database.walls import EVERYBODY, Wall

T = TypeVar("T")

# Statements that change nothing by themselves.
_NO_CHANGE = ("SELECT", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA")
_WORDS_OF_A_NAME = 3


class Point(NamedTuple):
    """Where a process may end: a name for a person, and how many commits were done by then."""

    name: str
    commits: int


class MortalStore(Store):
    """The database of a process that may be killed, as by `kill -9`, at the n-th point.

    In a process that lives it tells which points were passed, and calls `at_commit` after each
    commit.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.points: list[Point] = []
        self.at_commit: Callable[[], None] = lambda: None
        self._last: int | None = None
        self._commits = 0
        self._is_writing = False
        event.listen(self.engine, "before_cursor_execute", self._before)
        event.listen(self.engine, "after_cursor_execute", self._after)

    def begin(self, last: int | None = None) -> None:
        """Count the points anew; the process ends at the one with this number."""
        self.points, self._last, self._commits = [], last, 0

    def write(self, work: Callable[[Connection], T], wall: Wall = EVERYBODY) -> T:
        """Run `work` and commit, with a point on either side of the commit."""

        def with_a_point(connection: Connection) -> T:
            result = work(connection)
            self._point("before commit")
            return result

        self._is_writing = True
        try:
            written = super().write(with_a_point, wall)
            self._commits += 1
            self._point("after commit")
        finally:
            self._is_writing = False
        self.at_commit()
        return written

    def _before(self, _connection: object, _cursor: object, statement: str, *_: Any) -> None:
        self._statement("before", statement)

    def _after(self, _connection: object, _cursor: object, statement: str, *_: Any) -> None:
        self._statement("after", statement)

    def _statement(self, when: str, statement: str) -> None:
        # Whoever looks at the rows does so by the same engine, and must not die of it.
        if self._is_writing and not statement.lstrip().startswith(_NO_CHANGE):
            self._point(" ".join([when, *statement.split()[:_WORDS_OF_A_NAME]]))

    def _point(self, name: str) -> None:
        if len(self.points) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.points.append(Point(name, self._commits))
