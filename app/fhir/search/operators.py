"""What the operators of FHIRPath say of two collections: true, false, or nothing.

Where FHIRPath has an error (several values where one is asked for) nothing is said either.
http://hl7.org/fhirpath/N1/#operations
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import starmap
from typing import Any

from app.domain.period import instant
from app.fhir.search.paths import Step, Values

_MOMENT = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}(T.*)?")
_UNITLESS = {None, "1"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or dateTime that is written in an expression, as far as it goes."""

    text: str

    def against(self, value: Any) -> int | None:
        """-1, 0 or 1 where this is before, the same as, or after a value; None: not to be told."""
        if isinstance(value, Moment):
            value = value.text
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            return None
        ours, theirs = (each[:10].split("-") for each in (self.text, value))
        shared = min(len(ours), len(theirs))
        if ours[:shared] != theirs[:shared]:
            return 1 if ours[:shared] > theirs[:shared] else -1
        if len(self.text) <= len("2000-01-01") >= len(value):
            return 0 if len(ours) == len(theirs) else None
        return self._of_day(value)

    def _of_day(self, value: str) -> int | None:
        """Of two that share their day, of which one at least has a time."""
        one, other = _instant(self.text), _instant(value)
        if one is None or other is None:
            return None
        return (one > other) - (one < other)


def _instant(text: str) -> datetime | None:
    try:
        return instant(text) if "T" in text else None
    except (ValueError, TypeError):
        return None


def both(left: Step, right: Step) -> Step:
    """`and`: false as soon as one side is."""

    def conjunction(nodes: Values, root: Any) -> Values:
        sides = {_truth(left(nodes, root)), _truth(right(nodes, root))}
        if False in sides:
            return [False]
        return [] if None in sides else [True]

    return conjunction


def either(left: Step, right: Step) -> Step:
    """`or`: true as soon as one side is."""

    def disjunction(nodes: Values, root: Any) -> Values:
        sides = {_truth(left(nodes, root)), _truth(right(nodes, root))}
        if True in sides:
            return [True]
        return [] if None in sides else [False]

    return disjunction


def negated(nodes: Values, _root: Any) -> Values:
    """`not()`."""
    truth = _truth(nodes)
    return [] if truth is None else [not truth]


def _truth(values: Values) -> bool | None:
    """A collection where a truth is asked for: one value that is no boolean counts as true."""
    if len(values) != 1:
        return None
    return values[0] if isinstance(values[0], bool) else True


def equality(left: Step, right: Step, *, is_equal: bool) -> Step:
    """`=` and `!=`."""

    def compared(nodes: Values, root: Any) -> Values:
        one, other = left(nodes, root), right(nodes, root)
        if not one or not other:
            return []
        if len(one) != len(other):
            return [not is_equal]
        truths = set(starmap(same, zip(one, other, strict=True)))
        if False in truths:
            return [not is_equal]
        return [] if None in truths else [is_equal]

    return compared


def ordered(left: Step, right: Step, holds: Callable[[Any, Any], bool]) -> Step:
    """`<`, `<=`, `>` and `>=`, of numbers, of dates, of texts."""

    def compared(nodes: Values, root: Any) -> Values:
        one, other = left(nodes, root), right(nodes, root)
        if len(one) != 1 or len(other) != 1:
            return []
        order = _order(one[0], other[0])
        return [] if order is None else [holds(order, 0)]

    return compared


def membership(left: Step, right: Step) -> Step:
    """`in`: whether one value is among others."""

    def member(nodes: Values, root: Any) -> Values:
        one, others = left(nodes, root), right(nodes, root)
        return [any(same(one[0], each) for each in others)] if len(one) == 1 else []

    return member


def same(one: Any, other: Any) -> bool | None:
    """Whether two values are the same; None where that is not to be told."""
    if isinstance(one, Moment) or isinstance(other, Moment):
        order = _order(one, other)
        is_comparable = all(isinstance(each, Moment | str) for each in (one, other))
        return None if order is None and is_comparable else order == 0
    numbers = number_of(one), number_of(other)
    if None not in numbers:
        return numbers[0] == numbers[1]
    # `true` is no number here, as it is in Python.
    return bool(one == other) and type(one) is type(other)


def _order(one: Any, other: Any) -> int | None:
    if isinstance(one, Moment):
        return one.against(other)
    if isinstance(other, Moment):
        order = other.against(one)
        return None if order is None else -order
    if isinstance(one, str) and isinstance(other, str):
        return (one > other) - (one < other)
    numbers = number_of(one), number_of(other)
    if numbers[0] is None or numbers[1] is None:
        return None
    return (numbers[0] > numbers[1]) - (numbers[0] < numbers[1])


def number_of(value: Any) -> Decimal | None:
    """A number; a Quantity of units without a name is one too."""
    if isinstance(value, Mapping) and value.keys() & {"code", "unit"} <= {"code"}:
        value = value.get("value") if value.get("code") in _UNITLESS else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)
