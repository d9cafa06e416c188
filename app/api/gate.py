"""A bounded number at once, a bounded number waiting, a bounded wait; everybody else is told so."""

import threading
from collections import deque


class Gate:
    """Lets `places` in at once and `waiting` wait for `patience` seconds, in order of arrival."""

    def __init__(self, places: int, waiting: int, patience: float) -> None:
        self._free = places
        self._most_waiting = waiting
        self._patience = patience
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        with self._guard:
            return len(self._waiting)

    def enter(self) -> bool:
        """Whether there is a place, at once or within the patience; whoever enters has to leave."""
        with self._guard:
            # Nobody waits while a place is free.
            if self._free:
                self._free -= 1
                return True
            if len(self._waiting) >= self._most_waiting:
                return False
            turn = threading.Event()
            self._waiting.append(turn)
        return turn.wait(self._patience) or self._has_come(turn)

    def leave(self) -> None:
        """Hand the place on."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1

    def _has_come(self, turn: threading.Event) -> bool:
        with self._guard:
            if turn not in self._waiting:
                # It came between the end of the wait and this line.
                return True
            self._waiting.remove(turn)
            return False
