"""Spans of time, ages, and for whom a service is covered."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.claims import Days
from app.domain.persons import NOBODY_KNOWN, Person, Sex
from app.domain.restrictions import Restriction, Span

LEAP = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        (Span(months=36), date(2023, 6, 1), date(2026, 5, 31)),
        (Span(months=1), date(2026, 1, 31), date(2026, 2, 27)),
        (Span(months=12), LEAP, date(2025, 2, 27)),
        (Span(months=48), LEAP, date(2028, 2, 28)),
        (Span(days=1), LEAP, LEAP),
        (Span(days=10), date(2026, 12, 28), date(2027, 1, 6)),
        (Span(months=1, days=1), date(2026, 1, 1), date(2026, 2, 1)),
        (Span(months=1), date(9999, 12, 31), date.max),
        (Span(months=0, days=40000), date(9999, 12, 1), date.max),
    ],
)
def test_a_span_ends_on_a_day(span, first, last):
    assert span.last_day(first) == last


@given(st.dates(), st.dates(), st.integers(1, 1200), st.integers(0, 400))
def test_a_span_that_begins_later_ends_no_earlier(one, other, months, days):
    span = Span(months, days)
    first, second = sorted([one, other])

    assert first <= span.last_day(first) <= span.last_day(second)


@pytest.mark.parametrize(
    ("first", "last", "day", "ages"),
    [
        (date(2008, 3, 2), date(2008, 3, 2), date(2026, 3, 1), (17, 17)),
        (date(2008, 3, 2), date(2008, 3, 2), date(2026, 3, 2), (18, 18)),
        (LEAP, LEAP, date(2025, 2, 28), (0, 0)),
        (LEAP, LEAP, date(2025, 3, 1), (1, 1)),
        (date(2008, 1, 1), date(2008, 12, 31), date(2026, 3, 1), (17, 18)),
        (date(2026, 1, 1), date(2026, 12, 31), date(2026, 3, 1), (0, 0)),
        (date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 1), None),
    ],
)
def test_an_age_is_whole_years_on_a_day(first, last, day, ages):
    assert Person(Days(first, last)).ages_on(day) == ages


def test_of_nobody_known_no_age_is_known():
    assert NOBODY_KNOWN.ages_on(LEAP) is None
    assert Restriction(minimum_age=0).admits_age(NOBODY_KNOWN, LEAP) is None
    assert Restriction(sex=Sex.MALE).admits_sex(NOBODY_KNOWN) is None
    assert Restriction().admits_age(NOBODY_KNOWN, LEAP) is True
    assert Restriction().admits_sex(NOBODY_KNOWN) is True


@given(st.dates(max_value=date(2026, 6, 1)), st.integers(0, 400), st.integers(0, 120))
def test_what_is_known_less_exactly_never_decides_otherwise(born, wider, limit):
    exact = Person(Days(born, born))
    first = born - timedelta(min(wider, (born - date.min).days))
    vague = Person(Days(first, born + timedelta(wider)))
    day = date(2026, 6, 1)

    for restriction in (Restriction(minimum_age=limit), Restriction(maximum_age=limit)):
        told = restriction.admits_age(vague, day)
        assert restriction.admits_age(exact, day) is not None
        assert told in (None, restriction.admits_age(exact, day))
