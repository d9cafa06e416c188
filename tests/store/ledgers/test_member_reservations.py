"""Which preauthorizations a submitter finds for a member: its own, of the day, not over."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.lifecycle import State
from app.store.submissions import Submission
from tests.builders import NOW
from tests.store.scopes import FOREIGN, PAYERS, THEIRS
from tests.store.terms import TERMS, granted

DAY = date(2026, 3, 2)


def ask_for(work, id, terms=TERMS, state=State.DECIDED):
    """A preauthorization that was decided and reserves something."""
    work.submissions.add(Submission("Claim", id, work.scope.submitter_id, state, 1, NOW))
    work.reservations.reserve(id, granted(), terms)


def held(work, member="coverage-1", day=DAY, most=10):
    return work.member_reservations.on(member, day, most)


@pytest.mark.parametrize("scope", [THEIRS, FOREIGN, PAYERS])
def test_nobody_else_finds_it(work, view, scope):
    ask_for(work, "P1")

    assert held(view(scope)) == []
    assert held(work) == ["P1"]


def test_of_another_member_it_is_not_found(work):
    ask_for(work, "P1")

    assert held(work, "coverage-2") == []


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (date(2026, 2, 28), []),
        (date(2026, 3, 1), ["P1"]),
        (date(2026, 5, 30), ["P1"]),
        (date(2026, 5, 31), []),
    ],
)
def test_both_of_its_days_are_inside(work, day, found):
    ask_for(work, "P1")

    assert held(work, day=day) == found


def test_one_that_is_cancelled_or_expired_is_not_found(work):
    ask_for(work, "P1")
    ask_for(work, "P2")
    ask_for(work, "P3", state=State.CANCELLED)

    work.reservations.expire("P1")

    assert held(work) == ["P2"]


def test_of_several_the_one_that_lasts_longest_comes_first(work):
    for id, last in (("P1", date(2026, 4, 1)), ("P2", date(2026, 6, 1)), ("P3", DAY)):
        ask_for(work, id, replace(TERMS, ends_on=last))

    assert held(work) == ["P2", "P1", "P3"]
    assert held(work, most=2) == ["P2", "P1"]
