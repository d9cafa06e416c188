"""The clock that all processes share: the server's on PostgreSQL, the machine's own on SQLite."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.store.database.clock import SharedClock, counted
from app.store.database.engine import Busy, Store

# A database of each test's own, so that connections begin in it.
pytestmark = pytest.mark.usefixtures("database")
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)

HOUR = timedelta(hours=1)
# Far more than an answer takes on a busy machine, far less than a clock is wrong by here.
NEAR = timedelta(minutes=3)
skews = pytest.mark.parametrize("minutes", [-15, 0, 15])


@dataclass
class Machine:
    """A machine whose clock is wrong by `skew`, and that counts what the test says."""

    skew: timedelta = timedelta(0)
    count: float = 0.0

    def own(self) -> datetime:
        """What its clock says."""
        return datetime.now(UTC) + self.skew

    def counted(self) -> float:
        """What it has counted."""
        return self.count


def servers_time(store: Store) -> datetime:
    return store.read(lambda c: c.exec_driver_sql("SELECT clock_timestamp()").scalar_one())


@on_postgresql
@skews
def test_it_is_the_servers_whatever_the_own_clock_says(store, minutes):
    machine = Machine(timedelta(minutes=minutes))

    clock = SharedClock(store, machine.own, counted)

    assert abs(clock() - servers_time(store)) < NEAR
    assert abs(clock() - machine.own()) < NEAR or minutes


@on_postgresql
@pytest.mark.parametrize("jump", [-HOUR, HOUR], ids=["back", "ahead"])
def test_an_own_clock_that_is_set_changes_nothing(store, jump):
    machine = Machine()
    clock = SharedClock(store, machine.own, counted)
    before = clock()

    machine.skew = jump

    # The server was asked anew: it is known no closer than a question takes.
    assert abs(clock() - before) < NEAR
    assert abs(clock() - servers_time(store)) < NEAR


@on_postgresql
def test_a_machine_that_stood_still_without_counting_asks_again(store):
    machine = Machine()
    clock = SharedClock(store, machine.own, machine.counted)
    clock()

    # An hour passed outside; inside nothing was counted.
    machine.skew, told = HOUR, clock()

    assert abs(told - servers_time(store)) < NEAR


@on_postgresql
def test_in_between_it_is_counted_without_asking(store, database):
    machine = Machine()
    clock = SharedClock(store, machine.own, machine.counted)
    before = clock()
    store.close()

    machine.count, machine.skew = 600.0, timedelta(minutes=10)

    assert clock() - before == timedelta(minutes=10)


@on_postgresql
def test_a_server_that_does_not_answer_is_told_as_busy(tmp_path):
    away = Store(f"postgresql+psycopg://nobody@/none?host={tmp_path}")

    with pytest.raises(Busy):
        SharedClock(away, Machine().own)()
    away.close()


@on_sqlite
@skews
def test_on_sqlite_it_is_the_machines_own(store, minutes):
    machine = Machine(timedelta(minutes=minutes))

    assert abs(SharedClock(store, machine.own)() - machine.own()) < NEAR


@on_sqlite
def test_on_sqlite_it_never_goes_back(store):
    machine = Machine()
    clock = SharedClock(store, machine.own)
    before = clock()

    machine.skew = -HOUR
    assert clock() == before
    machine.skew = HOUR
    assert clock() - before >= HOUR
