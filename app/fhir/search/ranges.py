"""Entries of date, number and quantity parameters: what has an order, as intervals.

http://hl7.org/fhir/R4/search.html#date, http://hl7.org/fhir/R4/search.html#quantity
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.domain.period import Period, span
from app.domain.search.entries import DateEntry, Entry, NumberEntry
from app.fhir.search.definitions import Parameter

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
CURRENCY = "urn:iso:std:iso:4217"

# An open end of a range of numbers: further than any number that is kept in order.
FURTHEST = Decimal(10) ** 21

_DATE = re.compile(
    r"\d{4}(-\d\d(-\d\d(?P<time>T\d\d:\d\d:\d\d(\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)


def date_entries(parameter: Parameter, value: Any) -> Iterator[Entry]:
    """What a date, dateTime, instant, Period or Timing covers; a Timing's events one by one."""
    if isinstance(value, str):
        covered = _span(value)
        if covered is not None:
            yield _date_entry(parameter.code, covered)
    elif isinstance(value, dict):
        if "start" in value or "end" in value:
            yield from _period_entries(parameter.code, value)
        events, repeat = value.get("event"), value.get("repeat")
        for event in events if isinstance(events, list) else ():
            yield from date_entries(parameter, event) if isinstance(event, str) else ()
        bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
        if isinstance(bounds, dict):
            yield from _period_entries(parameter.code, bounds)


def number_entries(parameter: Parameter, value: Any) -> Iterator[Entry]:
    """A number as it stands."""
    number = _number(value)
    if number is not None:
        yield NumberEntry(parameter.code, number, number)


def quantity_entries(parameter: Parameter, value: Any) -> Iterator[Entry]:
    """A Quantity, an amount of Money or a Range, under its code and, if another, its unit."""
    if not isinstance(value, dict):
        return
    low, high = value.get("low"), value.get("high")
    if isinstance(low, dict) or isinstance(high, dict):
        yield from _range_entries(parameter.code, low, high)
    elif (number := _number(value.get("value"))) is not None:
        sign = value.get("comparator")
        yield from _united(
            parameter.code,
            -FURTHEST if sign in {"<", "<="} else number,
            FURTHEST if sign in {">", ">="} else number,
            value,
        )


def _period_entries(name: str, period: dict[str, Any]) -> Iterator[Entry]:
    start, end = _span(period.get("start")), _span(period.get("end"))
    if start is not None or end is not None:
        yield DateEntry(
            name,
            FIRST if start is None or start.start is None else start.start,
            LAST if end is None or end.end is None else end.end,
        )


def _range_entries(name: str, low: Any, high: Any) -> Iterator[Entry]:
    least = _number(low.get("value")) if isinstance(low, dict) else None
    most = _number(high.get("value")) if isinstance(high, dict) else None
    if least is not None or most is not None:
        yield from _united(
            name,
            -FURTHEST if least is None else least,
            FURTHEST if most is None else most,
            high if least is None else low,
        )


def _united(name: str, low: Decimal, high: Decimal, unit: dict[str, Any]) -> Iterator[Entry]:
    currency, code, words = (_text(unit.get(member)) for member in ("currency", "code", "unit"))
    if currency is not None:
        yield NumberEntry(name, low, high, CURRENCY, currency)
        return
    if code is None and words is None:
        yield NumberEntry(name, low, high)
        return
    yield NumberEntry(name, low, high, _text(unit.get("system")) if code else None, code or words)
    if code is not None and words is not None and words != code:
        yield NumberEntry(name, low, high, None, words)


def _date_entry(name: str, covered: Period) -> DateEntry:
    return DateEntry(name, covered.start or FIRST, covered.end or LAST)


def _span(value: Any) -> Period | None:
    """What a date covers, in UTC where it names no zone; None where it is no date."""
    return _span_of(value) if isinstance(value, str) else None


# The dates of a day's Claims are few.
@lru_cache(maxsize=1024)
def _span_of(value: str) -> Period | None:
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    try:
        return span(value if found["zone"] or not found["time"] else f"{value}Z", UTC)
    except ValueError:
        return None


def _number(value: Any) -> Decimal | None:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    number = Decimal(value) if is_number else None
    return number if number is not None and number.is_finite() else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
