"""FHIR dates and periods as intervals of instants, both ends inclusive.

http://hl7.org/fhir/R4/datatypes.html#dateTime
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_TICK = timedelta(microseconds=1)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_LEAP_SECOND = re.compile(r"(T\d\d:\d\d:)60")


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, both inclusive instants; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    @property
    def is_inverted(self) -> bool:
        """Whether it ends before it starts."""
        return self.start is not None and self.end is not None and self.end < self.start


def first_day(text: str) -> date:
    """The first day a FHIR date or dateTime covers: 2024 -> 2024-01-01. Raises ValueError."""
    parts = [int(part) for part in text[:10].split("-")]
    return date(*(parts + [1] * (3 - len(parts))))


def last_day(text: str) -> date:
    """The last day a FHIR date or dateTime covers: 2024-02 -> 2024-02-29. Raises ValueError."""
    parts = [int(part) for part in text[:10].split("-")]
    if len(parts) == 1:
        return date(parts[0], 12, 31)
    if len(parts) == 2:
        return date(parts[0], parts[1], monthrange(parts[0], parts[1])[1])
    return date(*parts)


def instant(text: str) -> datetime:
    """The instant, in UTC, that a dateTime with a time names. Raises ValueError.

    A leap second is read as the second before it, and what lies outside the calendar in UTC as its
    first or last instant: both are lawful FHIR, and "until 9999-12-31" is how many say "for ever".
    """
    return _in_utc(datetime.fromisoformat(_LEAP_SECOND.sub(r"\g<1>59", text)))


def span(text: str, zone: tzinfo) -> Period:
    """All instants that a FHIR date, dateTime or instant covers.

    A date covers its whole day in `zone`; a dateTime covers the one instant it names, to its last
    written digit. Raises ValueError.
    """
    if "T" not in text:
        return Period(
            _in_utc(datetime.combine(first_day(text), time.min, zone)),
            _end_of(last_day(text), zone),
        )
    start = instant(text)
    width = timedelta(0) if "." in text else timedelta(seconds=1) - _TICK
    return Period(start, min(start, _LAST - width) + width)


def _end_of(day: date, zone: tzinfo) -> datetime:
    """The last instant of a day, by the next one: its own last hour may come twice in autumn."""
    if day == date.max:
        return _LAST
    return _in_utc(datetime.combine(day + timedelta(days=1), time.min, zone)) - _TICK


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year == 1 else _LAST
