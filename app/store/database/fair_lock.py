"""A lock handed on in the order of arrival, which `threading.Lock` does not promise."""

import threading
from collections import deque

from app.store.database.faults import Busy


class FairLock:
    """Whoever waits longer than `patience` seconds gives up: Busy."""

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
            if not self._next():
                self._is_held = False

    def hands_on(self) -> bool:
        """Let the next have it; False, and it stays whose it is, where nobody waits."""
        with self._guard:
            return self._next()

    def _next(self) -> bool:
        if not self._waiting:
            return False
        self._waiting.popleft().set()
        return True

    def _give_up(self, turn: threading.Event) -> None:
        with self._guard:
            # The turn may have come between the end of the wait and this line: then it is ours.
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise Busy
