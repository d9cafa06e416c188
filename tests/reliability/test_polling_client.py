"""A client that is ended at each of its steps, and started again, takes every answer once.

Its leases may have lapsed meanwhile; then the gateway brings again what the client has.
"""

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

import pytest

from app.domain import leases
from app.domain.codes import HandOver
from app.store import tables
from app.store.tables import Delivery
from tests.conftest import FixedClock
from tests.reliability.polling_client import Journal, PollingClient, Refusal
from tests.reliability.queues import Handed, fill, queue_of
from tests.rows import Rows
from tests.wire import Wire

CLAIMS = 3
# Far more than a run has.
MOST_STEPS = 500
STEPS = ("half a line", "a line, not yet on the disk", "a line on the disk", "answered", "read")
AWAY = {"at once": 0, "after its leases": leases.FIRST.total_seconds(), "after a month": 2_600_000}


class Killed(BaseException):
    """The client is gone, in the middle of whatever it did."""


@dataclass
class Fate:
    """Ends a client at the so-manieth of its steps; None lets it live."""

    at: int | None
    seen: list[str] = field(default_factory=list)

    def __call__(self, step: str) -> None:
        """One step."""
        self.seen.append(step)
        if len(self.seen) == self.at:
            raise Killed(step)


@dataclass
class House:
    """A submitter with a queue of its own, and the client that empties it."""

    wire: Wire
    claims: dict[Handed, str]
    path: Path
    clock: FixedClock

    @property
    def queue(self) -> list[Handed]:
        return list(self.claims)

    def started(self, at: int | None) -> str | None:
        """A client on the journal as it was left; the step at which it was ended."""
        fate = Fate(at)
        try:
            PollingClient(self.wire, self.path, fate).run()
        except Killed:
            return fate.seen[-1]
        return None

    def emptied(self) -> None:
        """Start it until everything is taken, each time when what was lent before has lapsed."""
        for before in range(leases.MOST):
            assert self.started(None) is None
            if len(self.taken()) == len(self.queue):
                return
            self.clock.now += leases.length(before)

    def taken(self) -> list[Handed]:
        found = PollingClient(self.wire, self.path).taken
        return [
            Handed(one["resourceType"], one["id"], int(one["meta"]["versionId"])) for one in found
        ]


@pytest.fixture
def house(app, registry, installation, clock, rows, tmp_path):
    """Makes houses, each with a submitter of its own."""
    numbers = count(1)

    def made(claims=CLAIMS):
        name = f"House {next(numbers)}"
        issued = registry.submitter(name, hand_over=HandOver.ACKNOWLEDGED)
        fill(installation, [issued.client], claims)
        claims = dict(queue_of(issued.client, rows))
        wire = Wire(app.test_client(), issued.token)
        return House(wire, claims, tmp_path / f"{name}.journal", clock)

    return made


def states(rows: Rows) -> set[Delivery]:
    return {row["state"] for row in rows.of(tables.pended)}


def test_a_client_that_lives_takes_everything_in_order_and_acknowledges_it(house, rows):
    one = house()
    fate = Fate(None)

    PollingClient(one.wire, one.path, fate).run()

    assert one.taken() == one.queue
    assert states(rows) == {Delivery.DELIVERED}
    assert set(fate.seen) == set(STEPS)


@pytest.mark.parametrize("seconds", AWAY.values(), ids=AWAY)
def test_a_client_that_is_ended_at_any_step_takes_every_answer_once(house, rows, clock, seconds):
    ended = []
    for at in range(1, MOST_STEPS):
        one = house(1)
        step = one.started(at)
        clock.forward(seconds=seconds)
        one.emptied()

        assert one.taken() == one.queue, (at, step)
        if step is None:
            break
        ended.append(step)

    assert set(ended) == set(STEPS)
    assert len(ended) > 2 * len(STEPS)
    assert states(rows) == {Delivery.DELIVERED}


@pytest.mark.parametrize("seed", range(6))
def test_a_client_that_is_ended_again_and_again_takes_every_answer_once(house, rows, clock, seed):
    random = Random(seed)
    one = house()
    ends = 0
    for _ in range(12):
        ends += one.started(random.randint(1, 12)) is not None
        clock.forward(seconds=random.choice([0, 60, 400]))
    one.emptied()

    assert ends > 0
    taken = one.taken()
    assert sorted(taken) == sorted(one.queue)
    for claim in set(one.claims.values()):
        of_claim = [answer for answer in one.queue if one.claims[answer] == claim]
        assert [answer for answer in taken if one.claims[answer] == claim] == of_claim
    assert states(rows) == {Delivery.DELIVERED}


def test_what_was_cut_short_of_the_last_line_is_as_if_never_written(tmp_path):
    path = tmp_path / "journal"
    journal = Journal(path, lambda _step: None)
    for number in range(3):
        journal.add({"asked": number})
    whole = path.read_bytes()

    for cut in range(1, len(whole.splitlines()[-1]) + 1):
        path.write_bytes(whole[:-cut])
        again = Journal(path, lambda _step: None)
        assert again.lines == [{"asked": 0}, {"asked": 1}]
        again.add({"asked": 2})
        assert path.read_bytes() == whole


def test_a_client_that_is_refused_stops(house, registry):
    one = house(1)
    stranger = Wire(one.wire.http, "no token")

    with pytest.raises(Refusal):
        PollingClient(stranger, one.path).run()

    one.emptied()
    assert one.taken() == one.queue
