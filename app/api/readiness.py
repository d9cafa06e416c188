"""Whether the database answers: one asks it, everybody else is told what that one found.

So neither the many who ask for the server's health nor a database that hangs keep a probe from its
answer. Docs: docs/operations.md.
"""

import threading
import time
from collections.abc import Callable

# Asked again by the first who asks after that.
FRESH_SECONDS = 1.0
# A database that takes longer for one row is not ready, whatever it will say in the end.
PATIENCE_SECONDS = 2.0


class Readiness:
    """What is known of the database; `is_there` asks it, and may take any time.

    Begins with a yes: whoever makes one has just read from the database.
    """

    def __init__(
        self, is_there: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._is_there = is_there
        self._clock = clock
        self._guard = threading.Lock()
        self._is_ready = True
        # When the last yes came, and since when somebody asks.
        self._seen: float | None = None
        self._asked: float | None = None

    def is_ready(self) -> bool:
        """Whether it answers, as of a second ago or later; waits for the database in one thread."""
        with self._guard:
            now = self._clock()
            if self._asked is not None:
                return self._is_ready and now - self._asked < PATIENCE_SECONDS
            if self._seen is not None and now - self._seen < FRESH_SECONDS:
                return True
            self._asked = now
        return self._found()

    def _found(self) -> bool:
        is_ready = False
        try:
            is_ready = self._is_there()
        finally:
            with self._guard:
                self._asked = None
                self._is_ready = is_ready
                # A no is not kept, so that the end of it is seen at once.
                self._seen = self._clock() if is_ready else None
        return is_ready
