"""The lock in front of SQLite's one writer."""

import threading

import pytest

from app.store.database.fair_lock import FairLock
from app.store.database.faults import Busy

WAIT_SECONDS = 60


def test_a_lock_is_handed_on_in_the_order_of_arrival():
    lock = FairLock(WAIT_SECONDS)
    order = []

    def take(number):
        with lock:
            order.append(number)

    threads = [threading.Thread(target=take, args=[number]) for number in range(10)]
    with lock:
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            until_waiting(lock, waiting)
    for thread in threads:
        thread.join(WAIT_SECONDS)

    assert order == list(range(10))


def until_waiting(lock, count):
    pause = threading.Event()
    for _ in range(WAIT_SECONDS * 1000):
        if len(lock._waiting) == count:  # noqa: SLF001  nothing else tells that a thread waits
            return
        pause.wait(0.001)
    raise AssertionError(f"{count} threads never waited")


def test_who_waits_too_long_for_a_lock_gives_up_and_the_next_is_served():
    lock = FairLock(0.01)
    outcomes = []

    def wait():
        try:
            with lock:
                outcomes.append("entered")
        except Busy:
            outcomes.append("gave up")

    for expected in ("gave up", "entered"):
        thread = threading.Thread(target=wait)
        if expected == "gave up":
            with lock:
                thread.start()
                thread.join(WAIT_SECONDS)
        else:
            thread.start()
            thread.join(WAIT_SECONDS)

    assert outcomes == ["gave up", "entered"]


def test_a_lock_is_free_again_after_a_fault():
    lock = FairLock(WAIT_SECONDS)
    with pytest.raises(ValueError, match="inside"), lock:
        raise ValueError("inside")

    entered = []
    thread = threading.Thread(target=lambda: entered.append(lock.__enter__()))
    thread.start()
    thread.join(WAIT_SECONDS)

    assert entered == [None]
