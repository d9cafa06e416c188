"""Column types that come back as what went in, on both databases."""

import json
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Numeric, String, Text, TypeDecorator

E = TypeVar("E", bound=StrEnum)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite has no zone, so there it is text of fixed width that sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Text on SQLite, timestamptz on PostgreSQL."""
        return dialect.type_descriptor(
            String(32) if dialect.name == "sqlite" else DateTime(timezone=True)
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write in UTC; a datetime without a zone is a defect and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant has a time zone")
        utc = value.astimezone(UTC)
        return utc.isoformat(timespec="microseconds") if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read back in UTC."""
        if value is None:
            return None
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        return instant.astimezone(UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """An instant as a number; raises TypeError for a datetime without a zone."""
    return (at - _EPOCH) // _MICROSECOND


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime to reckon with: microseconds since 1970, on both databases.

    A statement adds and subtracts them exactly; SQLite can do neither with an `Instant`.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Write the microseconds; a datetime without a zone raises TypeError."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Read back in UTC."""
        return None if value is None else _EPOCH + int(value) * _MICROSECOND


class Span(TypeDecorator[timedelta]):
    """A length of time in microseconds: the difference of two `Moment`s."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Write the microseconds."""
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """Read them back; what PostgreSQL sums up is a numeric."""
        return None if value is None else int(value) * _MICROSECOND


class Code(TypeDecorator[E], Generic[E]):
    """A code of one of our enums, kept as its text and read back as the enum's member."""

    impl = String(32)
    cache_ok = True

    def __init__(self, codes: type[E]) -> None:
        super().__init__(32)
        self.codes = codes

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        """Write the member's text."""
        return None if value is None else str(self.codes(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        """Read the member back."""
        return None if value is None else self.codes(value)


class Exact(TypeDecorator[Decimal]):
    """A Decimal to its last digit. SQLite would make it a float, so there it is text."""

    impl = Numeric()
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Text on SQLite, numeric on PostgreSQL."""
        return dialect.type_descriptor(String(64) if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Write every digit."""
        return None if value is None else (str(value) if dialect.name == "sqlite" else value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Read every digit back."""
        return None if value is None else Decimal(value)


class Hashes(TypeDecorator[frozenset[str]]):
    """A set of keyed hashes, kept as one text in their order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: AbstractSet[str] | None, dialect: Dialect) -> str | None:
        """Write them all."""
        return None if value is None else json.dumps(sorted(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str] | None:
        """Read them back."""
        return None if value is None else frozenset(json.loads(value))


# Wide enough for every amount; what is beyond is ordered with the largest.
_WHOLE_DIGITS, _FRACTION_DIGITS = 20, 12
_SCALE = Decimal(10) ** _FRACTION_DIGITS
_LARGEST = 10 ** (_WHOLE_DIGITS + _FRACTION_DIGITS) - 1
_LIMIT = Decimal(10) ** _WHOLE_DIGITS
_DIGITS = Context(prec=2 * (_WHOLE_DIGITS + _FRACTION_DIGITS), traps=[])


class Sorted(TypeDecorator[str]):
    """Text in the order of its code points, whatever the database's own order is."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """The order "C" on PostgreSQL; SQLite's own is that."""
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(String(self.length, collation=collation))


def ordered(value: Decimal) -> str:
    """A number as text that sorts: negative ones count down from the largest."""
    # Compared first: 1E+999999 has a million digits.
    near = max(-_LIMIT, min(_LIMIT, value))
    scaled = int(_DIGITS.multiply(near, _SCALE).to_integral_value(ROUND_FLOOR))
    scaled = max(-_LARGEST, min(_LARGEST, scaled))
    width = _WHOLE_DIGITS + _FRACTION_DIGITS
    return f"1{scaled:0{width}d}" if scaled >= 0 else f"0{_LARGEST + scaled:0{width}d}"


class Ordered(TypeDecorator[Decimal]):
    """A Decimal as text of fixed width that sorts as numbers do, to 12 places after the point.

    To compare by, not to keep amounts in: finer digits are cut off downwards.
    """

    impl = String(34)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """The order "C" on PostgreSQL; SQLite's own is that."""
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(String(34, collation=collation))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write the text."""
        return None if value is None else ordered(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read back."""
        if value is None:
            return None
        scaled = int(value[1:]) - (0 if value[0] == "1" else _LARGEST)
        return Decimal(scaled).scaleb(-_FRACTION_DIGITS, _DIGITS)
