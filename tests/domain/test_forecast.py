"""How the clocks of a kind stand, and which will be late at the pace of late."""

from datetime import timedelta

import pytest

from app.domain.clocks import Clock, Kind, Priority
from app.domain.codes import ClaimUse
from app.domain.forecast import DAY, WEEK, Pace, Standing, pace, standings
from tests.builders import NOW

KIND = Kind(ClaimUse.PREAUTHORIZATION, Priority.NORMAL)
URGENT = Kind(ClaimUse.PREAUTHORIZATION, Priority.STAT)
HOUR = timedelta(hours=1)


def due_in(hours, kind=KIND, started_hours_ago=1):
    return Clock(kind, NOW - started_hours_ago * HOUR, NOW + hours * HOUR)


def test_the_worked_example_of_the_page():
    # One decision in two hours: the nth from now is made after 2 n hours.
    paused = due_in(1, started_hours_ago=50).paused(NOW - HOUR)
    running = [due_in(hours) for hours in (-1, 3, 5, 9, 20)]

    [standing] = standings([*running, paused], {KIND: Pace(12, DAY)}, NOW)

    assert standing == Standing(
        KIND,
        Pace(12, DAY),
        open=6,
        paused=1,
        breached=1,
        due_soon=4,
        oldest_at=NOW - 50 * HOUR,
        will_breach=2,
        first_breach_at=NOW + 3 * HOUR,
    )


@pytest.mark.parametrize(
    ("decisions", "will_breach"),
    # Due in 2, 4 and 6 hours; at 12 a day each is decided in the very moment it is due.
    [(12, 0), (13, 0), (11, 3), (0, 3)],
)
def test_what_is_decided_at_the_last_moment_is_in_time(decisions, will_breach):
    clocks = [due_in(hours) for hours in (2, 4, 6)]

    [standing] = standings(clocks, {KIND: Pace(decisions, DAY)}, NOW)

    assert standing.will_breach == will_breach
    assert standing.first_breach_at == (NOW + 2 * HOUR if will_breach else None)


# Of one decision a week the 416,000th comes in the year 9998, the 420,000th after the last year.
@pytest.mark.parametrize(("nth", "year"), [(416_000, 9998), (420_000, None), (10**9, None)])
def test_a_backlog_that_outlasts_the_calendar_is_never_decided(nth, year):
    at = Pace(1, WEEK).decided_at(NOW, nth)

    assert (at and at.year) == year


def test_kinds_stand_beside_each_other_and_share_no_pace():
    clocks = [due_in(1, URGENT), due_in(2), due_in(3, URGENT)]

    found = standings(clocks, {KIND: Pace(12, DAY)}, NOW)

    assert [(one.kind, one.open, one.will_breach) for one in found] == [
        (KIND, 1, 0),
        (URGENT, 2, 2),
    ]


def test_what_was_late_before_it_was_paused_is_late_and_paused():
    clock = due_in(-2).paused(NOW - HOUR)

    [standing] = standings([clock], {}, NOW)

    counts = (standing.open, standing.paused, standing.breached, standing.due_soon)
    assert (*counts, standing.will_breach) == (1, 1, 1, 0, 0)


@pytest.mark.parametrize(("hours", "due_soon"), [(24, 1), (24.001, 0), (0, 1), (-0.001, 0)])
def test_due_soon_is_within_24_hours_and_not_late(hours, due_soon):
    [standing] = standings([due_in(hours)], {KIND: Pace(1000, DAY)}, NOW)

    assert standing.due_soon == due_soon


@pytest.mark.parametrize(
    ("day", "week", "found"),
    [(3, 70, Pace(3, DAY)), (0, 70, Pace(70, WEEK)), (0, 0, Pace(0, WEEK))],
)
def test_after_a_day_without_a_decision_the_week_tells_the_pace(day, week, found):
    assert pace(day, week) == found


def test_nothing_open_stands_nowhere():
    assert standings([], {KIND: Pace(5, DAY)}, NOW) == []
