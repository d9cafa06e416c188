"""The database goes away and comes back: 503 meanwhile, and everything once afterwards."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Event

import pytest
from sqlalchemy import text
from uuid_utils import uuid7

from app import create_app, create_worker
from app.domain.parties import Client, ClientKind
from app.domain.references import Identifier
from app.gateway.administration import Administration, Issued
from app.gateway.installation import Installation
from app.gateway.new_payer import new_payer
from app.store import schema, tables
from app.store.engine import Busy, Store
from app.store.hashing import Hasher
from tests.builders import a_claim, a_task
from tests.conftest import BASE_URL, INDEX_KEY
from tests.reliability.retries import asked_until_answered
from tests.reliability.wiretap import Wiretap, socket_of, through
from tests.rows import Rows
from tests.wire import Wire

SENDERS = 4
CLAIMS_BETWEEN = 20

crashes = pytest.mark.parametrize(
    "crashes", [3, pytest.param(20, marks=pytest.mark.soak)], ids="{} crashes".format
)


@pytest.fixture
def installation(durable_database, clock):
    """An installation on a PostgreSQL that may crash without harm to other tests."""
    store = Store(durable_database)
    schema.upgrade(store)
    yield Installation(store, Hasher(INDEX_KEY), BASE_URL, clock, lambda: str(uuid7()))
    store.close()


@pytest.fixture
def issued(installation) -> Issued:
    """A submitter that acts for anybody."""
    payer = new_payer(installation, "Payer", is_default=True)
    named = (Identifier("sid", "Happy Valley"),)
    client = Client(
        installation.new_id(),
        payer,
        ClientKind.SUBMITTER,
        "Happy Valley",
        named,
        acts_for_anybody=True,
    )
    return Administration(installation).add_client(client)


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
    issued, installation, durable_cluster, crashes, figures
):
    app = create_app(installation)
    ended = Event()
    taken: list[list[str]] = [[] for _ in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as threads:
        sending = [
            threads.submit(
                _sends_until, ended, Wire(app.test_client(), issued.token), f"D{number}", some
            )
            for number, some in enumerate(taken)
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
    assert statuses.keys() == {200, 201, 503} or statuses.keys() == {201, 503}, figures
    rows = Rows(installation.store)
    confirmed = [id for some in taken for id in some]
    assert len(set(confirmed)) == len(confirmed)
    assert {row["id"] for row in rows.of(tables.submission)} == set(confirmed)
    assert create_worker(installation).drain() == len(confirmed)
    assert len(rows.of(tables.audit, action="decide")) == len(confirmed)


def _await_more(taken, sending) -> None:
    wanted = sum(map(len, taken)) + CLAIMS_BETWEEN
    while sum(map(len, taken)) < wanted:
        # An error in a sender would otherwise be waited for without end.
        assert not any(one.done() for one in sending)
        Event().wait(0.01)


