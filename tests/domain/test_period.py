"""FHIR dates and periods as days and instants, both ends inclusive."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from app.domain.period import Period, first_day, last_day, span

EAST = timezone(timedelta(hours=2))
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("text", ["", "24-", "2024-13", "2023-02-29", "yesterday"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        first_day(text)
    with pytest.raises(ValueError, match=r"."):
        last_day(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("2024-02-29T23:30:00-07:00", date(2024, 2, 29), date(2024, 2, 29)),
    ],
)
def test_a_date_covers_its_first_to_its_last_day(text, first, last):
    assert (first_day(text), last_day(text)) == (first, last)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        (
            "2024-02",
            datetime(2024, 2, 1, tzinfo=EAST),
            datetime(2024, 2, 29, 23, 59, 59, 999999, EAST),
        ),
        (
            "2024-02-29T10:00:00Z",
            datetime(2024, 2, 29, 10, tzinfo=UTC),
            datetime(2024, 2, 29, 10, 0, 0, 999999, UTC),
        ),
        (
            "2024-02-29T10:00:00.250+02:00",
            datetime(2024, 2, 29, 10, 0, 0, 250000, EAST),
            datetime(2024, 2, 29, 10, 0, 0, 250000, EAST),
        ),
    ],
    ids=["date in the payer's zone", "second", "fraction"],
)
def test_a_text_spans_all_instants_it_covers(text, start, end):
    assert span(text, EAST) == Period(start, end)


EARLY, NOON, LATE = (datetime(2024, 1, 1, hour, tzinfo=UTC) for hour in (6, 12, 18))


@pytest.mark.parametrize(
    ("period", "is_inverted"),
    [
        (Period(LATE, EARLY), True),
        (Period(EARLY, LATE), False),
        (Period(NOON, NOON), False),
        (Period(LATE, None), False),
        (Period(None, EARLY), False),
    ],
    ids=["ends first", "ends later", "one instant", "open end", "open start"],
)
def test_a_period_is_inverted_where_it_ends_before_it_starts(period, is_inverted):
    assert period.is_inverted is is_inverted


# The days on which the hour changes, spring and autumn, also where that is at midnight: the hour
# before it then comes twice. https://www.iana.org/time-zones
DAYS = [
    ("Europe/Berlin", "2026-03-29", 23),
    ("Europe/Berlin", "2026-10-25", 25),
    ("America/New_York", "2026-03-08", 23),
    ("America/New_York", "2026-11-01", 25),
    ("Australia/Lord_Howe", "2026-10-04", 23.5),
    ("Australia/Lord_Howe", "2026-04-05", 24.5),
    ("Africa/Cairo", "2026-04-24", 23),
    ("Africa/Cairo", "2026-10-29", 25),
    ("America/Havana", "2026-03-08", 23),
    ("America/Havana", "2026-11-01", 25),
    ("Asia/Beirut", "2026-03-29", 23),
    ("Asia/Beirut", "2026-10-24", 25),
    ("Asia/Kathmandu", "2026-03-29", 24),
    ("Europe/Berlin", "2028-02-29", 24),
    ("Europe/Berlin", "2026-12-31", 24),
    ("Pacific/Kiritimati", "2026-12-31", 24),
]


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS)
def test_a_day_has_the_hours_that_it_has_there_and_the_next_follows_at_once(zone, day, hours):
    there = ZoneInfo(zone)
    following = date.fromisoformat(day) + timedelta(days=1)
    covered, after = span(day, there), span(following.isoformat(), there)

    assert covered.end - covered.start == timedelta(hours=hours) - TICK
    assert after.start == covered.end + TICK
    for instant in (covered.start, covered.end):
        assert instant.astimezone(there).date() == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("text", "days"), [("2028", 366), ("2026", 365), ("2028-02", 29), ("2026-02", 28)]
)
def test_a_year_and_a_month_cover_their_days(text, days):
    covered = span(text, UTC)

    assert covered.end - covered.start == timedelta(days=days) - TICK


def test_the_last_day_of_the_calendar_has_an_end():
    assert span("9999-12-31", ZoneInfo("America/New_York")).end == datetime.max.replace(tzinfo=UTC)
