"""How many statements a request takes: few, on both databases, and however much is stored.

BEGIN, COMMIT and savepoints are not counted, and a statement for many rows counts once. What only
the first request of its kind on a connection takes is not counted either.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.gateway.jobs.worker import Worker
from tests.builders import (
    COVERAGE_SYSTEM,
    a_claim,
    a_communication,
    a_delivery,
    a_price,
    a_task,
    an_input,
    identifier,
)
from tests.gateway.jobs.mixes import a_family_coverage, a_family_plan
from tests.wire import Reply, Wire

# A read is who asks, what is read, and its row in the audit.
# The goals of the first six; where the others stand, so that they do not come to more unnoticed.
BUDGETS = {
    "status": 7,
    "status of what is decided": 7,
    "poll for one": 10,
    "poll for a hundred": 10,
    "cancel of what is undecided": 14,
    "cancel of what is decided": 20,
    "release": 10,
    "reprocess": 12,
    "deliver": 23,
    # Of which two destroy keys, where text is encrypted.
    "nullify": 75,
    "Bundle of a poll": 6,
    "read": 3,
}
FEW, MANY = 1, 50
NOT_COUNTED = ("BEGIN", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that is sent inside, of any connection."""
    sent = []

    def note(_connection, _cursor, statement, *_):
        if not statement.startswith(NOT_COUNTED):
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def insured(core):
    """A plan with deductibles of members and families, a price, and two members."""
    covered = (a_family_coverage(0), a_family_coverage(3))
    for kept in (a_family_plan(), a_price(fee="100.00"), *covered):
        core.create(kept)


@dataclass
class Counting:
    """One submitter's requests, and how many statements each of them took."""

    wire: Wire
    worker: Worker
    numbers: Iterator[int] = field(default_factory=count)
    found: dict[str, int] = field(default_factory=dict)

    def send(self, member: str = "M0", **elements: Any) -> str:
        coverage = {"identifier": identifier(COVERAGE_SYSTEM, member)}
        return self.wire.post("Claim", a_claim(coverage=coverage, **elements)).reference

    def decided(self, **elements: Any) -> str:
        # Its deductibles are never used up: what uses of them is taken back.
        claim = self.send("M3", **elements)
        self.worker.drain()
        return claim

    def ask(self, name: str, code: str, focus: str | None = None, **elements: Any) -> Reply:
        task = a_task(code, focus=focus, number=f"T{next(self.numbers)}", **elements)
        with statements() as sent:
            reply = self.wire.task(task)
        assert reply.document["status"] in {"completed", "in-progress"}, reply.text
        self.found[name] = len(sent)
        return reply

    def read(self, name: str, reference: str) -> None:
        with statements() as sent:
            assert self.wire.get(reference).status == 200
        self.found[name] = len(sent)

    def poll(self) -> None:
        self.worker.drain()
        self.ask("poll for one", "poll")
        hundred = [an_input("count", valuePositiveInt=100)]
        reply = self.ask("poll for a hundred", "poll", inputs=hundred)
        self.read("Bundle of a poll", reply.output("response"))

    def everything(self, stored: int) -> dict[str, int]:
        """Each kind of request once, with so many more Claims stored."""
        self.found = {}
        for _ in range(stored):
            self.send()
        self.poll()
        undecided = self.send()
        self.read("read", undecided)
        self.ask("status", "status", undecided)
        self.ask("cancel of what is undecided", "cancel", undecided)
        claim = self.decided()
        self.ask("status of what is decided", "status", claim)
        self.ask("reprocess", "reprocess", claim)
        self.worker.drain()
        self.ask("cancel of what is decided", "cancel", claim)
        self.ask("release", "release", self.decided(use="preauthorization"))
        self.ask("nullify", "nullify", self.decided())
        inside = a_delivery(a_communication(about=[{"reference": self.send()}]))
        self.ask("deliver", "deliver", inputs=inside["input"], contained=inside["contained"])
        return self.found


def test_a_request_takes_no_more_statements_than_its_budget_however_much_is_stored(
    wire, worker, insured, figures
):
    counting = Counting(wire, worker)
    # The second time something of the first is left in the queue, as ever after.
    for warming in (FEW, FEW, MANY):
        counting.everything(warming)

    few, many = counting.everything(FEW), counting.everything(MANY)

    figures |= many
    assert few == many
    assert many.keys() == BUDGETS.keys()
    assert {name: count for name, count in many.items() if count > BUDGETS[name]} == {}
