"""Transactions that die, and transactions that meet: all of each, or none."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import pytest
from uuid_utils import uuid7

from app import create_app
from app.gateway.installation import Installation
from app.store import tables
from app.store.database.engine import Store
from app.store.hashing import Hasher
from tests.builders import a_claim, a_task
from tests.bundles import PATIENT_SYSTEM, URN, a_patient, asked, bundle, posted, put, statuses
from tests.conftest import BASE_URL, INDEX_KEY
from tests.reliability.crowd import together
from tests.reliability.model.fragile import Crash, FragileStore
from tests.reliability.retries import asked_until_answered
from tests.rows import Rows
from tests.wire import Wire

ONE, TWO = URN.format(1), URN.format(2)
MOST_POINTS = 400


def everything(rows: Rows):
    """Every row of every table."""
    return {table.name: rows.of(table) for table in tables.metadata.sorted_tables}


@dataclass
class Fragile:
    """A gateway whose process ends at a chosen point, beside one that lives on."""

    url: str
    clock: object
    token: str

    def asks(self, document, points: int) -> bool:
        """Send a Bundle, and die after so many points; whether an answer was heard."""
        store = FragileStore(self.url)
        installation = Installation(
            store, Hasher(INDEX_KEY), BASE_URL, self.clock, lambda: str(uuid7())
        )
        app = create_app(installation)
        app.testing = False
        store.die_after(points)
        reply = None
        with suppress(Crash):
            reply = Wire(app.test_client(), self.token).post("", document)
        store.close()
        # What a process says while it dies nobody hears.
        if store.has_died or reply is None:
            return False
        assert statuses(reply)
        return True


@pytest.fixture
def fragile(database, wire, clock) -> Iterator[Fragile]:
    return Fragile(database, clock, wire.token)


@pytest.fixture
def rows(store: Store) -> Rows:
    return Rows(store)


def test_a_transaction_that_dies_anywhere_leaves_nothing_or_all(fragile, wire, rows):
    old = wire.post("Patient", a_patient("old")).document
    gone = wire.post("Patient", a_patient("gone")).document
    document = bundle(
        "transaction",
        posted(a_claim(patient={"reference": ONE}, number="C1"), TWO),
        posted(a_patient("new"), ONE, ifNoneExist=f"identifier={PATIENT_SYSTEM}|new"),
        put(old | {"active": True}),
        asked("DELETE", f"Patient/{gone['id']}"),
        posted(a_task("poll")),
    )
    before, counts = everything(rows), rows.counts()

    for points in range(MOST_POINTS):
        assert not fragile.asks(document, points)
        if rows.counts() != counts:
            break
        assert everything(rows) == before

    # It died with all of it committed and nobody told.
    assert points > 20
    types = [row["type"] for row in rows.of(tables.resource)]
    assert sorted(types).count("Patient") == 3
    assert {"Claim", "ClaimResponse", "Task"} <= set(types)
    assert wire.get(f"Patient/{old['id']}").document["active"] is True
    assert wire.get(f"Patient/{gone['id']}").status == 410
    again = wire.post("", document)
    assert statuses(again) == ["200", "200", "200", "204", "201"]
    assert len(rows.of(tables.submission)) == 1


@pytest.mark.parametrize("rounds", [5, pytest.param(200, marks=pytest.mark.soak)])
def test_overlapping_conditional_creates_make_one_of_each(app, wire, rows, rounds):
    for each in range(rounds):
        numbers = [f"{each}-{letter}" for letter in "abc"]

        def created(name, text):
            condition = f"identifier={PATIENT_SYSTEM}|{name}"
            return posted(a_patient(name, name=[{"text": text}]), ifNoneExist=condition)

        orders = [numbers, numbers[::-1], numbers[1:], numbers[:2]] * 2
        documents = [
            bundle("transaction", *[created(name, str(sender)) for name in order])
            for sender, order in enumerate(orders)
        ]
        clients = [replace(wire, http=app.test_client()) for _ in documents]
        answers = together(
            [
                partial(asked_until_answered, client, "", document)
                for client, document in zip(clients, documents, strict=True)
            ]
        )

        told = [status for reply, _ in answers for status in statuses(reply)]
        assert (told.count("201"), len(told)) == (3, sum(map(len, orders)))
        ids = {
            (order[place], entry["resource"]["id"])
            for order, (reply, _) in zip(orders, answers, strict=True)
            for place, entry in enumerate(reply.document["entry"])
        }
        assert len(ids) == 3
    assert len(rows.of(tables.resource, type="Patient")) == 3 * rounds


def test_changes_that_cross_end_in_one_order_or_the_other(app, wire, rows):
    one, two = (wire.post("Patient", a_patient(number)).document for number in "12")
    senders = [
        bundle("transaction", *[put(each | {"name": [{"text": name}]}) for each in order])
        for name, order in zip("wxyz", [(one, two), (two, one)] * 2, strict=True)
    ]
    clients = [replace(wire, http=app.test_client()) for _ in senders]

    answers = together(
        [
            partial(asked_until_answered, client, "", document)
            for client, document in zip(clients, senders, strict=True)
        ]
    )

    assert [statuses(reply) for reply, _ in answers] == [["200", "200"]] * 4
    current = [wire.get(f"Patient/{each['id']}").document for each in (one, two)]
    assert current[0]["name"] == current[1]["name"]
    assert [each["meta"]["versionId"] for each in current] == ["5", "5"]
