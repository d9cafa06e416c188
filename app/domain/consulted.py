"""Which running sums a Claim is decided from: those of its own days, years and categories.

A question holds no others, so that what is kept of it is short and tells little of other Claims.
Docs: docs/replay.md, "Counters".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.adjudication import Counter
from app.domain.canonical import PLAN
from app.domain.claims import Line
from app.domain.codes import Coding
from app.domain.measures import KINDS
from app.domain.restrictions import Frequency, Span, names_any

if TYPE_CHECKING:
    from app.domain.adjudication import AdjudicationRequest

_FREQUENCY = "frequency"
_LIFETIME = "lifetime"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
# A deductible and a maximum are of no category, and `general` covers what a plan does not list.
_ALWAYS = frozenset({"", Coding(PLAN, "general").key})


@dataclass(frozen=True, slots=True)
class Consulted:
    """The days on which the items of a Claim were, the categories they may be of, and the windows.

    A window is a day of a service whose frequency the plan limits, and the span; without one, the
    calendar year.
    """

    days: frozenset[str]
    categories: frozenset[str]
    windows: frozenset[tuple[date, Span | None]]

    def holds(self, counter: Counter) -> bool:
        """Whether a decision may look at the counter; at an adjudicator's own always."""
        if counter.kind == _FREQUENCY:
            return self._is_in_a_window(counter.period)
        if counter.kind not in KINDS:
            return True
        if counter.category not in self.categories:
            return False
        if _YEAR.fullmatch(counter.period):
            return any(day.startswith(counter.period) for day in self.days)
        return counter.period in self.days or not _DAY.fullmatch(counter.period)

    def _is_in_a_window(self, period: str) -> bool:
        try:
            used = date.fromisoformat(period)
        except ValueError:
            return True
        return any(_are_together(used, day, span) for day, span in self.windows)


def consulted(request: "AdjudicationRequest") -> Consulted:
    """What a request looks at, whatever stands in its counters."""
    claim, plan = request.claim, request.plan
    days = {item.path: claim.day_of(item) or request.received_on for item in claim.lines}
    rules = [rule for benefit in plan.benefits for rule in benefit.frequencies] if plan else []
    categories = {each.key for item in claim.lines for each in _categories(item)}
    priced = {price.category.key for price in request.prices if price.category is not None}
    return Consulted(
        frozenset(day.isoformat() for day in days.values()),
        frozenset(categories | priced | _ALWAYS),
        frozenset(
            (days[item.path], rule.span)
            for item in claim.lines
            for rule in rules
            if _concerns(rule, item)
        ),
    )


def consulted_sums(request: "AdjudicationRequest") -> dict[Counter, Decimal]:
    """The counters of a request that its decision may look at; what is zero is as if not there."""
    sums: Mapping[Counter, Decimal] = request.counters or {}
    looked_at = consulted(request)
    return {each: amount for each, amount in sums.items() if amount and looked_at.holds(each)}


def is_of_many(counter: Counter) -> bool:
    """Whether it is a sum over a year or for ever, and so tells the day of no single Claim.

    What an adjudicator counts of its own may tell anything.
    """
    is_long = counter.period == _LIFETIME or _YEAR.fullmatch(counter.period) is not None
    return counter.kind in KINDS and is_long


def _are_together(used: date, day: date, span: Span | None) -> bool:
    """Whether some span, wherever it begins, holds both days."""
    if span is None:
        return used.year == day.year
    first, last = sorted((used, day))
    return last <= span.last_day(first)


def _concerns(rule: Frequency, line: Line) -> bool:
    return names_any(rule.services, line.services) or any(
        _concerns(rule, part) for part in line.lines
    )


def _categories(line: Line) -> Iterator[Coding]:
    yield from line.categories
    for part in line.lines:
        yield from _categories(part)
