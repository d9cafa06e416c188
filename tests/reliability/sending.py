"""Threads that go on sending as long as a block lasts."""

from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self


class Sending:
    """Runs `send_on(number)` in so many threads, which each look whether it `has_ended`."""

    def __init__(self, threads: int, send_on: Callable[[int], None]) -> None:
        self._ended = Event()
        self._running = [Thread(target=send_on, args=(number,)) for number in range(threads)]

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is to be sent."""
        return self._ended.is_set()

    def __enter__(self) -> Self:
        """Begin to send."""
        for thread in self._running:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Send no more, and wait for the last answers."""
        self._ended.set()
        for thread in self._running:
            thread.join()
