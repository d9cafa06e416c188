"""Leases, acknowledgements, lost answers, cancels and the clock in any order, one step at a time.

What ought to happen is worked out beside the store, from what was handed over and from nothing
else, and every step is held against it. All of a schedule runs in one transaction that is undone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.domain import leases
from app.domain.codes import HandOver, InputType, TaskCode
from app.domain.lifecycle import State
from app.domain.parties import Client, Scope
from app.domain.period import Period
from app.domain.references import Reference
from app.domain.tasks import Task, TaskInput, TaskRequest
from app.gateway.handlers.poll import Poll, poll
from app.gateway.installation import Installation
from app.store import tables
from app.store.database.walls import EVERYBODY, behind
from app.store.pended import Answer
from app.store.submissions import Submission
from app.store.tables import Delivery
from app.store.tasks import TaskRow
from app.store.unit_of_work import UnitOfWork
from tests.builders import NOW

CLAIMS = 3
ANSWERS = 4
# From a tick of the clock to a weekend away, and each end of a lease to the instant.
MOVES = [timedelta(seconds=1), timedelta(days=2), *map(leases.length, range(leases.MOST))]

schedules = pytest.mark.parametrize(
    "schedules", [120, pytest.param(5_000, marks=pytest.mark.soak)], ids="{} schedules".format
)

_claims = st.integers(0, CLAIMS - 1)
STEPS = st.one_of(
    # Twice as likely, or few answers would come to their last lease.
    st.tuples(st.just("poll"), st.none() | _claims, st.none() | st.integers(1, 3)),
    st.tuples(st.just("poll"), st.none(), st.just(100)),
    st.tuples(st.just("lapse"), st.just(leases.MOST - 1)),
    st.tuples(st.just("move"), st.sampled_from(MOVES)),
    st.tuples(st.just("acknowledge_poll"), st.integers(0, 50)),
    st.tuples(st.just("acknowledge_answer"), st.integers(0, 50)),
    st.tuples(st.just("cancel"), _claims),
    st.tuples(st.just("put_back")),
    st.tuples(st.just("pend"), _claims),
)


@dataclass
class Item:
    """One answer, as its submitter and a watchful operator know it."""

    id: str
    claim: int
    given: int = 0
    leases: int = 0
    until: datetime | None = None
    end: Delivery | None = None

    def is_lent(self, now: datetime) -> bool:
        return self.end is None and self.until is not None and self.until > now

    def is_parked(self, now: datetime) -> bool:
        return self.end is None and self.leases >= leases.MOST and not self.is_lent(now)

    def is_due(self, now: datetime) -> bool:
        return self.end is None and not self.is_lent(now) and not self.is_parked(now)

    def lend(self, now: datetime) -> None:
        assert self.end is None
        assert not self.is_lent(now), "two leases at a time"
        self.until = now + leases.length(self.leases)
        self.leases += 1
        self.given += 1

    def stands(self, now: datetime) -> Delivery:
        if self.is_parked(now):
            return Delivery.PARKED
        return self.end or (Delivery.LEASED if self.is_lent(now) else Delivery.UNDELIVERED)


@dataclass
class Play:
    """One schedule: the store, and what is expected of it."""

    connection: Any
    installation: Installation
    client: Client
    now: datetime = NOW
    items: list[Item] = field(default_factory=list)
    polls: list[tuple[str, list[Item]]] = field(default_factory=list)
    task_id: str = ""

    def __post_init__(self) -> None:
        """Three Claims with two answers each, the second ones behind all the first."""
        for claim in range(CLAIMS):
            submission = Submission(
                type="Claim",
                id=_claim(claim),
                submitter_id=self.client.id,
                state=State.DECIDED,
                epoch=1,
                created_at=self.now,
            )
            self._work().submissions.add(submission)
        for number in range(2 * CLAIMS):
            self.pend(number % CLAIMS)

    def run(self, steps: list[tuple[Any, ...]]) -> None:
        for name, *arguments in steps:
            getattr(self, name)(*arguments)
            assert self._stored() == [item.stands(self.now) for item in self.items], name

    def pend(self, claim: int) -> None:
        if len(self._of(claim)) == ANSWERS:
            return
        item = Item(f"R{len(self.items)}", claim)
        own, dated = ("Claim", _claim(claim)), Period(self.now, self.now)
        answer = Answer(self.client.id, "ClaimResponse", item.id, 1, dated, 1, own)
        self._work().pended.add(answer)
        self.items.append(item)

    def poll(self, claim: int | None, count: int | None) -> None:
        """What is due, unless something earlier of its Claim is out; by focus what is parked."""
        wanted = self.items if claim is None else self._of(claim)
        due = [one for one in wanted if one.is_due(self.now)]
        expected = [one for one in due if not self._is_behind(one)][: count or 1]
        is_recovery = not expected and claim is not None
        if is_recovery:
            parked = [one for one in wanted if one.is_parked(self.now)]
            expected = [one for one in parked if not self._is_behind(one)][: count or 1]

        handed, remaining = self._polled(claim, count)

        moved = [(one.id, one.given + 1) for one in expected]
        assert handed[: len(moved)] == moved
        for item in expected:
            item.lend(self.now)
        # Whatever else is named was named before, and is where it was.
        again = [self._item(id) for id, _ in handed[len(moved) :]]
        assert is_recovery or again == []
        assert [(one.id, one.given) for one in again] == handed[len(moved) :]
        assert all(one.claim == claim and one.given > 0 for one in again)
        assert remaining == sum(one.is_due(self.now) for one in wanted)
        if handed:
            self.polls.append((self.task_id, [*expected, *again]))

    def lapse(self, rounds: int) -> None:
        """Poll for everything again and again and acknowledge nothing."""
        for _ in range(rounds):
            self.poll(None, 100)
            self.now += leases.length(leases.MOST - 1)

    def move(self, by: timedelta) -> None:
        self.now += by

    def acknowledge_poll(self, number: int) -> None:
        if self.polls:
            task, items = self.polls[number % len(self.polls)]
            self._acknowledged(Reference("Task", task), items)

    def acknowledge_answer(self, number: int) -> None:
        given = [one for one in self.items if one.given]
        if given:
            item = given[number % len(given)]
            self._acknowledged(Reference("ClaimResponse", item.id, 1), [item])

    def cancel(self, claim: int) -> None:
        self._work().pended.withdraw(("Claim", _claim(claim)))
        self._ended(self._of(claim), Delivery.WITHDRAWN)

    def put_back(self) -> None:
        work = self._work()
        work.leases.park()
        put_back = [(one.resource_id, one.deliveries) for one in work.leases.put_back(100)]
        parked = [one for one in self.items if one.is_parked(self.now)]
        assert put_back == [(one.id, one.given) for one in parked]
        for item in parked:
            item.leases, item.until = 0, None

    def _polled(self, claim: int | None, count: int | None) -> tuple[list[tuple[str, int]], int]:
        focus = None if claim is None else Reference("Claim", _claim(claim))
        remaining = self._asked(Poll(count=count), focus)
        handed = tables.handed_over.c
        rows = self.connection.execute(
            select(handed.resource_id, handed.delivery)
            .where(handed.task_id == self.task_id)
            .order_by(handed.position)
        )
        return [tuple(row) for row in rows], remaining

    def _acknowledged(self, reference: Reference, items: list[Item]) -> None:
        """By a poll that asks for what is not there, so that it hands nothing over."""
        asked = Poll(included=("Communication",), acknowledged=(reference,))
        assert self._asked(asked, None) == 0
        self._ended(items, Delivery.DELIVERED)

    def _asked(self, asked: Poll, focus: Reference | None) -> int:
        """One poll straight at its handler; what it says remains."""
        self.task_id = self.installation.new_id()
        given = tuple(
            TaskInput(InputType.ACK, "Reference", one, f"Task.input[{at}]")
            for at, one in enumerate(asked.acknowledged)
        )
        task, work = Task(TaskCode.POLL, focus=focus, inputs=given), self._work()
        outcome = poll(TaskRequest(self.client, self.task_id, task, asked), work)
        work.tasks.add(TaskRow(self.task_id, TaskCode.POLL, outcome.status, None, None))
        remaining: int = outcome.outputs[-1].value.count
        return remaining

    def _ended(self, items: list[Item], end: Delivery) -> None:
        for item in items:
            item.end = item.end or end

    def _is_behind(self, item: Item) -> bool:
        earlier = self.items[: self.items.index(item)]
        return any(one.claim == item.claim and one.is_lent(self.now) for one in earlier)

    def _of(self, claim: int) -> list[Item]:
        return [one for one in self.items if one.claim == claim]

    def _item(self, id: str) -> Item:
        return next(one for one in self.items if one.id == id)

    def _stored(self) -> list[Delivery]:
        """As the store has it; what lapsed for the last or another time is not moved by that."""
        pended = tables.pended.c
        rows = self.connection.execute(
            select(pended.state, pended.leased_until, pended.leases)
            .where(pended.submitter_id == self.client.id)
            .order_by(pended.seq)
        )
        return [self._as_read(*row) for row in rows]

    def _as_read(self, state: Delivery, until: datetime | None, number: int) -> Delivery:
        if state is not Delivery.LEASED or until is None or until > self.now:
            return state
        return Delivery.PARKED if number >= leases.MOST else Delivery.UNDELIVERED

    def _work(self) -> UnitOfWork:
        scope = Scope(self.client.payer.id, self.client.id)
        return UnitOfWork(
            self.connection,
            scope,
            self.now,
            self.installation.hasher,
            self.installation.new_id,
            self.installation.indexer,
        )


def _claim(number: int) -> str:
    return f"C{number}"


@schedules
def test_whatever_happens_in_whatever_order(installation, registry, figures, schedules):
    issued = registry.submitter("Careful", hand_over=HandOver.ACKNOWLEDGED)
    ends: dict[Delivery, int] = dict.fromkeys(Delivery, 0)

    # No deadline: a test is never timed. No database: the same examples wherever it runs.
    @settings(
        max_examples=schedules,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.lists(STEPS, min_size=5, max_size=40))
    def explore(steps):
        with installation.store.engine.connect() as connection:
            transaction = behind(connection, EVERYBODY).begin()
            play = Play(connection, installation, issued.client)
            play.run(steps)
            for item in play.items:
                ends[item.stands(play.now)] += 1
            transaction.rollback()

    explore()

    figures |= {str(state): number for state, number in ends.items()}
    reached = {Delivery.UNDELIVERED, Delivery.LEASED, Delivery.DELIVERED, Delivery.WITHDRAWN}
    assert {state for state, number in ends.items() if number} == {*reached, Delivery.PARKED}
