"""What need not be kept goes; what the law, a payer or a client wants kept stays."""

from datetime import timedelta

import pytest

from app.domain.parties import Scope
from app.gateway.administering.new_payer import new_payer
from app.gateway.administering.retention import AT_ONCE, Expired, expired, forget_expired
from app.store import tables
from app.store.tables import Delivery
from tests.builders import a_claim, a_task

# Of a poll and a status: an age at which they are old enough, and one at which they are not.
OLD, NOT_YET = {"days": 401}, {"days": 399}


@pytest.fixture
def claim(wire, worker):
    """A decided Claim."""
    reference = wire.post("Claim", a_claim()).reference
    worker.drain()
    return reference


@pytest.fixture
def asked(wire, claim):
    """A poll that handed over its answer, and a question about it; their references."""
    poll = wire.task(a_task("poll", number="P1"))
    assert poll.output("response") is not None
    return [poll.reference, wire.task(a_task("status", focus=claim)).reference]


def forgotten(installation, registry):
    """What goes under the payer's rules of now, and what was told before it went."""
    payer = registry.administered()
    told = installation.read(Scope(payer.id), lambda work: expired(payer, work))
    return forget_expired(installation, payer), told


# --- what is kept


def test_what_is_not_old_enough_stays(installation, registry, wire, clock, asked):
    clock.forward(**NOT_YET)

    gone, told = forgotten(installation, registry)

    assert (gone.polls, told.polls) == (0, 0)
    assert [wire.get(one).status for one in asked] == [200, 200]
    clock.forward(days=2)
    gone, told = forgotten(installation, registry)
    assert (gone.polls, told.polls) == (2, 2)
    assert [wire.get(one).status for one in asked] == [404, 404]


def test_a_payer_may_keep_them_for_ever_or_for_a_week(installation, registry, wire, clock, asked):
    clock.forward(**OLD)
    registry.settle_rules(keep_polls=timedelta(0))
    assert forgotten(installation, registry)[0].polls == 0

    registry.settle_rules(keep_polls=timedelta(days=7))
    assert forgotten(installation, registry)[0].polls == 2


def test_what_is_about_something_under_legal_hold_stays(
    installation, registry, rows, wire, clock, claim, asked
):
    clock.forward(**OLD)
    id = claim.partition("/")[2]
    rows.change(tables.submission, {"id": id}, is_held=True)

    assert forgotten(installation, registry)[0].polls == 0
    assert [wire.get(one).status for one in asked] == [200, 200]

    rows.change(tables.submission, {"id": id}, is_held=False)
    assert forgotten(installation, registry)[0].polls == 2


def test_a_poll_whose_answers_are_not_acknowledged_stays_with_its_key(
    installation, registry, rows, wire, clock, asked
):
    [pended] = rows.of(tables.pended, state=Delivery.DELIVERED)
    rows.change(tables.pended, {"seq": pended["seq"]}, state=Delivery.PARKED)
    clock.forward(**OLD)

    gone, _ = forgotten(installation, registry)

    assert gone.polls == 1
    assert wire.get(asked[0]).status == 200
    assert len(rows.of(tables.replay_key, type="Task")) == 1
    rows.change(tables.pended, {"seq": pended["seq"]}, state=Delivery.DELIVERED)
    assert forgotten(installation, registry)[0].polls == 1
    assert rows.of(tables.replay_key, type="Task") == []


def test_tasks_that_changed_something_claims_answers_and_the_audit_stay(
    installation, registry, rows, wire, clock, claim, asked
):
    cancelled = wire.task(a_task("cancel", focus=claim)).reference
    clock.forward(days=4000)
    audit = rows.of(tables.audit)
    answers = rows.of(tables.resource, type="ClaimResponse")

    forgotten(installation, registry)

    assert wire.get(cancelled).status == 200
    assert wire.get(claim).status == 200
    assert rows.of(tables.audit)[: len(audit)] == audit
    assert rows.of(tables.resource, type="ClaimResponse") == answers != []


def test_another_payer_s_stay(installation, registry, wire, clock, asked):
    other = new_payer(installation, "Another")
    clock.forward(**OLD)

    assert forget_expired(installation, other) == Expired()
    assert [wire.get(one).status for one in asked] == [200, 200]


# --- what goes


def test_a_poll_leaves_no_row_but_its_audit(installation, registry, rows, clock, asked):
    ids = {one.partition("/")[2] for one in asked}
    clock.forward(**OLD)

    forgotten(installation, registry)

    left = {
        table.name
        for table in tables.metadata.sorted_tables
        for row in rows.of(table)
        if ids & {value for value in row.values() if isinstance(value, str)}
    }
    assert left == {"audit"}


def test_a_key_that_lapsed_goes_and_one_that_counts_does_not(
    installation, registry, rows, wire, clock
):
    document = a_claim()
    wire.post("Claim", document)
    clock.forward(days=399)
    assert forgotten(installation, registry)[0].replay_keys == 0
    assert wire.post("Claim", document).status == 200

    clock.forward(days=9)
    assert forgotten(installation, registry)[0].replay_keys > 0
    assert rows.of(tables.replay_key) == []


def test_more_than_fit_in_one_transaction_go(installation, registry, rows, wire, clock):
    poll = rows_of_one_poll(rows, wire)
    more = [poll | {"id": f"poll-{n:04}"} for n in range(2 * AT_ONCE)]
    rows.add(tables.task, *more)
    clock.forward(**OLD)

    assert forgotten(installation, registry)[0].polls == len(more) + 1
    assert rows.of(tables.task) == []


def rows_of_one_poll(rows, wire):
    wire.task(a_task("poll"))
    [row] = rows.of(tables.task)
    return row


# --- what happens twice


def test_what_is_gone_is_not_told_again(installation, registry, clock, asked):
    clock.forward(**OLD)
    forgotten(installation, registry)

    gone, told = forgotten(installation, registry)

    assert (gone, told) == (Expired(), Expired())
