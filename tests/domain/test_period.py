"""FHIR dates and periods as days and instants, both ends inclusive."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.domain.period import Period, first_day, last_day, span

EAST = timezone(timedelta(hours=2))


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
