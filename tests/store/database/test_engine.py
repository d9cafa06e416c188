"""The two verbs of a store: whole transactions, run again where a race was lost."""

import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from app.domain.parties import Payer
from app.store import tables
from app.store.database.engine import Busy, CommitUnknown, DiskFull, Store
from app.store.database.questions import Question
from app.store.parties import Parties
from tests.builders import NOW

WAIT_SECONDS = 60
# These break connections, fill pools and hold locks: never on the database that others use.
pytestmark = pytest.mark.usefixtures("database")
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def name_of(connection):
    return connection.scalar(select(tables.payer.c.name))


def rename(connection, name, id="1"):
    connection.execute(update(tables.payer).where(tables.payer.c.id == id).values(name=name))


def add(connection, id="1", name="first"):
    Parties(connection).add_payer(Payer(id, name), NOW)


@pytest.fixture
def named(store):
    """A store with one row to change."""
    store.write(add)
    return store


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_is_raised_undoes_all_of_it(named, fault):
    def work(connection):
        rename(connection, "second")
        raise fault

    with pytest.raises(fault):
        named.write(work)

    assert named.read(name_of) == "first"


def test_what_ends_well_is_kept_and_answered(named):
    def work(connection):
        rename(connection, "second")
        return name_of(connection)

    assert named.write(work) == "second"
    assert named.read(name_of) == "second"


def test_after_a_fault_the_store_serves_on(named):
    for _ in range(20):
        with pytest.raises(DBAPIError):
            named.write(lambda connection: connection.execute(text("SELECT nonsense")))

    named.write(lambda connection: rename(connection, "second"))

    assert named.read(name_of) == "second"


def test_a_read_is_one_view_whatever_is_committed_meanwhile(named):
    def twice(connection):
        before = name_of(connection)
        named.write(lambda other: rename(other, "second"))
        return before, name_of(connection)

    assert named.read(twice) == ("first", "first")
    assert named.read(name_of) == "second"


def test_nobody_is_served_past_the_pool(store):
    def nested(depth):
        return store.read(lambda _: depth if depth == 1 else nested(depth - 1))

    with pytest.raises(Busy):
        nested(17)

    assert nested(16) == 1


@on_sqlite
@pytest.mark.parametrize("verb", ["write", "read"])
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("busy_timeout", 10_000),
        ("trusted_schema", 0),
    ],
)
def test_a_pragma_is_set_on_every_connection(store, verb, pragma, value):
    run = getattr(store, verb)

    assert run(lambda connection: connection.scalar(text(f"PRAGMA {pragma}"))) == value


@on_postgresql
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("lock_timeout", "5s"),
        ("statement_timeout", "15s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("TimeZone", "UTC"),
    ],
)
def test_a_setting_is_made_on_every_connection(store, setting, value):
    assert store.read(lambda connection: connection.scalar(text(f"SHOW {setting}"))) == value


@on_sqlite
def test_a_read_that_takes_too_long_is_given_up_and_the_next_is_served(database):
    counted = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)"
        " SELECT count(*) FROM n"
    )
    # No time at all: whoever looks at the clock finds it too late.
    hasty, patient = Store(database, read_seconds=-1.0), Store(database)

    with pytest.raises(Busy):
        hasty.read(lambda connection: connection.scalar(counted, {"most": 1_000_000}))
    assert hasty.read(lambda connection: connection.scalar(counted, {"most": 10})) == 10
    assert patient.read(lambda connection: connection.scalar(counted, {"most": 1_000_000})) == 10**6

    hasty.close()
    patient.close()


@on_sqlite
def test_writers_follow_each_other_in_one_process(named):
    inside = threading.Semaphore(1)

    def work(connection):
        assert inside.acquire(blocking=False), "two writers at once"
        count = int(name_of(connection).removeprefix("first") or 0)
        rename(connection, f"first{count + 1}")
        inside.release()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: named.write(work), range(40)))

    assert named.read(name_of) == "first40"


@on_sqlite
def test_a_file_that_another_process_writes_is_busy(named, database):
    other = Store(database)
    raw = other.engine.raw_connection()
    raw.cursor().execute("PRAGMA busy_timeout=0")
    raw.close()

    def while_held(_):
        with pytest.raises(Busy):
            other.write(lambda connection: rename(connection, "second"))

    named.write(while_held)
    other.write(lambda connection: rename(connection, "third"))

    assert named.read(name_of) == "third"
    other.close()


@on_sqlite
def test_a_full_disk_is_named_and_what_is_there_stays(named):
    raw = named.engine.raw_connection()
    pages = raw.cursor().execute("PRAGMA page_count").fetchone()[0]
    raw.cursor().execute(f"PRAGMA max_page_count={pages}")
    raw.close()

    with pytest.raises(DiskFull):
        named.write(lambda connection: rename(connection, "x" * 1_000_000))

    assert named.read(name_of) == "first"
    named.write(lambda connection: rename(connection, "second"))


def raising(state):
    """A transaction that the database itself ends with this SQLSTATE."""
    block = f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{state}'; END $$"
    return lambda connection: connection.exec_driver_sql(block)


