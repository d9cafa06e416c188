"""Many pollers on two full queues: every answer once, in order, to its own submitter.

One answer in ten is lost on its way and asked for again by sending the same Task.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count
from typing import Any

import pytest
from flask import Flask

from app.domain.parties import Client
from app.gateway.administering.administration import Issued
from app.store import tables
from app.store.tables import Delivery
from tests.builders import a_task, an_input
from tests.reliability.crowd import together
from tests.reliability.queues import (
    ANSWERS_OF_A_CLAIM,
    Handed,
    fill,
    handed_over_to,
    queue_of,
)
from tests.reliability.retries import asked_until_answered, read_until_answered
from tests.wire import Reply, Wire

POLLERS = 32
EVERY = 10
IN_A_BUNDLE = 10

items = pytest.mark.parametrize(
    "items", [800, pytest.param(10_000, marks=pytest.mark.soak)], ids="{} items".format
)


@dataclass
class Poller:
    """One client program: asks until nothing is left, and loses every tenth answer."""

    wire: Wire
    client: Client
    name: str
    answers: "count[int]"
    asks: int | None
    received: list[Handed] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0

    def poll_until_empty(self) -> "Poller":
        """Poll until an answer says that nothing remains."""
        for number in count():
            inputs = [] if self.asks is None else [an_input("count", valuePositiveInt=self.asks)]
            task = a_task("poll", number=f"{self.name}-{number}", inputs=inputs)
            answer = self._asked(task)
            assert answer.document["status"] == "completed"
            if answer.output("response") is None:
                assert answer.output("remaining") == 0
                return self
            self.received += self._read(answer.output("response"))
        raise AssertionError("a poll without an end")

    def _asked(self, task: dict[str, Any]) -> Reply:
        first, statuses = asked_until_answered(self.wire, "Task", task)
        self.statuses += statuses
        if next(self.answers) % EVERY or first.output("response") is None:
            return first
        self.lost += 1
        again, statuses = asked_until_answered(self.wire, "Task", task)
        self.statuses += statuses
        assert (again.status, again.text) == (200, first.text)
        return again

    def _read(self, reference: str) -> list[Handed]:
        found = read_until_answered(self.wire, reference)
        assert found.status == 200
        entries = found.document.get("entry", [{"resource": found.document}])
        return [_handed(entry["resource"]) for entry in entries]


def _handed(document: dict[str, Any]) -> Handed:
    return Handed(document["resourceType"], document["id"], int(document["meta"]["versionId"]))


def _polled(app: Flask, submitters: list[Issued]) -> list[Poller]:
    answers = count(1)
    pollers = [
        Poller(
            Wire(app.test_client(), issued.token),
            issued.client,
            f"{issued.client.name}-{number}",
            answers,
            IN_A_BUNDLE if number % 2 else None,
        )
        for number in range(POLLERS // len(submitters))
        for issued in submitters
    ]
    return together([partial(Poller.poll_until_empty, poller) for poller in pollers])


@items
def test_each_answer_is_handed_over_once_and_in_order(
    app, registry, installation, rows, items, figures
):
    submitters = [registry.submitter("North"), registry.submitter("South")]
    clients = [issued.client for issued in submitters]
    fill(installation, clients, items // len(clients) // ANSWERS_OF_A_CLAIM)

    pollers = _polled(app, submitters)

    figures |= {
        "handed over": sum(len(poller.received) for poller in pollers),
        "answers lost": sum(poller.lost for poller in pollers),
        "statuses": dict(sum((poller.statuses for poller in pollers), Counter())),
        "by a poll of one": sum(len(one.received) for one in pollers if one.asks is None),
    }
    assert figures["answers lost"] > 0, figures
    # 503: a machine that is too busy says so, and a client asks the same again.
    assert {200, 201} <= figures["statuses"].keys() <= {200, 201, 503}, figures
    # Only an answer that was lost, and asked for again, was given a second time.
    assert figures["statuses"][200] == figures["answers lost"], figures
    assert figures["handed over"] == items, figures
    assert 0 < figures["by a poll of one"] < items, figures
    for client in clients:
        queue = queue_of(client, rows)
        place = {handed: at for at, (handed, _) in enumerate(queue)}
        received = [one.received for one in pollers if one.client is client]
        # The whole queue, each once, and nothing of another.
        assert sorted(chain(*received)) == sorted(place)
        # Strictly the order of the queue, and so that of every Claim.
        assert handed_over_to(client, rows) == list(place)
        assert all(one == sorted(one, key=place.__getitem__) for one in received)
        assert len({claim for _, claim in queue}) == len(queue) // ANSWERS_OF_A_CLAIM
    assert {row["state"] for row in rows.of(tables.pended)} == {Delivery.DELIVERED}


def test_a_lost_answer_stays_lost_to_a_poll_with_another_identifier(
    wire, registry, installation, rows
):
    client = registry.issued["Happy Valley"].client
    fill(installation, [client], 1)
    queue = [handed for handed, _ in queue_of(client, rows)]
    lost = wire.task(a_task("poll", number="first"))

    same = wire.task(a_task("poll", number="first"))
    other = wire.task(a_task("poll", number="second"))

    assert (same.status, same.output("response")) == (200, lost.output("response"))
    assert other.output("response") != lost.output("response")
    assert handed_over_to(client, rows) == queue[:2]
