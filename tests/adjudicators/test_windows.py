"""The fullest span that holds a day, against its definition: every span that could hold it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adjudicators.standard.windows import DaysUsed
from app.domain.restrictions import Span

FIRST = date(2027, 12, 20)
# Around the ends of months, one of them a 29 February.
days = st.integers(0, 150).map(lambda after: FIRST + timedelta(after))
spans = st.builds(Span, st.integers(0, 3), st.integers(1, 40)) | st.builds(Span, st.integers(1, 3))


@settings(max_examples=300, deadline=None, database=None)
@given(st.dictionaries(days, st.integers(1, 3).map(Decimal), max_size=25), days, spans)
def test_the_fullest_span_is_that_of_all_that_hold_the_day(used, day, span):
    starts = [first for first in {day, *used} if first <= day <= span.last_day(first)]
    expected = max(
        sum(units for each, units in used.items() if first <= each <= span.last_day(first))
        for first in starts
    )

    assert DaysUsed(used).fullest(day, span) == expected


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(st.tuples(days, st.integers(1, 3).map(Decimal)), max_size=25), days, spans)
def test_what_is_added_day_by_day_is_as_if_it_had_been_there(added, day, span):
    used, at_once = DaysUsed({}), {}
    for each, units in added:
        used.add(each, units)
        at_once[each] = at_once.get(each, Decimal(0)) + units

    assert used.fullest(day, span) == DaysUsed(at_once).fullest(day, span)


@pytest.mark.parametrize(("last", "units"), [("2028-03-01", "3"), ("2028-02-29", "1")], ids=str)
def test_a_sum_is_of_the_days_from_the_first_to_the_last(last, units):
    used = {
        date(2028, 1, 31): Decimal(4),
        date(2028, 2, 1): Decimal(1),
        date(2028, 3, 1): Decimal(2),
    }

    within = DaysUsed(used).within(date(2028, 2, 1), date.fromisoformat(last))

    assert within == Decimal(units)
