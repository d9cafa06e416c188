"""Batches: each Claim is decided as if by itself, and one that fails takes no other with it."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import Engine, event

from app.domain.adjudication import Awaiting
from app.domain.codes import TaskCode
from app.domain.lifecycle import State
from app.gateway.handlers.cancel import Cancel, cancel
from app.gateway.jobs.worker import Worker
from app.store.tables import JobState
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, identifier
from tests.gateway.desk import on
from tests.gateway.jobs.mixes import a_mix, decided_by, ledger
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide, deferred
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
