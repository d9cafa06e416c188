"""Batches: each Claim is decided as if by itself, and one that fails takes no other with it."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import Engine, event

from app.domain.adjudication import Awaiting
from app.domain.codes import TaskCode
from app.domain.decisions import Ending
from app.domain.lifecycle import State
from app.gateway.handlers.cancel import Cancel, cancel
from app.gateway.jobs.worker import Worker
from app.store.ledgers.reserved import Part
from app.store.tables import JobState, Measure
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, a_quote, identifier
from tests.gateway.desk import on
from tests.gateway.jobs.mixes import a_mix, decided_by, ledger
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide, deferred
from tests.gateway.nullifications import nullifies
from tests.rows import Rows

# What a batch of one submitter may cost, with its lease; each Claim by itself takes as many.
MOST_STATEMENTS = 65


def of_member(nth, **elements):
    return a_claim(coverage={"identifier": identifier(COVERAGE_SYSTEM, f"M{nth}")}, **elements)


@pytest.fixture
def members(core):
    """Six members who share nothing."""
    for nth in range(6):
        core.create(a_coverage(f"M{nth}"))


@pytest.fixture
def worker_of(installation):
    """Builds a worker of one script."""
    return lambda *steps, **rest: Worker(
        installation, {"standard": ScriptedAdjudicator(*steps)}, **rest
    )


@contextmanager
def counted():
    """Counts the statements of every engine, but for what begins and ends transactions."""
    found = Counter()

    def executed(_connection, _cursor, statement, *_):
        found[statement.split()[0]] += 1

    event.listen(Engine, "after_cursor_execute", executed)
    try:
        yield found
    finally:
        event.remove(Engine, "after_cursor_execute", executed)


@contextmanager
def committed(installation):
    """Counts the transactions of an installation."""
    found = Counter()

    def committed(_connection):
        found["commit"] += 1

    event.listen(installation.store.engine, "commit", committed)
    try:
        yield found
    finally:
        event.remove(installation.store.engine, "commit", committed)


def test_a_claim_whose_answer_cannot_be_written_takes_no_other_with_it(desk, members, worker_of):
    prices = ["100.00", "100.00", "100.00", "13.00", "100.00"]
    taken = [desk.create(of_member(nth, prices=(price,))) for nth, price in enumerate(prices)]

    def answer(request):
        answered = decide(request)
        is_poison = request.claim.total.amount == Decimal("13.00")
        # A decision without the Claim's lines is none: it cannot be explained.
        return replace(answered, lines=()) if is_poison else answered

    assert worker_of(answer).drain() == 5

    states = [desk.submission(one).state for one in taken]
    assert states == [State.PAYABLE] * 3 + [State.ADJUDICATING, State.PAYABLE]
    assert desk.jobs() == [(taken[3].stored.id, JobState.WAITING, 1, "ValueError")]
    assert len(desk.pended()) == 2 * 4


def test_a_claim_that_is_cancelled_while_its_batch_is_asked_is_dropped_alone(
    desk, members, worker_of
):
    taken = [desk.create(of_member(nth)) for nth in range(4)]

    def cancels(request):
        outcome = desk.do(
            lambda work: cancel(desk.request(TaskCode.CANCEL, Cancel(), on(taken[0])), work)
        )
        assert outcome.status == "completed"
        return decide(request)

    assert worker_of(decide, cancels, decide).drain() == 4

    states = [desk.submission(one).state for one in taken]
    assert states == [State.CANCELLED] + [State.PAYABLE] * 3
    assert desk.jobs() == []


def test_a_claim_that_waits_is_put_back_and_the_others_of_its_batch_are_decided(
    desk, members, worker_of
):
    taken = [desk.create(of_member(nth)) for nth in range(3)]

    worker_of(decide, deferred(Awaiting.OPERATOR), decide).drain()

    states = [desk.submission(one).state for one in taken]
    assert states == [State.PAYABLE, State.AWAITING, State.PAYABLE]


def test_a_batch_of_another_worker_that_decided_first_is_not_decided_twice(
    desk, members, worker_of, clock
):
    taken = [desk.create(of_member(nth)) for nth in range(3)]
    other = worker_of(decide)

    def outlasts_its_lease(request):
        clock.forward(seconds=61)
        while other.drain():
            pass
        return decide(request)

    worker_of(outlasts_its_lease, decide).drain()

    assert {desk.submission(one).state for one in taken} == {State.PAYABLE}
    assert len(desk.pended()) == 2 * 3
    assert desk.jobs() == []


@pytest.mark.parametrize("batch", [1, 50])
def test_claims_that_quote_one_preauthorization_use_it_one_after_the_other(
    desk, members, worker_of, batch
):
    """80.00 in one unit are held: the first Claim takes the unit, to the second money is left."""
    reserved = desk.create(of_member(0, use="preauthorization"))
    quote = a_quote(reserved.stored.id, member="M0")
    quoting = [
        desk.create(a_claim(insurance=quote, prices=["12.50"], serviced="2026-03-02", type=type))
        for type in ({"coding": [{"code": "oral"}]}, {"coding": [{"code": "vision"}]})
    ]
    others = [desk.create(of_member(nth)) for nth in range(1, 6)]

    worker_of(decide, batch=batch).drain()

    used = [
        desk.see(lambda work, id=one.stored.id: work.reservations.used_by(id)) for one in quoting
    ]
    part = Part(reserved.stored.id, (1,), Measure.AMOUNT)
    # 80 % of 12.50, and one unit, which is kept in ten thousandths.
    units = replace(part, measure=Measure.QUANTITY)
    assert used == [{(part, (1,)): 1000, (units, (1,)): 10_000}, {(part, (1,)): 1000}]
    assert {desk.submission(one).state for one in quoting + others} == {State.PAYABLE}


def test_what_is_nullified_while_a_batch_is_asked_is_kept_with_no_decision(
    desk, members, worker_of
):
    earlier = desk.create(of_member(0, number="EARLIER", serviced="2026-02-02"))
    worker_of(decide).drain()
    taken = [desk.create(of_member(nth, serviced="2026-02-02")) for nth in range(4)]

    def meanwhile(request):
        assert len(request.earlier) == 1
        nullifies(desk, on(earlier))
        return decide(request)

    worker_of(meanwhile, decide).drain()

    found = [desk.see(lambda work, id=one.stored.id: work.decisions.find(id)) for one in taken]
    assert [one.number for one in found] == [1] * 4
    assert not any("EARLIER" in one.inputs for one in found)
    assert {desk.submission(one).state for one in taken} == {State.PAYABLE}


def test_the_sources_and_the_clock_of_each_claim_of_a_batch_are_its_own(desk, members, worker_of):
    earlier = [desk.create(of_member(nth, serviced="2026-02-02")) for nth in range(2)]
    worker_of(decide).drain()
    same = [desk.create(of_member(nth, serviced="2026-02-02")) for nth in range(3)]

    worker_of(decide).drain()
    nullifies(desk, on(earlier[1]))

    found = [desk.see(lambda work, id=one.stored.id: work.decisions.find(id)) for one in same]
    assert [one.inputs is not None for one in found] == [True, False, True]
    clocks = [desk.see(lambda work, id=one.stored.id: work.clocks.all_of(id)) for one in same]
    endings = [[each.clock.ending for each in of_claim] for of_claim in clocks]
    assert endings == [[Ending.DENIED], [Ending.DENIED], [Ending.APPROVED]]


def test_a_family_uses_up_one_deductible_whatever_the_batch(installation):
    """50.00 of the first, 30.00 of the second and no more: the family's 80.00 are taken."""
    claims = [of_member(nth, number=f"F{nth}", serviced="2026-02-01") for nth in range(3)]

    standings = decided_by(installation, claims, 50)

    # 80 % of 100.00 less what was taken.
    assert [total for _, _, total, *_ in standings] == [
        Decimal("40.00"),
        Decimal("56.00"),
        Decimal("80.00"),
    ]
    taken = [row[-1] for row in ledger(installation) if row[2] == "deductible-family"]
    assert taken == [Decimal("50.00"), Decimal("30.00")]


