"""`kill -9` under load: what was confirmed is there, and was decided once."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest

from app import create_installation, create_worker, settings
from app.store import tables
from tests.reliability.accounts import assert_each_decided_once, await_no_jobs
from tests.reliability.programs import Instance, kill, running, serving, set_up
from tests.reliability.senders import Senders
from tests.rows import Rows

CONFIRMED_IN_A_ROUND = 100
LONGEST_EXTRA_SECONDS = 0.2
SECONDS_TO_DECIDE = 60

rounds_on_sqlite = pytest.mark.parametrize(
    "rounds", [8, pytest.param(200, marks=pytest.mark.soak)], ids="{} rounds".format
)
rounds_on_postgresql = pytest.mark.parametrize(
    "rounds", [3, pytest.param(200, marks=pytest.mark.soak)], ids="{} rounds".format
)


@contextmanager
def _rows(instance: Instance) -> Iterator[Rows]:
    store = create_installation(settings.read(instance.folder)).store
    try:
        yield Rows(store)
    finally:
        store.close()


def _killed_again_and_again(
    senders: Senders, rounds: int, start: Callable[..., list], decided: Callable[[], None]
) -> dict:
    """Kill what `start` starts and start it again; how many Claims and requests met each kill.

    No kill before `decided` returns: each is to meet a worker that has begun.
    """
    pauses = Random(rounds)
    confirmed, broken = [], []
    with ExitStack() as ended:
        processes = start(ended)
        # Inside, so that they hear their last answers before the server ends.
        with senders:
            for _ in range(rounds):
                before = len(senders.confirmed)
                senders.await_confirmed(before + CONFIRMED_IN_A_ROUND)
                decided()
                time.sleep(pauses.uniform(0, LONGEST_EXTRA_SECONDS))
                confirmed.append(len(senders.confirmed) - before)
                in_flight = senders.broken
                kill(*processes)
                processes = start(ended)
                senders.await_confirmed(len(senders.confirmed) + 1)
                broken.append(senders.broken - in_flight)
    return {"confirmed in the poorest round": min(confirmed), "broken": broken}


def _assert_met(senders: Senders, figures: dict, rounds: int) -> None:
    assert senders.unexpected == [], figures
    assert figures["confirmed in the poorest round"] >= CONFIRMED_IN_A_ROUND, figures
    assert len(figures["broken"]) == rounds, figures
    assert min(figures["broken"]) >= 1, figures
    assert {len(ids) for ids in senders.confirmed.values()} == {1}, figures


@rounds_on_sqlite
def test_a_killed_server_loses_and_doubles_nothing(tmp_path, rounds, figures):
    instance = set_up(tmp_path, None)
    # A round may be over in less than a second: decisions are to fall within each all the same.
    with (instance.folder / "settings.toml").open("a") as written:
        written.write("tick_seconds = 0.1\n")
    senders = Senders(instance)

    def start(ended: ExitStack) -> list:
        return [ended.enter_context(serving(instance))]

    # Another connection would keep the file's log alive, and a killed server is to recover it.
    figures |= _killed_again_and_again(senders, rounds, start, decided=lambda: None)
    figures |= {"confirmed": len(senders.confirmed), "broken in all": senders.broken}

    _assert_met(senders, figures, rounds)
    with _rows(instance) as rows:
        figures |= {"answers pended while it was killed": len(rows.of(tables.pended))}
        assert figures["answers pended while it was killed"] > 0, figures
    with serving(instance), _rows(instance) as rows:
        await_no_jobs(rows)
    with _rows(instance) as rows:
        ids = {id for known in senders.confirmed.values() for id in known}
        assert_each_decided_once(ids, rows)
        check = rows.store.read(
            lambda connection: connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        )
        assert check == ["ok"]


@rounds_on_postgresql
def test_a_killed_server_and_worker_lose_and_double_nothing(
    tmp_path, durable_database, rounds, figures
):
    instance = set_up(tmp_path, durable_database)
    senders = Senders(instance)

    def start(ended: ExitStack) -> list:
        server = ended.enter_context(serving(instance, "--workers", "1"))
        return [server, ended.enter_context(running("work", instance=instance))]

    with _rows(instance) as rows:
        figures |= _killed_again_and_again(senders, rounds, start, partial(_await_more, rows))
        figures |= {"confirmed": len(senders.confirmed), "broken in all": senders.broken}

        _assert_met(senders, figures, rounds)
        figures |= {"left by the killed workers": len(rows.of(tables.job))}
        _decide_the_rest(instance)
        ids = {id for known in senders.confirmed.values() for id in known}
        assert_each_decided_once(ids, rows)


def _await_more(rows: Rows) -> None:
    """Wait until something more was decided."""
    before = len(rows.of(tables.pended))
    deadline = time.monotonic() + SECONDS_TO_DECIDE
    while len(rows.of(tables.pended)) == before:
        assert time.monotonic() < deadline, "nothing is decided any more"
        time.sleep(0.05)


def _decide_the_rest(instance: Instance) -> None:
    """By a worker for whom every lease has lapsed: nobody else works on the database now."""
    installation = create_installation(
        settings.read(instance.folder), clock=lambda: datetime.now(UTC) + timedelta(hours=1)
    )
    create_worker(installation).drain()
    installation.store.close()
