"""A decision made again by the worker: what is asked, what is refused, what is dropped."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.adjudication import Category
from app.domain.lifecycle import State
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import a_claim, a_communication, a_price, a_task, an_input
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide


@pytest.fixture
def decided(desk, insured, worker):
    """A Claim of two lines, decided: 80.00 and 40.00."""
    taken = desk.create(a_claim(prices=["100.00", "50.00"]))
    worker.drain()
    return taken


def reprocess(desk, taken, *items, **elements):
    inputs = [an_input("item", valuePositiveInt=item) for item in items]
    focus = taken.stored.reference
    return desk.ask(a_task("reprocess", focus=focus, inputs=inputs, **elements)).stored.reference


def asked(installation, *steps):
    """Works off what is due by a script; the adjudicator that was asked."""
    adjudicator = ScriptedAdjudicator(*(steps or (decide,)))
    Worker(installation, {"standard": adjudicator}).drain(limit=1)
    return adjudicator


def sums(desk):
    """Every counter that is not zero, by kind and period."""
    entry = tables.counter_entry.c
    rows = desk.installation.store.read(
        lambda connection: connection.execute(tables.counter_entry.select()).all()
    )
    found: dict[str, Decimal] = {}
    for row in rows:
        name = f"{row._mapping[entry.kind]}|{row._mapping[entry.period]}"
        found[name] = found.get(name, Decimal(0)) + row._mapping[entry.amount]
    return {name: amount for name, amount in found.items() if amount}


def cheaper(factor):
    """An adjudicator that pays a part of what the standard one pays, of every line."""

    def answer(request):
        decision = decide(request)
        lines = tuple(
            replace(line, amounts=tuple(_scaled(row, factor) for row in line.amounts))
            for line in decision.lines
        )
        return replace(decision, lines=lines)

    return answer


def _scaled(row, factor):
    if row.category is not Category.BENEFIT:
        return row
    return replace(row, money=replace(row.money, amount=row.money.amount * factor).rounded())


# --- refused


def test_an_adjudicator_that_changes_what_was_not_named_is_not_heard(
    desk, installation, decided, clock
):
    before = desk.submission(decided)
    task = reprocess(desk, decided, 1)

    asked(installation, cheaper(Decimal("0.5")))

    [(_, state, attempts, fault)] = desk.jobs()
    assert (state, attempts, fault) == ("waiting", 1, "NotCarriedOver")
    assert desk.document(task)["status"] == "in-progress"
    assert desk.submission(decided).response_id == before.response_id
    clock.forward(hours=2)
    asked(installation)
    assert desk.document(task)["status"] == "completed"


def test_where_all_is_named_every_line_may_change(desk, installation, decided):
    task = reprocess(desk, decided)

    asked(installation, cheaper(Decimal("0.5")))

    assert desk.document(task)["status"] == "completed"


def test_a_decision_on_a_reprocess_that_was_overtaken_meanwhile_is_dropped(
    desk, installation, decided
):
    first = reprocess(desk, decided)
    later = []

    def overtaken(request):
        later.append(reprocess(desk, decided))
        return decide(request)

    asked(installation, overtaken)

    [second] = later
    assert [desk.document(one)["status"] for one in (first, second)] == [
        "cancelled",
        "in-progress",
    ]
    assert desk.submission(decided).state is State.QUEUED
    asked(installation)
    assert desk.document(second)["status"] == "completed"
    assert desk.submission(decided).state is State.PAYABLE


# --- done


def test_the_adjudicator_is_told_what_was_decided_and_what_is_asked(desk, installation, decided):
    reprocess(desk, decided, 2, 1)
    desk.create(a_communication(about=[{"reference": decided.stored.reference}]))

    [request] = asked(installation).asked

    assert request.reissue.paths == ((2,), (1,))
    assert [line.path for line in request.reissue.decided.lines] == [(1,), (2,)]
    assert request.reissue.reference is None
    assert request.attachments == 1
    # As if this Claim had never been counted.
    assert not any(request.counters.values())


def test_the_quoted_reference_is_told_to_the_adjudicator(desk, installation, decided):
    quoted = an_input("reference", valueString="BR12345")
    desk.task(a_task("reprocess", focus=decided.stored.reference, inputs=[quoted]))

    [request] = asked(installation).asked

    assert request.reissue.reference == "BR12345"


def test_counters_are_those_of_the_decision_in_force(desk, insured, installation, worker, decided):
    other = desk.create(a_claim(prices=["10.00"]))
    worker.drain()
    before = sums(desk)
    assert before["benefit|2026"] == Decimal("256.00")

    insured.create(a_price(fee="20.00"))
    reprocess(desk, decided, 1)
    worker.drain()

    # 16.00 + 40.00 + 8.00, in the category and over all.
    assert sums(desk)["benefit|2026"] == Decimal("128.00")
    assert sums(desk)["out-of-pocket-individual|2026"] == Decimal("16.00")
    for taken in (decided, other):
        desk.task(a_task("cancel", focus=taken.stored.reference))
    assert sums(desk) == {}


def test_nothing_is_lost_where_counters_moved_meanwhile(desk, installation, decided):
    other = desk.create(a_claim(prices=["10.00"]))
    task = reprocess(desk, decided)
    worker = Worker(installation, {"standard": ScriptedAdjudicator(decide)})

    def beaten(request):
        worker.drain()
        return decide(request)

    asked(installation, beaten, decide)

    assert desk.submission(other).state is State.PAYABLE
    assert desk.document(task)["status"] == "completed"
    assert sums(desk)["benefit|2026"] == Decimal("256.00")
