"""Many pollers that acknowledge, on two full queues; one answer in twenty never arrives.

Nobody asks again for what was lost: its lease lapses, and it comes back by itself. The clock stands
still while they poll, and moves when none of them is handed anything any more.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count
from typing import Any

import pytest
from flask import Flask

from app.domain import leases
from app.domain.codes import HandOver
from app.domain.parties import Client
from app.gateway.administering.administration import Issued
from app.store import tables
from app.store.tables import Delivery
from tests.builders import a_task, an_input
from tests.conformance.lending import DELIVERY_COUNT
from tests.reliability.crowd import together
from tests.reliability.queues import ANSWERS_OF_A_CLAIM, Handed, fill, polls_of, queue_of
from tests.reliability.retries import asked_until_answered, read_until_answered
from tests.wire import Wire

POLLERS = 32
EVERY = 20
IN_A_BUNDLE = 10
# Far more than it takes until nothing is left to bring back.
MOST_ROUNDS = 20

items = pytest.mark.parametrize(
    "items", [600, pytest.param(10_000, marks=pytest.mark.soak)], ids="{} items".format
)


@dataclass
class Poller:
    """One client program: takes what arrives and acknowledges it, by the poll or one by one."""

    wire: Wire
    client: Client
    name: str
    answers: "count[int]"
    asks: int | None
    acknowledges: "Callable[[Poller, str, list[Handed]], None]"
    polls: "count[int]" = field(default_factory=count)
    received: list[tuple[Handed, int]] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    to_acknowledge: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def poll_until_nothing_comes(self) -> None:
        """Poll until an answer that arrives hands nothing over."""
        for _ in range(100_000):
            answer = self._sent("Task", self._task())
            assert answer.document["status"] == "completed", answer.text
            if next(self.answers) % EVERY == 0:
                # The client hears nothing: not what came, and not that its own was heard.
                self.lost.append(answer.document["id"])
                continue
            self.to_acknowledge.clear()
            if answer.output("response") is None:
                return
            self.arrived.append(answer.document["id"])
            given = self._read(answer.output("response"), answer.document["output"][0])
            self.received += given
            self.acknowledges(self, answer.document["id"], [one for one, _ in given])
        raise AssertionError("a poll without an end")

    def by_poll(self, task_id: str, given: list[Handed]) -> None:
        """Name the poll in the next one."""
        self.to_acknowledge.append(f"Task/{task_id}")

    def one_by_one(self, task_id: str, given: list[Handed]) -> None:
        """Name each answer in the next poll."""
        self.to_acknowledge += [f"{one.type}/{one.id}/_history/{one.version}" for one in given]

    def by_operation(self, task_id: str, given: list[Handed]) -> None:
        """Say so at once."""
        done = self._sent(f"Task/{task_id}/$acknowledge", {"resourceType": "Parameters"})
        assert done.status == 200, done.text

    def _task(self) -> dict[str, Any]:
        inputs = [an_input("ack", valueReference={"reference": one}) for one in self.to_acknowledge]
        if self.asks is not None:
            inputs.append(an_input("count", valuePositiveInt=self.asks))
        return a_task("poll", number=f"{self.name}-{next(self.polls)}", inputs=inputs)

    def _sent(self, path: str, document: dict[str, Any]) -> Any:
        reply, statuses = asked_until_answered(self.wire, path, document)
        self.statuses += statuses
        return reply

    def _read(self, reference: str, output: dict[str, Any]) -> list[tuple[Handed, int]]:
        found = read_until_answered(self.wire, reference)
        assert found.status == 200
        alone = {"resource": found.document, "extension": output.get("extension", [])}
        return [_handed(entry) for entry in found.document.get("entry", [alone])]


WAYS = (Poller.by_poll, Poller.one_by_one, Poller.by_operation)


def _handed(entry: dict[str, Any]) -> tuple[Handed, int]:
    document = entry["resource"]
    version = int(document["meta"]["versionId"])
    told = [
        one["valueInteger"] for one in entry.get("extension", []) if one["url"] == DELIVERY_COUNT
    ]
    return Handed(document["resourceType"], document["id"], version), told[0] if told else 1


def _pollers(app: Flask, submitters: list[Issued]) -> list[Poller]:
    answers = count(1)
    return [
        Poller(
            Wire(app.test_client(), issued.token),
            issued.client,
            f"{issued.client.name}-{number}",
            answers,
            IN_A_BUNDLE if number % 2 else None,
            WAYS[number % len(WAYS)],
        )
        for number in range(POLLERS // len(submitters))
        for issued in submitters
    ]


@items
def test_each_answer_arrives_once_and_in_order_and_only_lost_ones_come_back(
    app, registry, installation, clock, rows, items, figures
):
    submitters = [
        registry.submitter(name, hand_over=HandOver.ACKNOWLEDGED) for name in ("North", "South")
    ]
    clients = [issued.client for issued in submitters]
    fill(installation, clients, items // len(clients) // ANSWERS_OF_A_CLAIM)
    pollers = _pollers(app, submitters)

    rounds = 0
    while rows.of(tables.pended, state=Delivery.UNDELIVERED) or rows.of(
        tables.pended, state=Delivery.LEASED
    ):
        rounds += 1
        assert rounds < MOST_ROUNDS, figures
        together([partial(Poller.poll_until_nothing_comes, poller) for poller in pollers])
        clock.now += leases.length(leases.MOST - 1)

    lost = set(chain.from_iterable(poller.lost for poller in pollers))
    arrived = set(chain.from_iterable(poller.arrived for poller in pollers))
    figures |= {
        "arrived": sum(len(poller.received) for poller in pollers),
        "answers lost": len(lost),
        "rounds": rounds,
        "statuses": dict(sum((poller.statuses for poller in pollers), Counter())),
    }
    came_back = 0
    for client in clients:
        queue = queue_of(client, rows)
        received = [one.received for one in pollers if one.client is client]
        polls = polls_of(client, rows)
        # All of the queue, each once, and nothing of another.
        assert sorted(one for one, _ in chain(*received)) == sorted(one for one, _ in queue)
        # What the polls that arrived were given is, Claim by Claim, in the order of the queue.
        claims = dict(queue)
        given = [one for task, handed in polls if task in arrived for one in handed]
        assert _by_claim(given, claims) == _by_claim([one for one, _ in queue], claims)
        # Nothing was handed over again but what was lost, and it told how often.
        times = Counter(one for task, handed in polls if task in lost for one in handed)
        told = dict(chain(*received))
        assert told == {one: times[one] + 1 for one, _ in queue}
        came_back += times.total()
    figures["came back"] = came_back
    assert 0 < came_back < items // 2, figures
    assert figures["answers lost"] > 0, figures
    # 503: a machine that is too busy says so, and a client asks the same again.
    assert {200, 201} <= figures["statuses"].keys() <= {200, 201, 503}, figures
    assert {row["state"] for row in rows.of(tables.pended)} == {Delivery.DELIVERED}, figures


def _by_claim(given: list[Handed], claims: dict[Handed, str]) -> dict[str, list[Handed]]:
    found: dict[str, list[Handed]] = {}
    for one in given:
        found.setdefault(claims[one], []).append(one)
    return found


def test_what_is_lost_comes_back_only_after_its_lease(wire, registry, installation, clock, rows):
    issued = registry.submitter("Careful", hand_over=HandOver.ACKNOWLEDGED)
    careful = Wire(wire.http, issued.token)
    fill(installation, [issued.client], 1)
    lost = careful.task(a_task("poll"))

    assert careful.task(a_task("poll")).output("response") is None
    clock.now += leases.FIRST

    assert careful.task(a_task("poll")).output("response") == lost.output("response")
