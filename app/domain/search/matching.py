"""Whether the entries of a resource meet a condition: what the store asks of rows, in plain Python.

http://hl7.org/fhir/R4/search.html#prefix
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import singledispatch
from typing import Any, TypeAlias

from app.domain.search.entries import (
    DateEntry,
    Entry,
    NumberEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
)
from app.domain.search.query import (
    AnyOf,
    Comparator,
    Condition,
    DateMatch,
    Has,
    Match,
    Missing,
    NumberMatch,
    ReferenceMatch,
    TextMatch,
    TextMode,
    TokenMatch,
)
from app.domain.search.texts import normal


@dataclass(frozen=True, slots=True)
class AnyLocal:
    """One of several conditions holds, and each asks of one resource alone."""

    conditions: tuple["Local", ...]


Local: TypeAlias = Has | Missing | AnyLocal


def local(condition: Condition) -> Local | None:
    """The condition as one that entries alone decide; None where it asks of other resources."""
    if isinstance(condition, Has | Missing):
        return condition
    if isinstance(condition, AnyOf):
        parts = [part for each in condition.conditions if (part := local(each)) is not None]
        return AnyLocal(tuple(parts)) if len(parts) == len(condition.conditions) else None
    return None


def matches(entries: Iterable[Entry], condition: Local) -> bool:
    """Whether a resource with these entries meets the condition.

    `_id` and `_lastUpdated` are met by entries of these names, where they are among them.
    """
    found = tuple(entries)
    if isinstance(condition, AnyLocal):
        return any(matches(found, each) for each in condition.conditions)
    if isinstance(condition, Missing):
        return condition.is_missing is not any(each.name in condition.names for each in found)
    is_met = any(
        meets(entry, match)
        for entry in found
        if entry.name in condition.names
        for match in condition.matches
    )
    return is_met is not condition.is_negated


@singledispatch
def meets(entry: Entry, _match: Match) -> bool:
    """Whether one entry is as one value asks; an entry of another kind is not."""
    raise TypeError(type(entry).__name__)


@meets.register
def _(entry: TokenEntry, match: Match) -> bool:
    return isinstance(match, TokenMatch) and _is_coded(entry, match)


@meets.register
def _(entry: ReferenceEntry, match: Match) -> bool:
    return isinstance(match, ReferenceMatch) and (
        entry.id == match.id and match.type in {None, entry.type}
    )


@meets.register
def _(entry: DateEntry, match: Match) -> bool:
    if not isinstance(match, DateMatch):
        return False
    return _INTERVALS[match.comparator](entry.low, entry.high, match.low, match.high)


@meets.register
def _(entry: NumberEntry, match: Match) -> bool:
    if not isinstance(match, NumberMatch) or not _has_unit(entry, match):
        return False
    if match.comparator in _OF_THE_INTERVAL:
        return _INTERVALS[match.comparator](entry.low, entry.high, match.low, match.high)
    return _NUMBERS[match.comparator](entry.low, entry.high, match.exact)


@meets.register
def _(entry: StringEntry, match: Match) -> bool:
    return isinstance(match, TextMatch) and _TEXTS[match.mode](entry.text, match.text)


def _is_coded(entry: TokenEntry | NumberEntry, match: TokenMatch | NumberMatch) -> bool:
    """Whether code and system are those that are asked for; no system is asked for as ""."""
    return match.code in {None, entry.code} and match.system in {None, entry.system or ""}


def _has_unit(entry: NumberEntry, match: NumberMatch) -> bool:
    # What has no unit is not found by one, not even by that of no system.
    is_bare = match.code is None and match.system is None
    return is_bare or (entry.code is not None and _is_coded(entry, match))


# The interval of the entry, then that of the value that is looked for.
_INTERVALS: Mapping[Comparator, Callable[[Any, Any, Any, Any], bool]] = {
    Comparator.EQUAL: lambda low, high, start, end: low >= start and high <= end,
    Comparator.NOT_EQUAL: lambda low, high, start, end: low < start or high > end,
    Comparator.GREATER: lambda _low, high, _start, end: high > end,
    Comparator.LESS: lambda low, _high, start, _end: low < start,
    Comparator.GREATER_OR_EQUAL: lambda low, high, start, end: (
        high > end or (low >= start and high <= end)
    ),
    Comparator.LESS_OR_EQUAL: lambda low, high, start, end: (
        low < start or (low >= start and high <= end)
    ),
    Comparator.STARTS_AFTER: lambda low, _high, _start, end: low > end,
    Comparator.ENDS_BEFORE: lambda _low, high, start, _end: high < start,
    Comparator.APPROXIMATELY: lambda low, high, start, end: low <= end and high >= start,
}
_OF_THE_INTERVAL = frozenset({Comparator.EQUAL, Comparator.NOT_EQUAL, Comparator.APPROXIMATELY})
_NUMBERS: Mapping[Comparator, Callable[[Decimal, Decimal, Decimal], bool]] = {
    Comparator.GREATER: lambda _low, high, exact: high > exact,
    Comparator.LESS: lambda low, _high, exact: low < exact,
    Comparator.GREATER_OR_EQUAL: lambda _low, high, exact: high >= exact,
    Comparator.LESS_OR_EQUAL: lambda low, _high, exact: low <= exact,
    Comparator.STARTS_AFTER: lambda low, _high, exact: low > exact,
    Comparator.ENDS_BEFORE: lambda _low, high, exact: high < exact,
}
_TEXTS: Mapping[TextMode, Callable[[str, str], bool]] = {
    TextMode.STARTS_WITH: lambda text, asked: normal(text).startswith(normal(asked)),
    TextMode.CONTAINS: lambda text, asked: normal(asked) in normal(text),
    TextMode.EXACT: lambda text, asked: text == asked,
    TextMode.BELOW: lambda text, asked: text.startswith(asked),
    TextMode.ABOVE: lambda text, asked: asked.startswith(text),
}
