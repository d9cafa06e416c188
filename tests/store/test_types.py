"""Column types: what is read is what was written, on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import StatementError

from app.domain.lifecycle import State
from app.store.types import Code, Exact, Instant, Ordered

SAMPLES = Table(
    "samples",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("at", Instant),
    Column("amount", Exact),
    Column("state", Code(State)),
)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def kept(connection):
    """Writes values of one column, one row each, and reads them back in the database's order."""
    SAMPLES.create(connection)

    def written_and_read(column, *values):
        connection.execute(insert(SAMPLES), [{column: value} for value in values])
        return list(connection.scalars(select(SAMPLES.c[column]).order_by(SAMPLES.c[column])))

    return written_and_read


def test_an_instant_without_a_zone_is_refused(kept):
    with pytest.raises(StatementError, match="an instant has a time zone"):
        kept("at", NOON.replace(tzinfo=None))


def test_an_instant_with_a_zone_is_kept(kept):
    assert kept("at", NOON) == [NOON]


def test_an_instant_comes_back_in_utc(kept):
    east = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))

    (back,) = kept("at", east)

    assert (back, back.tzinfo) == (NOON, UTC)


def test_an_instant_keeps_its_microseconds(kept):
    exact = NOON.replace(microsecond=123_456)

    assert kept("at", exact) == [exact]


def test_instants_sort_as_time_whatever_their_zone_and_fraction(kept):
    west = timezone(timedelta(hours=-8))
    instants = [
        NOON + timedelta(microseconds=n) for n in (-1_000_000, -1, 0, 1, 500_000, 2_000_000)
    ]
    shuffled = [instants[n] for n in (3, 0, 5, 2, 4, 1)]

    assert kept("at", *(instant.astimezone(west) for instant in shuffled)) == instants


def test_an_instant_on_sqlite_is_text_of_one_width(kept, connection):
    kept("at", NOON, NOON.replace(microsecond=1))
    if connection.dialect.name == "sqlite":
        widths = set(connection.scalars(text("SELECT length(at) FROM samples")))
        assert widths == {len("2026-03-02T12:00:00.000000+00:00")}
    else:
        assert connection.scalar(text("SELECT pg_typeof(at)::text FROM samples LIMIT 1")) == (
            "timestamp with time zone"
        )


@pytest.mark.parametrize(
    "amount",
    ["0", "0.00", "100.00", "-100.10", "0.001", "123456789012345678.90", "999999999999999999"],
)
def test_a_decimal_is_kept_to_its_last_digit(kept, amount):
    (back,) = kept("amount", Decimal(amount))

    assert str(back) == amount


def test_a_code_that_is_not_of_its_enum_is_refused(kept):
    with pytest.raises(StatementError, match="'lost' is not a valid State"):
        kept("state", "lost")


def test_a_code_comes_back_as_the_member_itself(kept):
    (back,) = kept("state", State.AWAITING)

    assert back is State.AWAITING


@pytest.mark.parametrize("column", ["at", "amount", "state"])
def test_nothing_comes_back_as_none(kept, column):
    assert kept(column, None) == [None]


def test_numbers_sort_as_numbers_whatever_their_size():
    spelled = ["-1E+999999", "-1E+20", "-10", "-9.5", "-0.000000000001", "0", "0.000000000001"]
    spelled += ["1", "9.5", "10", "99999999999999999999.999999999999", "1E+999999"]
    numbers = [Decimal(each) for each in spelled]
    column = Ordered()

    texts = [column.process_bind_param(each, None) for each in numbers]

    assert texts == sorted(texts)
    assert len(set(texts[1:-1])) == len(texts) - 2
    assert {len(each) for each in texts} == {33}
    back = [column.process_result_value(each, None) for each in texts[2:-1]]
    assert back == numbers[2:-1]
    assert column.process_bind_param(Decimal("1E-999999999"), None) == texts[5]