def test_decisions_are_the_same_byte_by_byte_in_batches_of_1_7_and_50(installation):
    claims = a_mix(1, 16)

    alone = decided_by(installation, claims, 1)
    kept = (ledger(installation), Rows(installation.store).counts())

    for batch in (7, 50):
        assert decided_by(installation, claims, batch) == alone
        assert (ledger(installation), Rows(installation.store).counts()) == kept
    # Such as are decided, and such as are not: else nothing was compared.
    assert len({state for state, *_ in alone}) > 2


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_decisions_are_the_same_in_batches_of_any_mix(installation, seed):
    claims = a_mix(seed, 60)

    alone = decided_by(installation, claims, 1)
    kept = (ledger(installation), Rows(installation.store).counts())

    for batch in (7, 50):
        assert decided_by(installation, claims, batch) == alone
        assert (ledger(installation), Rows(installation.store).counts()) == kept


def test_a_batch_costs_no_more_statements_with_more_claims_in_it_or_stored(
    desk, members, worker_of
):
    worker = worker_of(decide)
    spent = []
    for day, size in (("2026-01-05", 6), ("2026-01-06", 6), ("2026-01-07", 2), ("2026-01-08", 6)):
        for nth in range(size):
            desk.create(of_member(nth, serviced=day))
        with counted() as statements:
            assert worker.drain() >= size
        spent.append(statements.total())

    # The first drain of a day also enqueues what is done once a day, and opens the ledger.
    assert spent[1] == spent[3] <= spent[2]
    assert max(spent[1:]) <= MOST_STATEMENTS


def test_a_batch_is_leased_looked_at_and_settled_in_a_transaction_each(
    desk, members, installation, worker_of
):
    """And by one more it is known that nothing is left, as where there was nothing."""
    worker = worker_of(decide)
    worker.drain()
    spent = []
    for size in (0, 2, 6):
        for nth in range(size):
            desk.create(of_member(nth))
        with committed(installation) as commits:
            assert worker.drain() == size
        spent.append(commits.total())

    # What only reads is no commit on SQLite.
    of_a_batch = 2 if installation.store.is_sqlite else 3
    assert [each - spent[0] for each in spent] == [0, of_a_batch, of_a_batch]
