"""Clocks as rows: each move is one statement, and comes to what the domain says."""

from datetime import timedelta

import pytest

from app.domain.clocks import Clock, Kind, Priority
from app.domain.codes import ClaimUse
from app.domain.decisions import Ending
from app.store.clocks import Clocks, Timed
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

KIND = Kind(ClaimUse.PREAUTHORIZATION, Priority.STAT, "pharmacy")
RUNNING = Clock(KIND, NOW, NOW + timedelta(hours=72))
MINUTE = timedelta(minutes=1, microseconds=7)


def a_clock(id="C1", epoch=1, **rest):
    return Timed(id, epoch, MINE.submitter_id, rest.pop("clock", RUNNING), **rest)


@pytest.fixture
def clocks(connection):
    return Clocks(connection, MINE)


def test_a_clock_comes_back_as_it_went_in(clocks):
    timed = a_clock(is_drug=True, is_reissue=True, before=Ending.PARTLY)

    clocks.start(timed)

    assert clocks.all_of("C1") == [timed]


@pytest.mark.parametrize(
    ("scope", "is_mine"), [(MINE, True), (PAYERS, True), (THEIRS, False), (FOREIGN, False)]
)
def test_a_clock_is_moved_and_seen_by_its_submitter_and_its_payer_alone(
    connection, clocks, scope, is_mine
):
    clocks.start(a_clock())
    looking = Clocks(connection, scope)

    assert looking.all_of("C1") == ([a_clock()] if is_mine else [])
    looking.end("C1", NOW + MINUTE, Ending.DENIED, NOW + MINUTE)
    ended = RUNNING.ended(NOW + MINUTE, Ending.DENIED)
    assert clocks.all_of("C1") == [a_clock(clock=ended if is_mine else RUNNING)]
    looking.forget("C1")
    assert clocks.all_of("C1") == ([] if is_mine else [a_clock()])


# p: paused, r: resumed, e: ended; a minute lies between two of them.
@pytest.mark.parametrize(
    "moves",
    ["", "p", "pr", "pp", "ppr", "rr", "prpr", "prp", "e", "pe", "prpe", "ppre", "epr", "ee"],
)
def test_a_row_is_moved_as_the_domain_moves_a_clock(clocks, moves):
    clocks.start(a_clock())
    expected, now = RUNNING, NOW

    for move in moves:
        now += MINUTE
        if move == "p":
            clocks.pause("C1", now)
            expected = expected.paused(now)
        elif move == "r":
            clocks.resume("C1", now)
            expected = expected.resumed(now)
        else:
            clocks.end("C1", now, Ending.APPROVED, now)
            expected = expected.ended(now, Ending.APPROVED)

    assert clocks.all_of("C1") == [a_clock(clock=expected)]


def test_a_clock_never_goes_backwards(clocks):
    earlier = NOW - MINUTE
    clocks.start(a_clock())
    clocks.pause("C1", earlier)
    assert clocks.all_of("C1") == [a_clock(clock=RUNNING.paused(earlier))]

    clocks.end("C1", earlier, Ending.DENIED, earlier)

    assert clocks.all_of("C1") == [
        a_clock(clock=RUNNING.paused(earlier).ended(earlier, Ending.DENIED))
    ]
    assert clocks.all_of("C1")[0].clock.elapsed(NOW) == timedelta(0)


def test_a_clock_that_ends_waited_no_longer_than_it_is_told(clocks):
    clocks.start(a_clock())
    clocks.pause("C1", NOW)

    clocks.end("C1", NOW + 3 * MINUTE, Ending.DENIED, NOW + MINUTE)

    expected = RUNNING.paused(NOW).resumed(NOW + MINUTE).ended(NOW + 3 * MINUTE, Ending.DENIED)
    assert clocks.all_of("C1") == [a_clock(clock=expected)]


def test_only_the_clock_that_has_not_ended_is_moved(clocks):
    clocks.start(a_clock())
    clocks.end("C1", NOW, Ending.PARTLY, NOW)
    clocks.start(a_clock(epoch=2))
    clocks.start(a_clock("C2"))

    clocks.end("C1", NOW + MINUTE, Ending.APPROVED, NOW + MINUTE)

    first, again = clocks.all_of("C1")
    assert first.clock == RUNNING.ended(NOW, Ending.PARTLY)
    assert again.clock == RUNNING.ended(NOW + MINUTE, Ending.APPROVED)
    assert clocks.all_of("C2") == [a_clock("C2")]


def test_the_last_verdict_is_that_of_the_last_decision(clocks):
    assert clocks.last_verdict("C1") is None
    for epoch, ending in enumerate((Ending.DENIED, Ending.PARTLY, Ending.OVERTAKEN), 1):
        clocks.start(a_clock(epoch=epoch))
        clocks.end("C1", NOW, ending, NOW)

    assert clocks.last_verdict("C1") is Ending.PARTLY
