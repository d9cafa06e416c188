"""One asks the database; all others are told what is known, and nobody waits for one who waits."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from app.api.readiness import FRESH_SECONDS, PATIENCE_SECONDS, Readiness

SECONDS = 60.0


class Database:
    """Answers as it is told, and counts who asks."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.is_there = True
        self.begun = Event()
        self.go_on = Event()
        self.go_on.set()

    def __call__(self) -> bool:
        """Once it may."""
        self.asked += 1
        self.begun.set()
        assert self.go_on.wait(SECONDS)
        return self.is_there

    def clock(self) -> float:
        """As it is set."""
        return self.now


@pytest.fixture
def database():
    """It does not outlive the test."""
    one = Database()
    yield one
    one.go_on.set()


def test_a_database_that_is_away_is_told_at_once_and_so_is_its_return(database):
    readiness = Readiness(database, database.clock)
    database.is_there = False

    away = [readiness.is_ready() for _ in range(2)]
    database.is_there = True

    assert away == [False, False]
    assert readiness.is_ready() is True


def test_a_yes_is_shared_until_it_is_old(database):
    readiness = Readiness(database, database.clock)

    assert [readiness.is_ready() for _ in range(40)] == [True] * 40
    assert database.asked == 1
    database.now, database.is_there = FRESH_SECONDS, False
    assert readiness.is_ready() is False
    assert database.asked == 2


def test_a_database_that_hangs_holds_one_and_is_not_ready_to_the_others(database):
    readiness = Readiness(database, database.clock)
    database.go_on.clear()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(readiness.is_ready)
        assert database.begun.wait(SECONDS)

        meanwhile = [readiness.is_ready() for _ in range(40)]
        database.now = PATIENCE_SECONDS
        later = [readiness.is_ready() for _ in range(40)]
        database.go_on.set()

        assert first.result() is True
    assert (meanwhile, later) == ([True] * 40, [False] * 40)
    assert database.asked == 1


def test_a_fault_of_who_asks_leaves_the_next_to_ask():
    def broken() -> bool:
        raise RuntimeError

    readiness = Readiness(broken)

    for _ in range(2):
        with pytest.raises(RuntimeError):
            readiness.is_ready()