@on_postgresql
@pytest.mark.parametrize(
    ("state", "fault"),
    [
        pytest.param("55P03", Busy, id="lock-not-available"),
        pytest.param("57014", Busy, id="query-cancelled"),
        pytest.param("53300", Busy, id="too-many-connections"),
        pytest.param("57P03", Busy, id="cannot-connect-now"),
        pytest.param("53100", DiskFull, id="disk-full"),
        pytest.param("40001", Busy, id="serialization-failure-every-time"),
        pytest.param("40P01", Busy, id="deadlock-every-time"),
    ],
)
def test_a_fault_that_passes_is_told_as_such(named, state, fault):
    with pytest.raises(fault):
        named.write(raising(state))

    assert named.read(name_of) == "first"


@on_postgresql
@pytest.mark.parametrize("state", ["22012", "23514", "42601"])
def test_a_fault_of_ours_is_not_told_as_busy(named, state):
    with pytest.raises(DBAPIError):
        named.write(raising(state))


@on_postgresql
@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_lost_race_is_run_again(named, state):
    attempts = []

    def work(connection):
        attempts.append(name_of(connection))
        rename(connection, "second")
        if len(attempts) < 3:
            raising(state)(connection)

    named.write(work)

    assert attempts == ["first"] * 3
    assert named.read(name_of) == "second"


@on_postgresql
def test_of_two_that_deadlock_both_have_their_effect(named):
    named.write(lambda connection: add(connection, "2", "other"))
    both_hold_one = threading.Barrier(2)
    attempts = {"12": 0, "21": 0}

    def opposite(order):
        def work(connection):
            attempts[order] += 1
            rename(connection, f"{order}-{order[0]}", order[0])
            if attempts[order] == 1:
                both_hold_one.wait(WAIT_SECONDS)
            rename(connection, f"{order}-{order[1]}", order[1])

        named.write(work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(opposite, attempts))

    assert min(attempts.values()) == 1
    assert max(attempts.values()) > 1
    query = select(tables.payer.c.name).order_by(tables.payer.c.id)
    names = named.read(lambda connection: list(connection.scalars(query)))
    assert names in (["12-1", "12-2"], ["21-1", "21-2"])


def terminate(store, pid):
    store.read(lambda other: other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid}))


@on_postgresql
def test_a_connection_that_breaks_in_a_transaction_is_busy(named):
    def work(connection):
        rename(connection, "second")
        terminate(named, connection.scalar(text("SELECT pg_backend_pid()")))
        name_of(connection)

    with pytest.raises(Busy):
        named.write(work)

    assert named.read(name_of) == "first"


@on_postgresql
def test_a_connection_that_breaks_while_committing_leaves_it_unknown(named):
    def work(connection):
        rename(connection, "second")
        terminate(named, connection.scalar(text("SELECT pg_backend_pid()")))

    with pytest.raises(CommitUnknown):
        named.write(work)

    assert named.read(name_of) in {"first", "second"}


@on_postgresql
def test_a_connection_that_broke_while_idle_is_replaced(named):
    pid = named.read(lambda connection: connection.scalar(text("SELECT pg_backend_pid()")))
    helper = Store(named.url.render_as_string(hide_password=False))
    terminate(helper, pid)
    helper.close()

    named.write(lambda connection: rename(connection, "second"))

    assert named.read(name_of) == "second"


@pytest.mark.parametrize("verb", ["read", "write"])
def test_a_database_that_is_away_is_busy(tmp_path, verb):
    away = Store(f"postgresql+psycopg://postgres@/gone?host={tmp_path}")

    with pytest.raises(Busy):
        getattr(away, verb)(name_of)

    away.close()


@on_postgresql
def test_a_process_that_was_forked_has_connections_of_its_own(database):
    asked = subprocess.run(
        [sys.executable, "-m", "tests.store.forking", database],
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )

    assert asked.returncode == 0, asked.stderr
    before, child, after = asked.stdout.splitlines()
    assert child != before
    assert after == before


@pytest.mark.soak
@on_postgresql
def test_a_server_that_takes_a_connection_and_says_nothing_is_not_waited_for(backend):
    # The socket is closed before the thread is waited for: without a limit it would hang.
    with ThreadPoolExecutor(1) as threads, socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        store = Store(f"postgresql+psycopg://somebody@127.0.0.1:{port}/nothing")
        asking = threads.submit(store.read, name_of)

        with pytest.raises(Busy):
            asking.result(WAIT_SECONDS)
    store.close()


@on_postgresql
@pytest.mark.parametrize("verb", ["read", "glance", "write"])
def test_connections_that_died_in_the_pool_are_not_noticed(named, database, verb):
    together = threading.Barrier(4)

    def backend(connection):
        together.wait(WAIT_SECONDS)
        return connection.scalar(text("SELECT pg_backend_pid()"))

    with ThreadPoolExecutor(4) as pool:
        pids = {each.result() for each in [pool.submit(named.read, backend) for _ in range(4)]}
    other = Store(database)
    for pid in pids:
        other.write(lambda on, pid=pid: on.execute(text(f"SELECT pg_terminate_backend({pid})")))
    other.close()
    question = Question(select(tables.payer.c.name))

    rows = getattr(named, verb)(lambda connection: question.rows(connection, {}))

    assert len(pids) == 4
    assert [row.name for row in rows] == ["first"]
