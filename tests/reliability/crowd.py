"""Many at once: threads that start together, and what they counted."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")
_SECONDS_TO_GATHER = 60


def together(acts: Sequence[Callable[[], T]]) -> list[T]:
    """What each act answered, in their order; each has a thread of its own and all start at once.

    Raises what the first of them raised.
    """
    gate = Barrier(len(acts))

    def begun(act: Callable[[], T]) -> T:
        gate.wait(_SECONDS_TO_GATHER)
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        running = [threads.submit(begun, act) for act in acts]
    return [one.result() for one in running]
