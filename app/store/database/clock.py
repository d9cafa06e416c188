"""What time it is, by the one clock that all processes of an installation share.

Leases, due dates and periods are compared with it in every process. On PostgreSQL it is the
server's: each new connection tells how far it is, and in between this process only counts, so that
its own clock may be wrong by any amount. On SQLite there is one process, and its own clock is the
only one; set back, it stands still until it has caught up, so that what is due stays due.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event

from app.store.database.engine import Store
from app.store.database.walls import EVERYBODY

# Counting and the own clock drift apart by far less between two connections. More is a jump of the
# one, or a machine that stood still and did not count.
_JUMP = timedelta(seconds=1)


def counted() -> float:
    """Seconds of this machine, also of those that it slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the server told, and what the own clock and the count were then."""

    instant: datetime
    own: datetime
    count: float


class SharedClock:
    """The shared clock as this process knows it.

    `own` is the clock of this machine, `count` its seconds since whenever, which nobody can set.
    """

    def __init__(
        self,
        store: Store,
        own: Callable[[], datetime],
        count: Callable[[], float] = counted,
    ) -> None:
        self._store = store
        self._own = own
        self._count = count
        self._guard = threading.Lock()
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._told: _Told | None = None
        if not store.is_sqlite:
            event.listen(store.engine, "connect", self._at_connect)

    def __call__(self) -> datetime:
        """This instant. Raises Busy where the server has to be asked and does not answer."""
        if self._store.is_sqlite:
            with self._guard:
                self._latest = max(self._latest, self._own())
                return self._latest
        told = self._told
        if told is None or self._has_jumped(told):
            told = self._store.read(
                lambda connection: self._asked(connection.connection), EVERYBODY
            )
        return told.instant + self._since(told)

    def _since(self, told: _Told) -> timedelta:
        return timedelta(seconds=self._count() - told.count)

    def _has_jumped(self, told: _Told) -> bool:
        return abs(self._own() - told.own - self._since(told)) > _JUMP

    def _at_connect(self, raw: Any, _record: object) -> None:
        self._asked(raw)
        raw.rollback()

    def _asked(self, raw: Any) -> _Told:
        """Ask on a connection of the driver."""
        sent = self._count()
        with raw.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (instant,) = cursor.fetchone()
        # It was read somewhere in between: this is wrong by half of that at most.
        self._told = _Told(instant, self._own(), (sent + self._count()) / 2)
        return self._told
