"""Two servers and two workers on one PostgreSQL; one of each is stopped in the middle."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPException
from socket import create_server

import pytest

from app import create_worker
from app.fhir import json_text
from app.store import tables
from app.store.tables import JobState
from tests.builders import a_service_of_its_own
from tests.reliability.accounts import assert_each_decided_once
from tests.reliability.backlog import opened, submitted
from tests.reliability.programs import SECONDS_TO_STOP, Instance, asked, running, serving, set_up
from tests.rows import Rows

CLAIM = "/fhir/r4/Claim"
SENDERS = 4
SECONDS_TO_BEGIN = 120
MOST_TRIES, SECONDS_BETWEEN = 2_000, 0.02

claims = pytest.mark.parametrize(
    "number", [60, pytest.param(2_000, marks=pytest.mark.soak)], ids="{} claims".format
)


def _sent(instances: list[Instance], number: int, statuses: Counter[int]) -> str:
    """The id of a Claim, by whichever server takes it."""
    text = json_text.write(a_service_of_its_own(number=f"M{number}"))
    for attempt in range(MOST_TRIES):
        try:
            status, _, body = asked(instances[(number + attempt) % 2], "POST", CLAIM, text)
        except (OSError, HTTPException):
            time.sleep(SECONDS_BETWEEN)
            continue
        statuses[status] += 1
        if status != 503:
            return json_text.parsed(body.decode())["id"]
    raise AssertionError(f"{number} is never answered")


def _ended(process) -> int:
    process.terminate()
    return process.wait(SECONDS_TO_STOP)


def _await_decided(rows: Rows) -> None:
    """Until a worker has decided something: it has started."""
    deadline = time.monotonic() + SECONDS_TO_BEGIN
    while not rows.of(tables.pended):
        assert time.monotonic() < deadline, "nothing is decided"
        time.sleep(SECONDS_BETWEEN)


@claims
def test_processes_that_come_and_go_do_each_claim_once(tmp_path, durable_database, number, figures):
    first = set_up(tmp_path, durable_database)
    with create_server(("127.0.0.1", 0)) as listening:
        second = replace(first, port=listening.getsockname()[1])
    statuses: Counter[int] = Counter()
    with opened(first) as installation, ThreadPoolExecutor(SENDERS) as threads:
        rows = Rows(installation.store)
        with ExitStack() as running_on:
            start = running_on.enter_context
            servers = [start(serving(each, "--workers", "1")) for each in (first, second)]
            workers = [start(running("work", instance=first)) for _ in range(2)]
            sending = [
                threads.submit(_sent, [first, second], nth, statuses) for nth in range(number)
            ]
            for sent in sending[: number // 2]:
                sent.result()
            _await_decided(rows)
            stopped = [_ended(servers[0]), _ended(workers[0])]
            ids = [sent.result() for sent in sending]
            stopped.append(_ended(workers[1]))
        jobs = Counter(row["state"] for row in rows.of(tables.job))
        create_worker(installation).drain()

        figures |= {"statuses": dict(statuses), "left by the last worker": dict(jobs)}
        assert stopped == [0, 0, 0]
        assert statuses.keys() <= {200, 201, 503}
        assert len(set(ids)) == number
        # Nothing is leased by those that are gone.
        assert jobs.keys() <= {JobState.WAITING}
        assert_each_decided_once(set(ids), rows)


def test_a_server_on_sqlite_that_is_stopped_finishes_its_decisions_and_gives_the_others_back(
    tmp_path, figures
):
    instance = set_up(tmp_path, None)
    with (instance.folder / "settings.toml").open("a") as written:
        written.write("stop_seconds = 60\n")
    with opened(instance) as installation:
        rows = Rows(installation.store)
        claims = submitted(installation, instance.token, 150)
        with serving(instance) as server:
            _await_decided(rows)
            code = _ended(server)
        left = Counter(row["state"] for row in rows.of(tables.job))
        create_worker(installation).drain()

        figures |= {"left": dict(left)}
        assert code == 0
        # Not the next start returns them: they are returned.
        assert left.keys() == {JobState.WAITING}, left
        assert_each_decided_once(claims, rows)
