"""The clock only ticks: it calls drain, survives its faults, and stops when it is told to."""

import threading
from dataclasses import dataclass, field

import pytest

from app.scheduler.clock import Clock

TICK = 0.05
DEADLINE = 30.0


@dataclass
class ScriptedDrain:
    """Stands for a worker: counts its calls, and does in each what the test says."""

    faults: int = 0
    is_held: bool = False
    calls: int = 0
    running: int = 0
    most_at_once: int = 0
    wanted: int = 3
    reached: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> int:
        """One drain."""
        self.calls += 1
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            self.began.set()
            if self.is_held:
                self.go_on.wait(DEADLINE)
            if self.calls >= self.wanted:
                self.reached.set()
            if self.calls <= self.faults:
                raise ConnectionError
            return 0
        finally:
            self.running -= 1


@pytest.fixture
def started():
    """Starts clocks, and stops them at the end."""
    clocks = []

    def start(drain):
        clock = Clock(drain, TICK)
        clock.start()
        clocks.append(clock)
        return clock

    yield start
    for clock in clocks:
        clock.stop()


def test_every_tick_drains(started):
    drain = ScriptedDrain()

    started(drain)

    assert drain.reached.wait(DEADLINE)


def test_a_failing_drain_does_not_stop_the_clock(started, capsys):
    drain = ScriptedDrain(faults=2)

    started(drain)

    assert drain.reached.wait(DEADLINE)
    assert drain.calls >= 3


def test_a_clock_that_was_not_started_drains_nothing():
    drain = ScriptedDrain()

    Clock(drain, TICK)

    assert not drain.began.wait(10 * TICK)


def test_a_tick_that_comes_while_one_runs_is_skipped(started):
    drain = ScriptedDrain(is_held=True, wanted=3)
    started(drain)
    assert drain.began.wait(DEADLINE)

    # Several ticks come while the first is held.
    assert not drain.reached.wait(6 * TICK)
    assert drain.calls == 1

    drain.go_on.set()
    assert drain.reached.wait(DEADLINE)
    assert drain.most_at_once == 1


def test_stopping_waits_for_the_tick_that_runs():
    drain = ScriptedDrain(is_held=True)
    clock = Clock(drain, TICK)
    clock.start()
    assert drain.began.wait(DEADLINE)

    stopping = threading.Thread(target=clock.stop)
    stopping.start()
    stopping.join(4 * TICK)
    assert stopping.is_alive()
    assert drain.running == 1

    drain.go_on.set()
    stopping.join(DEADLINE)
    assert not stopping.is_alive()
    assert drain.running == 0


def test_a_stopped_clock_ticks_no_more(started):
    drain = ScriptedDrain()
    clock = Clock(drain, TICK)
    clock.start()
    assert drain.reached.wait(DEADLINE)

    clock.stop()
    calls = drain.calls

    assert not drain.go_on.wait(10 * TICK)
    assert drain.calls == calls
