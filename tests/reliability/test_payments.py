"""Payment runs against each other, against cancels, against crashes, and with a poisoned Claim."""

from functools import partial

import pytest
from uuid_utils import uuid7

from app import create_worker
from app.domain.lifecycle import State
from app.domain.settlement import Fault
from app.gateway.administering.new_payer import new_payer
from app.gateway.administering.requeue import requeue_quarantined
from app.gateway.installation import Installation
from app.store import tables
from app.store.hashing import Hasher
from tests.builders import a_coverage, a_service_of_its_own, a_task
from tests.conftest import BASE_URL, INDEX_KEY, FixedClock, Registry
from tests.gateway.desk import Desk
from tests.gateway.paying import assert_balanced, entries, payments, priced, run
from tests.reliability.crowd import together
from tests.reliability.model.fragile import Crash, FragileStore
from tests.rows import Rows

CLAIMS = 1_000
MOST_POINTS = 200


@pytest.fixture
def desk(installation, submitter):
    return Desk(installation, submitter)


@pytest.fixture
def insured(installation, registry):
    core = Desk(installation, registry.payer_client().client)
    core.create(a_coverage())
    return core


@pytest.fixture
def decided(desk, insured, worker):
    def claimed(count, **elements):
        taken = [desk.create(a_service_of_its_own(**elements)) for _ in range(count)]
        worker.drain()
        return taken

    return claimed


def multiplied(rows, taken, count):
    """As many Claims as asked for, each with the rows of one that was decided."""
    id, response_id = taken.stored.id, taken.related.partition("/")[2]
    renamings = [
        {id: f"{id}-{number}", response_id: f"{response_id}-{number}"} for number in range(1, count)
    ]
    for table, column in COPIED.items():
        of_both = [*rows.of(table, **{column: id}), *rows.of(table, **{column: response_id})]
        rows.add(table, *(_renamed(row, new) for row in of_both for new in renamings))


COPIED = {
    tables.submission: "id",
    tables.resource: "id",
    tables.resource_version: "id",
    tables.payable_entry: "claim_id",
}


def _renamed(row, new):
    kept = {name: value for name, value in row.items() if name != "seq"}
    return {name: new.get(value, value) for name, value in kept.items()}


# --- together


def test_of_runs_at_once_each_claim_is_paid_by_one(desk, decided, rows):
    taken = decided(10)
    decided(5, **priced("1000", "JPY"))

    told = together([partial(run, desk)] * 4)

    issued = [paid.payment_id for each in told for paid in each if paid.payment_id]
    assert len(issued) == len(payments(desk)) == 2
    assert {desk.submission(each).state for each in taken} == {State.PAID}
    assert len(rows.of(tables.payment_detail)) == 15
    assert_balanced(rows)


def test_a_cancel_comes_before_a_run_or_after_it(desk, decided, rows):
    taken = decided(12)

    def cancel_all(some):
        for each in some:
            answered = desk.task(a_task("cancel", focus=each.stored.reference))
            assert answered["status"] == "completed"

    together([partial(cancel_all, taken[:6]), partial(run, desk), partial(cancel_all, taken[6:])])

    assert_balanced(rows)
    assert sum(amount for _, amount in entries(rows)) == 0
    paid = {row["claim_id"]: row["amount"] for row in rows.of(tables.payment_detail)}
    owed = sum(paid.values())
    assert sum(done.settlement.units for done in run(desk)) == -owed
    for each in taken:
        assert desk.submission(each).state is State.CANCELLED
        assert entries(rows, each) == [("payment", 8000), ("reversal", -8000)]
        assert paid.get(each.stored.id, 8000) == 8000


def test_a_reprocess_comes_before_a_run_or_after_it(desk, decided, rows, worker):
    taken = decided(8)

    def reprocess_all():
        for each in taken:
            desk.task(a_task("reprocess", focus=each.stored.reference))
        worker.drain()

    together([reprocess_all, partial(run, desk)])
    worker.drain()
    run(desk)

    assert {desk.submission(each).state for each in taken} == {State.PAID}
    assert sum(row["amount"] for row in rows.of(tables.payment)) == 8 * 8000
    assert_balanced(rows)


