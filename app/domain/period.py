"""FHIR dates and periods as intervals of instants, both ends inclusive.

http://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, both inclusive instants; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    @property
    def is_inverted(self) -> bool:
        """Whether it ends before it starts."""
        return self.start is not None and self.end is not None and self.end < self.start

    def contains(self, other: "Period") -> bool:
        """Whether the whole of `other` lies within."""
        starts = self.start is None or (other.start is not None and other.start >= self.start)
        ends = self.end is None or (other.end is not None and other.end <= self.end)
        return starts and ends


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


def span(text: str, zone: tzinfo) -> Period:
    """All instants that a FHIR date, dateTime or instant covers.

    A date covers its whole day in `zone`; a dateTime covers the one instant it names, to its last
    written digit. Raises ValueError.
    """
    if "T" not in text:
        return Period(
            datetime.combine(first_day(text), time.min, zone),
            datetime.combine(last_day(text), time.max, zone),
        )
    instant = datetime.fromisoformat(text)
    width = timedelta(seconds=1) if "." not in text else _TICK
    return Period(instant, instant + width - _TICK)
