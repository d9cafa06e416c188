"""Nodes whose own clocks are wrong, on one database: leases, due dates and periods hold on all."""

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from app import create_app
from app.domain.adjudication import Awaiting
from app.domain.codes import HandOver, InputType
from app.gateway.jobs.leasing import Leasing
from app.gateway.jobs.worker import LEASE, Worker
from app.store import tables
from app.store.database.clock import SharedClock, counted
from app.store.database.engine import Store
from tests.builders import a_claim, a_coverage, a_task, an_input, identifier
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide, deferred
from tests.wire import Wire

SECONDS = 60
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
FIRST_LEASE = timedelta(minutes=5)

# A database of each test's own, to which the nodes connect.
pytestmark = pytest.mark.usefixtures("database")
apart = pytest.mark.parametrize(("behind", "ahead"), [(-QUARTER, QUARTER), (HOUR, -HOUR)], ids=str)


@pytest.fixture
def backend() -> str:
    """PostgreSQL alone: on SQLite there is one node."""
    return "postgresql"


@dataclass
class Machine:
    """A machine whose clock is wrong; it may be told that time passed, and its clock be set."""

    wrong_by: timedelta
    passed: timedelta = field(default=timedelta(0))

    def own(self) -> datetime:
        """What its clock says."""
        return datetime.now(UTC) + self.wrong_by + self.passed

    def count(self) -> float:
        """What it counted."""
        return counted() + self.passed.total_seconds()


@pytest.fixture
def node(installation, database):
    """Opens a node on a machine: an installation on connections of its own."""
    stores = []

    def opened(machine):
        store = Store(database)
        stores.append(store)
        clock = SharedClock(store, machine.own, machine.count)
        return replace(installation, store=store, clock=clock)

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def insured(core):
    """A member whose Claims are decided."""
    assert core.post("Coverage", a_coverage()).status == 201


def of_node(node, token):
    return Wire(create_app(node).test_client(), token)


@apart
def test_a_job_is_not_taken_from_a_node_that_works_on_it(node, wire, insured, rows, behind, ahead):
    there, here = Machine(behind), Machine(ahead)
    sent = of_node(node(there), wire.token).post("Claim", a_claim())
    begun, go_on = threading.Event(), threading.Event()

    def think(request):
        begun.set()
        # In the middle of it its clock is set right, which is a jump.
        there.wrong_by = timedelta(0)
        assert go_on.wait(SECONDS)
        return decide(request)

    slow = Worker(node(there), {"standard": ScriptedAdjudicator(think)})
    quick = ScriptedAdjudicator(decide)
    other = Worker(node(here), {"standard": quick})
    thread = threading.Thread(target=slow.drain)
    thread.start()
    assert begun.wait(SECONDS)
    taken = other.drain()
    go_on.set()
    thread.join(SECONDS)

    assert (taken, quick.asked) == (0, [])
    assert rows.of(tables.job) == []
    decided = rows.of(tables.audit, action="decide")
    assert [row["resource_id"] for row in decided] == [sent.document["id"]]


@apart
def test_a_job_whose_lease_lapsed_is_taken_by_any_node(node, wire, insured, rows, behind, ahead):
    there, here = Machine(behind), Machine(ahead)
    first, second = node(there), node(here)
    of_node(first, wire.token).post("Claim", a_claim())
    # Its worker leases the job, and is never heard of again.
    Leasing(first, LEASE).due(1, tried=False)
    quick = ScriptedAdjudicator(decide)
    other = Worker(second, {"standard": quick})

    early = other.drain()
    here.passed = LEASE + timedelta(seconds=1)
    late = other.drain()

    assert (early, late) == (0, 1)
    assert len(rows.of(tables.audit, action="decide")) == 1


@apart
def test_what_is_lent_is_not_handed_over_early_by_any_node(
    node, registry, insured, rows, behind, ahead
):
    token = registry.submitter("Careful", hand_over=HandOver.ACKNOWLEDGED).token
    there, here = Machine(behind), Machine(ahead)
    first, second = node(there), node(here)
    near, far = of_node(first, token), of_node(second, token)
    near.post("Claim", a_claim(provider={"identifier": identifier("sid", "Careful")}))
    Worker(first, {"standard": ScriptedAdjudicator(decide)}).drain()

    lent = near.task(a_task("poll", inputs=[an_input("count", valuePositiveInt=5)]))
    early = far.task(a_task("poll"))
    here.passed = FIRST_LEASE + timedelta(seconds=1)
    late = far.task(a_task("poll", inputs=[an_input("count", valuePositiveInt=5)]))

    assert lent.output("response") is not None, lent.text
    assert early.output("response") is None
    assert late.output("response") is not None
    assert {row["deliveries"] for row in rows.of(tables.pended)} == {2}


@apart
def test_what_is_deferred_is_asked_about_when_it_is_due_on_any_node(
    node, wire, insured, rows, behind, ahead
):
    there, here = Machine(behind), Machine(ahead)
    first, second = node(there), node(here)
    of_node(first, wire.token).post("Claim", a_claim())
    due_at = first.clock() + timedelta(minutes=10)
    Worker(first, {"standard": ScriptedAdjudicator(deferred(Awaiting.COVERAGE, due_at))}).drain()
    other = Worker(second, {"standard": ScriptedAdjudicator(decide)})

    early = other.drain()
    here.passed = timedelta(minutes=10, seconds=1)
    late = other.drain()

    assert (early, late) == (0, 1)


@apart
def test_a_period_finds_what_all_nodes_pended(node, wire, insured, behind, ahead):
    there, here = Machine(behind), Machine(ahead)
    nodes = [node(there), node(here)]
    since = nodes[0].clock() - timedelta(minutes=2)
    for one in nodes:
        of_node(one, wire.token).post("Claim", a_claim())
        Worker(one, {"standard": ScriptedAdjudicator(decide)}).drain()
    until = nodes[1].clock() + timedelta(minutes=2)

    def remaining(start, end):
        period = {"start": start.isoformat(), "end": end.isoformat()}
        inputs = [an_input(InputType.PERIOD, valuePeriod=period)]
        return of_node(nodes[0], wire.token).task(a_task("poll", inputs=inputs)).output("remaining")

    earlier = since - timedelta(minutes=2)
    # Two answers to each of two Claims, of which the poll hands over the first.
    assert (remaining(earlier, since), remaining(since, until)) == (0, 3)
