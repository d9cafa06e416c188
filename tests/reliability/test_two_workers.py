"""Two `eclaims work` on one PostgreSQL share the work; on one SQLite file there is one of them."""

import time
from collections import Counter
from datetime import timedelta

import pytest

from app import create_worker
from app.store import tables
from app.store.tables import JobState
from tests.reliability.accounts import assert_each_decided_once, await_no_jobs
from tests.reliability.backlog import opened, submitted
from tests.reliability.programs import Instance, kill, ran, running, serving, set_up
from tests.rows import Rows

SECONDS_TO_DECIDE = 240
# The lease of a killed worker lasts a minute; `eclaims work` looks once a second.
SECONDS_TO_LAPSE = 180

jobs = pytest.mark.parametrize(
    "jobs", [400, pytest.param(10_000, marks=pytest.mark.soak)], ids="{} jobs".format
)


def _await_decided(rows: Rows, number: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_DECIDE
    while len(rows.of(tables.pended)) < 2 * number:
        assert time.monotonic() < deadline, f"less than {number} are decided"
        time.sleep(0.02)


@jobs
def test_two_workers_have_each_effect_once(tmp_path, durable_database, jobs, figures):
    instance = set_up(tmp_path, durable_database)
    with opened(instance) as installation:
        rows = Rows(installation.store)
        claims = submitted(installation, instance.token, jobs)
        assert len(rows.of(tables.job, state=JobState.WAITING)) == jobs

        with running("work", instance=instance), running("work", instance=instance):
            await_no_jobs(rows, SECONDS_TO_DECIDE)

        figures |= {"decided": len(claims)}
        assert_each_decided_once(claims, rows)


@pytest.mark.parametrize(
    "waits", [False, pytest.param(True, marks=pytest.mark.soak)], ids=["clock ahead", "waits"]
)
def test_what_a_killed_worker_held_is_decided_by_another(
    tmp_path, durable_database, waits, figures
):
    instance = set_up(tmp_path, durable_database)
    with opened(instance) as installation:
        rows = Rows(installation.store)
        claims = submitted(installation, instance.token, 200)
        with running("work", instance=instance) as victim:
            _await_decided(rows, 10)
            kill(victim)
        held = rows.of(tables.job, state=JobState.LEASED)
        figures |= {"held by the killed worker": len(held)}
        assert held, "the worker was killed between two batches"

        with running("work", instance=instance):
            if waits:
                await_no_jobs(rows, SECONDS_TO_LAPSE)
            else:
                _await_decided(rows, len(claims) - len(held))
        if not waits:
            # A live lease is respected; for a clock that is ahead it has lapsed.
            assert rows.of(tables.job) == held
            with opened(instance, ahead=timedelta(hours=1)) as later:
                create_worker(later).drain()
        assert_each_decided_once(claims, rows)


@pytest.fixture
def on_sqlite(tmp_path) -> Instance:
    """An installation on a SQLite file."""
    return set_up(tmp_path, None)


@pytest.mark.parametrize("command", ["serve", "work"])
def test_a_second_process_on_a_sqlite_file_is_refused(on_sqlite, command):
    options = ["--port", str(on_sqlite.port + 1)] if command == "serve" else ["--once"]
    with serving(on_sqlite):
        refused = ran(command, *options, instance=on_sqlite)

    assert refused.returncode == 1
    assert "runs on this SQLite file" in refused.stderr


def test_work_on_a_sqlite_file_that_nobody_holds_is_done(on_sqlite):
    with opened(on_sqlite) as installation:
        claims = submitted(installation, on_sqlite.token, 30)
        rows = Rows(installation.store)

        done = ran("work", "--once", instance=on_sqlite)

        assert (done.returncode, done.stdout) == (0, "30 jobs worked on.\n")
        assert_each_decided_once(claims, rows)


def test_a_worker_that_is_told_to_end_finishes_what_it_holds_and_no_more(on_sqlite, figures):
    with opened(on_sqlite) as installation:
        rows = Rows(installation.store)
        claims = submitted(installation, on_sqlite.token, 400)
        with running("work", instance=on_sqlite) as worker:
            _await_decided(rows, 1)
        left = Counter(row["state"] for row in rows.of(tables.job))
        figures |= left

        done = ran("work", "--once", instance=on_sqlite)

        assert worker.returncode == 0
        assert left.keys() == {JobState.WAITING}, left
        assert done.stdout == f"{left.total()} jobs worked on.\n"
        assert_each_decided_once(claims, rows)


def test_a_second_server_process_for_one_sqlite_file_is_bad_usage(on_sqlite):
    port = ["--port", str(on_sqlite.port)]

    refused = ran("serve", *port, "--workers", "2", instance=on_sqlite)
    with serving(on_sqlite, "--workers", "1"):
        pass

    assert refused.returncode == 2
    assert "SQLite has one writer" in refused.stderr


def test_a_file_is_free_again_the_moment_its_server_is_killed(on_sqlite):
    with serving(on_sqlite) as killed:
        kill(killed)
        done = ran("work", "--once", instance=on_sqlite)

    assert (done.returncode, done.stdout) == (0, "0 jobs worked on.\n")
