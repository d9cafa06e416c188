"""Figures of what ended in a period, as the databases reckon them."""

from datetime import timedelta

import pytest

from app.domain.clocks import Clock, Kind, Priority
from app.domain.codes import ClaimUse
from app.domain.decision_metrics import POPULATIONS, Tally
from app.domain.decisions import Ending
from app.store.clocks import Clocks, Timed
from app.store.ended import Ended
from tests.builders import NOW
from tests.store.explained import steps
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

SECOND = timedelta(seconds=1)
MONTH = timedelta(days=30)
AUTHORIZATIONS, CLAIMS, ALL_AUTHORIZATIONS, _ = POPULATIONS
STANDARD = Kind(ClaimUse.PREAUTHORIZATION, Priority.NORMAL)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def decided(connection):
    """Decides requests, each after so many seconds, of which it waited some."""

    def effect(*times, ending=Ending.APPROVED, waited=0, kind=STANDARD, scope=MINE, **rest):
        clocks = Clocks(connection, scope)
        clock = Clock(kind, NOW, NOW + MONTH)
        for took in times:
            id = f"{len(taken)}"
            taken.append(id)
            clocks.start(Timed(id, 1, scope.submitter_id, clock, **rest))
            ended_at = NOW + took * SECOND
            if waited:
                clocks.pause(id, NOW)
                clocks.resume(id, NOW + waited * SECOND)
            clocks.end(id, ended_at, ending, ended_at)

    taken: list[str] = []
    return effect


def median(connection, count, population=AUTHORIZATIONS, scope=PAYERS, **how):
    how = {"is_expedited": False, "has_pauses": True} | how
    return Ended(connection, scope).median(NOW, LATER, population, count=count, **how)


def a_tally(**rest):
    known = {
        "use": ClaimUse.PREAUTHORIZATION,
        "is_expedited": False,
        "is_drug": False,
        "is_reissue": False,
        "is_extended": False,
        "is_late": False,
        "ending": Ending.APPROVED,
        "before": None,
        "count": 1,
    }
    return Tally(**(known | rest))


@pytest.mark.parametrize(("scope", "count"), [(MINE, 2), (THEIRS, 1), (PAYERS, 3), (FOREIGN, 0)])
def test_each_scope_counts_its_own(connection, decided, scope, count):
    decided(1, 2)
    decided(3, scope=THEIRS)

    found = Ended(connection, scope).tallies(NOW, LATER)

    assert sum(each.count for each in found) == count


def test_a_period_has_its_first_instant_and_not_its_last(connection, decided):
    decided(0, 24 * 60 * 60 - 1, 24 * 60 * 60)

    found = Ended(connection, PAYERS).tallies(NOW, LATER)

    assert found == [a_tally(count=2, took=timedelta(days=1) - SECOND)]


def test_what_ended_alike_is_counted_together_with_its_sums(connection, decided):
    urgent = Kind(ClaimUse.CLAIM, Priority.STAT, "pharmacy")
    decided(10, 20, waited=5)
    decided(40, ending=Ending.DENIED)
    decided(7, is_reissue=True, before=Ending.DENIED)
    decided(1, 2, 3, kind=urgent, is_drug=True)
    decided(9, ending=Ending.CANCELLED)
    Clocks(connection, MINE).start(Timed("open", 1, "submitter-1", Clock(STANDARD, NOW, LATER)))

    found = Ended(connection, PAYERS).tallies(NOW, LATER)

    expected = [
        a_tally(count=2, is_extended=True, took=30 * SECOND, paused=10 * SECOND),
        a_tally(ending=Ending.DENIED, took=40 * SECOND),
        a_tally(is_reissue=True, before=Ending.DENIED, took=7 * SECOND),
        a_tally(use=ClaimUse.CLAIM, is_expedited=True, is_drug=True, count=3, took=6 * SECOND),
        a_tally(ending=Ending.CANCELLED, took=9 * SECOND),
    ]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_late_is_what_ended_after_it_was_due(connection, decided):
    in_time, late = MONTH // SECOND, MONTH // SECOND + 1
    decided(in_time)
    decided(late)
    # What was waited for moved the due date.
    decided(late, waited=1)

    found = Ended(connection, PAYERS).tallies(NOW, NOW + 2 * MONTH)

    assert sorted((each.is_extended, each.is_late, each.count) for each in found) == [
        (False, False, 1),
        (False, True, 1),
        (True, False, 1),
    ]


@pytest.mark.parametrize(
    ("times", "seconds"), [([5], 5), ([9, 1], 5), ([100, 1, 3], 3), ([4, 1, 1000, 7], 5.5)]
)
def test_the_median_is_the_middle_or_the_mean_of_the_two_in_it(connection, decided, times, seconds):
    decided(*times)

    assert median(connection, len(times)) == seconds * SECOND


def test_a_median_without_pauses_is_in_an_order_of_its_own(connection, decided):
    decided(10, waited=9)
    decided(20, waited=1)
    decided(30, waited=28)

    assert median(connection, 3) == 20 * SECOND
    assert median(connection, 3, has_pauses=False) == 2 * SECOND


def test_a_median_is_of_first_decisions_of_its_population_alone(connection, decided):
    decided(5)
    decided(1, ending=Ending.CANCELLED)
    decided(1, is_reissue=True, before=Ending.DENIED)
    decided(50, kind=Kind(ClaimUse.PREAUTHORIZATION, Priority.STAT))
    decided(60, kind=Kind(ClaimUse.CLAIM, Priority.DEFERRED))
    decided(7, is_drug=True)

    assert median(connection, 1) == 5 * SECOND
    assert median(connection, 2, ALL_AUTHORIZATIONS) == 6 * SECOND
    assert median(connection, 1, is_expedited=True) == 50 * SECOND
    assert median(connection, 1, CLAIMS) == 60 * SECOND


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_figures_are_read_from_the_index_alone(connection, decided):
    decided(5)
    counted = steps(connection, lambda: Ended(connection, PAYERS).tallies(NOW, LATER))
    middle = steps(connection, lambda: median(connection, 1))

    for plan in (*counted, *middle):
        assert any("USING COVERING INDEX ix_clock_ended" in line for line in plan), plan
