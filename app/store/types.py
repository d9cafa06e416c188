"""Column types that come back as what went in, on both databases."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import DateTime, Dialect, Numeric, String, TypeDecorator

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
