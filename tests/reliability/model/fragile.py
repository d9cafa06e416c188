"""A store that dies when it is told to: in the middle of a transaction, or with it committed."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, event

from app.store.database.engine import Store
from app.store.database.walls import EVERYBODY, Wall
from tests.keys import a_vault

T = TypeVar("T")


class Crash(BaseException):
    """The process is gone: nothing that catches mere errors sees it."""


class FragileStore(Store):
    """The database of a process that ends at a chosen point, and does nothing from then on.

    A point is before each statement of a write, before its commit, and after it, when all is
    written and nobody was told.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, vault=a_vault())
        self.has_died = False
        self._points_left: int | None = None
        self._is_writing = False
        event.listen(self.engine, "before_cursor_execute", self._before_statement)

    def die_after(self, points: int | None) -> None:
        """Die at the point after so many others; None: not at all."""
        self._points_left = points

    def write(self, work: Callable[[Connection], T], wall: Wall = EVERYBODY) -> T:
        """Run `work` and commit, with a point on either side of the commit."""

        def with_a_point(connection: Connection) -> T:
            result = work(connection)
            self._point()
            return result

        self._is_writing = True
        try:
            written = super().write(with_a_point, wall)
            self._point()
        finally:
            self._is_writing = False
        return written

    def _before_statement(self, *_: Any) -> None:
        # The tests read by the same engine, and must not die of it.
        if self._is_writing:
            self._point()

    def _point(self) -> None:
        if self._points_left == 0:
            self.has_died = True
        if self.has_died:
            # Also what the dying process would still do: the dead write nothing.
            raise Crash
        if self._points_left is not None:
            self._points_left -= 1
