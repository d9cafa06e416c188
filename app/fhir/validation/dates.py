"""FHIR's dates and times: whether they exist, and which of two comes first.

http://hl7.org/fhir/R4/datatypes.html#dateTime
"""

import re
from datetime import UTC, date, datetime, timedelta

_DATE = r"(?!0000)[0-9]{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"
_DAY = r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_match_date = re.compile(_DATE).fullmatch
_match_instant = re.compile(f"{_DAY}T{_CLOCK}{_ZONE}").fullmatch
_match_time = re.compile(_CLOCK).fullmatch
# How the types look; that a day is in the calendar is no matter of form.
FORMS = {
    "date": _DATE,
    "dateTime": f"{_DATE}|{_DAY}T{_CLOCK}{_ZONE}",
    "instant": f"{_DAY}T{_CLOCK}{_ZONE}",
    "time": _CLOCK,
}
_FRACTION = re.compile(r"\.[0-9]+")
# No two places on earth are further apart by their clocks.
_ZONE_WIDTH = timedelta(hours=14)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def is_date(value: str) -> bool:
    """A year, month or day that the calendar has."""
    return _match_date(value) is not None and _exists(value)


def is_date_time(value: str) -> bool:
    """A date, or an instant: once there is a time there are seconds and a zone."""
    if len(value) <= 10:
        return is_date(value)
    return is_instant(value)


def is_instant(value: str) -> bool:
    """A day, a time to the second or finer, and a zone."""
    return _match_instant(value) is not None and _exists(value)


def is_time(value: str) -> bool:
    """A time of day without a zone."""
    return _match_time(value) is not None


def is_after(one: str, other: str) -> bool:
    """Whether `one` certainly comes after `other`; both valid, of any precision.

    Where precision or a missing zone leave it open, it does not.
    """
    if len(one) == len(other) == 10:
        return one > other
    if len(one) > 10 and len(other) > 10:
        return _moment(one) > _moment(other)
    shared = min(len(one), len(other), 10)
    if len(one) <= 10 and len(other) <= 10:
        return one[:shared] > other[:shared]
    return _earliest(one) > _latest(other)


def _exists(value: str) -> bool:
    # Only the last days of a month can be missing from it.
    if len(value) < 10 or value[8:10] <= "28":
        return True
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return False
    return True


def _moment(value: str) -> datetime:
    # The leap second and digits beyond microseconds are more than datetime can hold.
    leap = value[17:19] == "60"
    text = value[:17] + "59" + value[19:] if leap else value
    text = _FRACTION.sub(lambda found: found[0][:7].ljust(7, "0"), text)
    moment = datetime.fromisoformat(text)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:  # the first and last hours of the calendar
        moment = moment.replace(tzinfo=UTC)
    return moment + timedelta(seconds=1) if leap and moment.year < 9999 else moment


def _earliest(value: str) -> datetime:
    if len(value) > 10:
        return _moment(value)
    first = value + "-01-01"[len(value) - 4 :] if len(value) < 10 else value
    return _shifted(datetime.fromisoformat(first).replace(tzinfo=UTC), -_ZONE_WIDTH)


def _latest(value: str) -> datetime:
    if len(value) > 10:
        return _moment(value)
    last = value + "-12-31"[len(value) - 4 :] if len(value) < 10 else value
    while not _exists(last):
        last = f"{last[:8]}{int(last[8:]) - 1}"
    end = datetime.fromisoformat(last).replace(tzinfo=UTC)
    return _shifted(_shifted(end, timedelta(days=1)), _ZONE_WIDTH)


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return _LAST if by > timedelta(0) else _FIRST
