"""The database goes away and comes back: 503 meanwhile, and everything once afterwards."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from app import create_app
from app.store import tables
from app.store.database.engine import Store
from tests.builders import a_claim
from tests.reliability.retries import asked_until_answered
from tests.reliability.wiretap import Wiretap, socket_of, through
from tests.wire import Wire

SENDERS = 4
CLAIMS_BETWEEN = 20

crashes = pytest.mark.parametrize(
    "crashes", [3, pytest.param(20, marks=pytest.mark.soak)], ids="{} crashes".format
)


# A database of each test's own: no other test is to meet what these do to it.
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def backend() -> str:
    """PostgreSQL alone: SQLite is never away."""
    return "postgresql"


@pytest.fixture
def database(durable_schema: str) -> str:
    """On a server that may crash without harm to other tests."""
    return durable_schema


def _sends_until(ended: Event, wire: Wire, name: str, taken: list[str]) -> Counter[int]:
    statuses: Counter[int] = Counter()
    while not ended.is_set():
        claim = a_claim(number=f"{name}-{len(taken)}")
        reply, told = asked_until_answered(wire, "Claim", claim)
        assert reply.status in {200, 201}, reply.text
        statuses += told
        taken.append(reply.document["id"])
    return statuses


@crashes
def test_what_was_confirmed_outlives_crashes_of_the_database(
    app, wire, worker, rows, durable_cluster, crashes, figures
):
    ended = Event()
    taken: list[list[str]] = [[] for _ in range(SENDERS)]
    clients = [replace(wire, http=app.test_client()) for _ in taken]
    with ThreadPoolExecutor(SENDERS) as threads:
        sending = [
            threads.submit(_sends_until, ended, own, f"D{number}", taken[number])
            for number, own in enumerate(clients)
        ]
        try:
            for _ in range(crashes):
                _await_more(taken, sending)
                durable_cluster.crash()
            _await_more(taken, sending)
        finally:
            ended.set()
    statuses = sum((one.result() for one in sending), Counter())

    figures |= {"crashes": crashes, "statuses": dict(statuses)}
    assert {201, 503} <= statuses.keys() <= {200, 201, 503}, figures
    confirmed = [id for some in taken for id in some]
    assert len(set(confirmed)) == len(confirmed)
    assert {row["id"] for row in rows.of(tables.submission)} == set(confirmed)
    assert worker.drain() == len(confirmed)
    assert len(rows.of(tables.audit, action="decide")) == len(confirmed)


def _await_more(taken, sending) -> None:
    wanted = sum(map(len, taken)) + CLAIMS_BETWEEN
    while sum(map(len, taken)) < wanted:
        # An error in a sender would otherwise be waited for without end.
        assert not any(one.done() for one in sending)
        Event().wait(0.01)


def test_a_database_that_was_away_is_used_again(wire, installation, rows, database):
    with Wiretap(socket_of(database)) as wiretap:
        store = Store(through(wiretap, database))
        app = create_app(replace(installation, store=store))
        far = replace(wire, http=app.test_client())
        assert far.post("Claim", a_claim()).status == 201
        claim = a_claim()

        wiretap.go_away()
        refused, ready = far.post("Claim", claim), far.http.get("/health/ready")
        wiretap.come_back()
        taken, ready_again = far.post("Claim", claim), far.http.get("/health/ready")
        store.close()

    assert (refused.status, refused.errors) == (503, ["ECG-BUSY"])
    assert refused.headers["Retry-After"] == "1"
    assert (ready.status_code, ready_again.status_code) == (503, 200)
    assert taken.status == 201
    assert len(rows.of(tables.submission)) == 2