# --- one that is poisoned, among many


def test_one_poisoned_claim_does_not_stop_a_run_of_a_thousand(desk, decided, rows, worker, figures):
    [taken] = decided(1)
    multiplied(rows, taken, CLAIMS)
    poisoned = f"{taken.stored.id}-500"
    response = f"{taken.related.partition('/')[2]}-500"
    version = {"id": response, "version": 2}
    [sound] = rows.of(tables.resource_version, **version)
    rows.change(tables.resource_version, version, body=b"{")

    [paid] = run(desk)

    assert paid.faults == {poisoned: Fault.RESPONSE}
    assert len(paid.settlement.details) == CLAIMS - 1
    assert paid.settlement.units == (CLAIMS - 1) * 8000
    states = [row["state"] for row in rows.of(tables.submission, type="Claim")]
    assert (states.count(State.PAID), states.count(State.PAYABLE)) == (CLAIMS - 1, 1)
    assert_balanced(rows)
    figures["paid"] = paid.amount.amount

    rows.change(tables.resource_version, version, body=sound["body"])
    requeue_quarantined(desk.installation, desk.client.scope)
    assert worker.drain() == 1

    assert {row["state"] for row in rows.of(tables.submission, type="Claim")} == {State.PAID}
    assert sum(row["amount"] for row in rows.of(tables.payment)) == CLAIMS * 8000
    assert_balanced(rows)


# --- a process that ends in the middle


class Fragile:
    """An installation whose process ends at a point; another one then goes on."""

    def __init__(self, url, clock):
        self.url, self.clock = url, clock
        self.start()

    def start(self):
        self.store = FragileStore(self.url)
        self.installation = Installation(
            self.store, Hasher(INDEX_KEY), BASE_URL, self.clock, lambda: str(uuid7())
        )

    def restart(self):
        self.store.close()
        self.start()


@pytest.fixture
def fragile(database):
    opened = Fragile(database, FixedClock())
    yield opened
    opened.store.close()


@pytest.mark.parametrize(
    "step", [4, pytest.param(1, marks=pytest.mark.soak)], ids="each {}. point".format
)
def test_a_run_that_ends_at_any_point_has_paid_all_or_nothing(fragile, step):
    payer = new_payer(fragile.installation, "P", is_default=True)
    registry = Registry(fragile.installation, payer)
    client = registry.submitter().client
    Desk(fragile.installation, registry.payer_client().client).create(a_coverage())
    reached = []
    for points in range(0, MOST_POINTS, step):
        desk, rows = Desk(fragile.installation, client), Rows(fragile.store)
        # One more than a payment holds here.
        for _ in range(2):
            desk.create(a_service_of_its_own())
        create_worker(fragile.installation).drain()
        before = len(rows.of(tables.payment))
        fragile.store.die_after(points)
        has_died = _dies(desk)
        fragile.restart()
        desk, rows = Desk(fragile.installation, client), Rows(fragile.store)
        assert_balanced(rows)
        reached.append(len(rows.of(tables.payment)) - before)
        run(desk, most=1)
        assert len(rows.of(tables.payment)) == before + 2
        states = {row["state"] for row in rows.of(tables.submission, type="Claim")}
        assert states == {State.PAID}
        if not has_died:
            break
    else:
        raise AssertionError("a run that never ends by itself")
    proofs = [row["id"] for row in rows.of(tables.payment)]
    assert all(desk.see(lambda work, id=id: work.proofs.find(id)) for id in proofs)
    # It died before the first payment, between the two, and after both.
    assert sorted(set(reached)) == [0, 1, 2]
    assert reached == sorted(reached)


def _dies(desk):
    try:
        run(desk, most=1)
    except Crash:
        return True
    return False
