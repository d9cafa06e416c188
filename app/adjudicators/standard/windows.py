"""How much the spans of one length that hold a day already hold, from sums by day.

Docs: docs/reference-data.md, "Limits of services".
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import accumulate

from app.domain.restrictions import Span

_NOTHING = Decimal(0)


class DaysUsed:
    """Units by day, in their order, with the running sums: those of a span are one subtraction.

    Years of daily care, and a year of it in one Claim, are ordinary.
    """

    def __init__(self, used: Mapping[date, Decimal]) -> None:
        self._days = sorted(used)
        # Of the days before each, and at last of all.
        self._before = [_NOTHING, *accumulate(used[day] for day in self._days)]

    def add(self, day: date, units: Decimal) -> None:
        """Count units on a day."""
        at = bisect_left(self._days, day)
        if self._days[at : at + 1] != [day]:
            self._days.insert(at, day)
            self._before.insert(at, self._before[at])
        self._before[at + 1 :] = [each + units for each in self._before[at + 1 :]]

    def within(self, first: date, last: date) -> Decimal:
        """The units of the days from the first to the last."""
        start, end = bisect_left(self._days, first), bisect_right(self._days, last)
        return self._before[end] - self._before[start]

    def fullest(self, day: date, span: Span) -> Decimal:
        """The most that a span holds that the day is in: each begins on it or on a day of use."""
        until = bisect_right(self._days, day)
        # Who begins later ends no earlier, so that those that reach the day are the last before it.
        first = bisect_left(self._days, day, hi=until, key=span.last_day)
        begun = {day, *self._days[first:until]}
        return max(self.within(each, span.last_day(each)) for each in begun)
