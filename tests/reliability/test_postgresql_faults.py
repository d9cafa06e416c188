"""PostgreSQL that fails under load: 503 at worst, healthy soon after, nothing lost or doubled."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Event, Thread

import psycopg
import pytest

from app import create_app, create_worker, utc_now
from app.gateway.installation import Installation
from app.scheduler.clock import Clock
from app.store import tables
from app.store.database.clock import SharedClock
from app.store.database.engine import Store
from tests.builders import a_claim, a_coverage
from tests.reliability.accounts import assert_each_decided_once, await_no_jobs
from tests.reliability.crowd import together
from tests.reliability.mixed_load import MixedLoad
from tests.wire import Wire

SECONDS_BETWEEN_FAULTS = 0.2
# Long enough for a batch on a busy machine: nothing is asked in the second half of a lease.
LEASE_SECONDS = 6.0
SECONDS_TO_DECIDE = 280
TICK_SECONDS = 0.05
MOST_LOOKS, SECONDS_BETWEEN_LOOKS = 600, 0.02
# More than the pool has connections.
CROWD = 24

sessions = pytest.mark.parametrize(
    "rounds", [4, pytest.param(300, marks=pytest.mark.soak)], ids="{} rounds".format
)
crashes = pytest.mark.parametrize(
    "rounds", [1, pytest.param(20, marks=pytest.mark.soak)], ids="{} rounds".format
)
claims = pytest.mark.parametrize(
    "number", [25, pytest.param(2_000, marks=pytest.mark.soak)], ids="{} claims".format
)
locks = pytest.mark.parametrize(
    "seconds", [0.0, pytest.param(30.0, marks=pytest.mark.soak)], ids="{} s".format
)
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def backend() -> str:
    """PostgreSQL alone."""
    return "postgresql"


@pytest.fixture
def database(durable_schema: str) -> str:
    """On a server that may crash without harm to other tests."""
    return durable_schema


@pytest.fixture
def living(installation, core, database) -> Iterator[Installation]:
    """The installation as it runs in earnest, on the clock of the server."""
    assert core.post("Coverage", a_coverage()).status == 201
    store = Store(database)
    yield replace(installation, store=store, clock=SharedClock(store, utc_now))
    store.close()


@pytest.fixture
def load(living, registry) -> MixedLoad:
    """Clients of it, and beside them a worker that decides."""
    app = create_app(living)
    return MixedLoad(Wire(app.test_client(), registry.submitter().token), app.test_client)


@contextmanager
def _deciding(installation: Installation) -> Iterator[None]:
    worker = create_worker(installation, LEASE_SECONDS)
    clock = Clock(worker.drain, TICK_SECONDS)
    clock.start()
    try:
        yield
    finally:
        worker.end()
        clock.stop()


def _operator(database: str) -> psycopg.Connection:
    url = database.replace("postgresql+psycopg", "postgresql")
    return psycopg.connect(url, autocommit=True)


def _await_health(load: MixedLoad) -> float:
    """Seconds until it is ready; it has to be in a bounded number of looks."""
    client, began = load.another(), time.monotonic()
    for _ in range(MOST_LOOKS):
        if client.get("/health/ready").status_code == 200:
            return time.monotonic() - began
        time.sleep(SECONDS_BETWEEN_LOOKS)
    raise AssertionError("it does not get well")


def _assert_accounted_for(load: MixedLoad, living, rows, figures, **told) -> None:
    """Healthy again, all of it decided, and each confirmed Claim once."""
    figures |= told | {"seconds to health": round(_await_health(load), 2)}
    with _deciding(living):
        await_no_jobs(rows, SECONDS_TO_DECIDE)
    figures |= {"requests": load.statuses.total(), "statuses": dict(load.statuses)}
    figures |= {"confirmed": len(load.confirmed)}
    assert load.unexpected == [], figures
    assert load.statuses.keys() <= {200, 201, 409, 429, 503}, figures
    assert_each_decided_once(load.confirmed, rows, ("status", "completed"))


@sessions
def test_sessions_that_are_ended_under_load_lose_and_double_nothing(
    load, living, rows, database, rounds, figures
):
    ended = 0
    with _operator(database) as operator, _deciding(living), load:
        for _ in range(rounds):
            load.await_more(1)
            time.sleep(SECONDS_BETWEEN_FAULTS)
            (count,) = operator.execute(
                "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()) AS ended"
            ).fetchone()
            ended += count
        load.await_more(1)

    assert ended >= rounds
    _assert_accounted_for(load, living, rows, figures, **{"sessions ended": ended})


@crashes
def test_a_server_that_crashes_under_load_loses_and_doubles_nothing(
    load, living, rows, durable_cluster, rounds, figures
):
    slowest = 0.0
    with _deciding(living), load:
        for _ in range(rounds):
            load.await_more(5)
            durable_cluster.crash()
            slowest = max(slowest, _await_health(load))
        load.await_more(5)

    assert load.statuses[503] > 0
    _assert_accounted_for(
        load, living, rows, figures, crashes=rounds, **{"slowest seconds": round(slowest, 2)}
    )


@claims
def test_a_tenth_of_serialization_failures_is_not_noticed(
    load, living, rows, database, number, figures
):
    with _operator(database) as operator:
        # A sequence counts also what is undone.
        operator.execute(
            "CREATE SEQUENCE injected;"
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF random() < 0.1 THEN PERFORM nextval('injected');"
            " RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END IF; RETURN NULL; END $$"
        )
        for table in ("submission", "task", "pended"):
            operator.execute(
                f"CREATE TRIGGER lose AFTER INSERT OR UPDATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION lose()"
            )
        with _deciding(living), load:
            load.await_more(number, seconds=1_200)
        injected = operator.execute("SELECT last_value FROM injected").fetchone()[0]

    assert injected > 1
    _assert_accounted_for(load, living, rows, figures, **{"failures injected": injected})


@locks
def test_a_lock_that_is_held_too_long_is_told_and_the_pool_recovers(
    load, rows, database, seconds, figures
):
    app_clients = [load.another() for _ in range(CROWD)]
    claims = [a_claim(number=f"K{n}") for n in range(CROWD)]
    wires = [replace(load.wire, http=client) for client in app_clients]
    sends = [partial(w.post, "Claim", c) for w, c in zip(wires, claims, strict=True)]
    held, let_go = Event(), Event()

    def hold() -> None:
        with _operator(database) as operator, operator.transaction():
            operator.execute("LOCK TABLE submission IN ACCESS EXCLUSIVE MODE")
            held.set()
            let_go.wait(120)

    holder = Thread(target=hold)
    holder.start()
    assert held.wait(60)
    began = time.monotonic()
    refused = together(sends)
    while time.monotonic() < began + seconds:
        refused += together(sends)
    let_go.set()
    holder.join()
    figures |= {"refused": len(refused), "seconds to health": round(_await_health(load), 2)}
    taken = together(sends)

    assert {reply.status for reply in refused} == {503}
    assert {tuple(reply.errors) for reply in refused} == {("ECG-BUSY",)}
    assert {reply.headers["Retry-After"] for reply in refused} == {"1"}
    assert {reply.status for reply in taken} == {201}
    assert len(rows.of(tables.submission)) == CROWD
