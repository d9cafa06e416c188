"""Writers who wait behind one that holds the turn, so that they come one right after the other."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, select

from app.domain.parties import Payer
from app.store import tables
from app.store.database.engine import Store
from app.store.parties import Parties
from tests.builders import NOW

WAIT_SECONDS = 60


def add(name: str) -> Callable[[Connection], str]:
    """A work that adds a row, and tells how many rows it saw with it."""

    def work(connection: Connection) -> str:
        Parties(connection).add_payer(Payer(name, name), NOW)
        return f"{name} of {len(names(connection))}"

    return work


def names(connection: Connection) -> list[str]:
    """The rows that there are."""
    return list(connection.scalars(select(tables.payer.c.name).order_by(tables.payer.c.name)))


class Crowd:
    """The first to write holds the turn until it is told; the others come in the order of `send`.

    `told` is what each was answered, in the order of `send`: a result, or what it raised.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._goes_on = threading.Event()
        self._threads: list[threading.Thread] = []
        self.told: list[Any] = []
        holds = threading.Event()

        def first(_connection: Connection) -> None:
            holds.set()
            self._goes_on.wait(WAIT_SECONDS)

        def begin() -> None:
            # Its commit may be the one that is to fail.
            with suppress(Exception):
                store.write(first)

        self._start(begin)
        holds.wait(WAIT_SECONDS)

    def send(self, write: Callable[[], Any]) -> None:
        """Start one that will have to wait."""
        self.told.append(None)
        at, waiting = len(self.told) - 1, len(self._threads)

        def asked() -> None:
            try:
                self.told[at] = write()
            except BaseException as fault:  # noqa: BLE001  what it was told is what is tested
                self.told[at] = fault

        self._start(asked)
        pause = threading.Event()
        for _ in range(WAIT_SECONDS * 1000):
            # Nothing else tells that a thread waits.
            if len(self._store._group._lock._waiting) == waiting:  # noqa: SLF001
                return
            pause.wait(0.001)
        raise AssertionError("it never waited")

    def let_go(self) -> None:
        """The first goes on, and with it all others."""
        self._goes_on.set()

    def answers(self) -> list[Any]:
        """What each was told, once all were."""
        self.let_go()
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
        return self.told

    def _start(self, run: Callable[[], Any]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)
