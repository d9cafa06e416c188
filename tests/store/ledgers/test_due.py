"""Which clocks are open, in the order they are due, and how many were decided lately."""

from datetime import timedelta

import pytest

from app.domain.clocks import Clock, Kind, Priority
from app.domain.codes import ClaimUse
from app.domain.decisions import Ending
from app.store import tables
from app.store.clocks import Clocks, Timed
from app.store.ledgers.due import Due
from tests.builders import NOW
from tests.store.explained import steps
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

HOUR = timedelta(hours=1)
KIND = Kind(ClaimUse.CLAIM, Priority.NORMAL)
DRUGS = Kind(ClaimUse.CLAIM, Priority.NORMAL, "pharmacy")


def start(connection, id, due_in=1, scope=MINE, kind=KIND):
    """Start a clock; `due_in` hours."""
    clock = Clock(kind, NOW, NOW + due_in * HOUR)
    Clocks(connection, scope).start(Timed(id, 1, scope.submitter_id, clock))
    return clock


def decided(connection, id, hours_ago, ending=Ending.DENIED, kind=KIND, scope=MINE):
    start(connection, id, scope=scope, kind=kind)
    # An instant before the start would be moved to it.
    at = {"started_at": NOW - 1000 * HOUR, "ended_at": NOW - hours_ago * HOUR, "ending": ending}
    of_claim = tables.clock.c.submission_id == id
    connection.execute(tables.clock.update().where(of_claim).values(**at))


def test_what_runs_comes_as_it_is_due_then_what_stands_still(connection):
    later, sooner, paused = (start(connection, f"C{due_in}", due_in) for due_in in (9, 2, 1))
    Clocks(connection, MINE).pause("C1", NOW)
    decided(connection, "C0", 1)

    assert list(Due(connection, MINE).clocks()) == [sooner, later, paused.paused(NOW)]


@pytest.mark.parametrize(("scope", "count"), [(MINE, 1), (THEIRS, 1), (PAYERS, 2), (FOREIGN, 0)])
def test_each_scope_sees_its_own(connection, scope, count):
    start(connection, "C1")
    start(connection, "C2", scope=THEIRS)
    decided(connection, "C3", 1)
    decided(connection, "C4", 1, scope=THEIRS)
    due = Due(connection, scope)

    assert len(list(due.clocks())) == count
    assert len(due.by(NOW + 2 * HOUR, 10)) == count
    assert sum(due.decided_since(NOW - 2 * HOUR).values()) == count


def test_what_is_due_by_an_instant_is_named_up_to_so_many(connection):
    for due_in in (5, -1, 3, 4):
        start(connection, f"C{due_in}", due_in)
    Clocks(connection, MINE).pause("C3", NOW)
    due = Due(connection, PAYERS)

    assert [one.submission_id for one in due.by(NOW + 5 * HOUR, 10)] == ["C-1", "C4", "C5"]
    assert [one.submission_id for one in due.by(NOW + 6 * HOUR, 2)] == ["C-1", "C4"]


def test_decisions_are_counted_by_kind_and_nothing_else_is(connection):
    for number, hours_ago in enumerate((1, 24, 25)):
        decided(connection, f"C{number}", hours_ago)
    decided(connection, "D1", 1, kind=DRUGS)
    decided(connection, "X1", 1, Ending.CANCELLED)
    decided(connection, "X2", 1, Ending.OVERTAKEN)
    start(connection, "O1")

    assert Due(connection, PAYERS).decided_since(NOW - 24 * HOUR) == {KIND: 2, DRUGS: 1}


@pytest.mark.parametrize("scope", [MINE, PAYERS], ids=["submitter", "payer"])
def test_each_question_is_one_statement_by_the_index_and_sorts_nothing(connection, scope):
    due = Due(connection, scope)
    start(connection, "C1")
    decided(connection, "C2", 1)
    [row] = connection.execute(tables.clock.select().filter_by(submission_id="C2")).mappings()
    many = [{**row, "epoch": epoch} for epoch in range(2, 1000)]
    connection.execute(tables.clock.insert(), many)
    connection.exec_driver_sql("ANALYZE clock")

    listed = steps(connection, lambda: due.by(NOW, 10))
    counted = steps(connection, lambda: due.decided_since(NOW))
    running, _ = steps(connection, lambda: list(due.clocks()))

    for plan in (*listed, running):
        assert not any("B-TREE" in line or "Sort" in line for line in plan), plan
    for plan in (*listed, running):
        assert any("ix_clock_due" in line for line in plan), plan
    assert any("ix_clock_ended" in line for line in counted[0]), counted
    assert (len(listed), len(counted)) == (1, 1)
