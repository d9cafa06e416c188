"""What a plan says of single services of a category: how often, for whom.

Docs: docs/reference-data.md, "The plan profile".
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from decimal import Decimal
from enum import StrEnum

from app.domain.codes import Coding
from app.domain.persons import Person, Sex


def names_any(listed: tuple[Coding, ...], services: Iterable[Coding]) -> bool:
    """Whether one of the services is listed, by system and code."""
    if not listed:
        return False
    keys = {coding.key for coding in listed}
    return any(service.key in keys for service in services)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in calendar months and days."""

    months: int = 0
    days: int = 0

    def last_day(self, first: date) -> date:
        """The last day of the span that begins on a day, at the latest that of the calendar.

        A month ends the day before the same day of the next, or before the last of a shorter one.
        """
        year, month = divmod(first.year * 12 + first.month - 1 + self.months, 12)
        if year > MAXYEAR:
            return date.max
        moved = date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))
        return moved + timedelta(min(self.days - 1, (date.max - moved).days))


class Per(StrEnum):
    """What a frequency is counted by, beside the member."""

    BODY_SITE = "body-site"
    SUB_SITE = "sub-site"


@dataclass(frozen=True, slots=True)
class Frequency:
    """So many units of the services within a span of time; without one, in a calendar year.

    `name` is what they are counted under: rules of one name count the same. With `per` each tooth,
    or each surface of a tooth, has a count of its own.
    """

    name: str
    units: Decimal
    services: tuple[Coding, ...]
    span: Span | None = None
    per: Per | None = None


@dataclass(frozen=True, slots=True)
class Restriction:
    """For whom services are covered; without `services`, all of the category.

    Ages are whole years on the day of the service, both ends included.
    """

    services: tuple[Coding, ...] = ()
    minimum_age: int | None = None
    maximum_age: int | None = None
    sex: Sex | None = None

    def concerns(self, services: Iterable[Coding]) -> bool:
        """Whether a line of these services is restricted."""
        return not self.services or names_any(self.services, services)

    def admits_age(self, patient: Person, day: date) -> bool | None:
        """Whether the patient's age is within; None where that is not known."""
        if self.minimum_age is None and self.maximum_age is None:
            return True
        ages = patient.ages_on(day)
        if ages is None:
            return None
        first = 0 if self.minimum_age is None else self.minimum_age
        last = ages[1] if self.maximum_age is None else self.maximum_age
        if first <= ages[0] and ages[1] <= last:
            return True
        return False if ages[1] < first or last < ages[0] else None

    def admits_sex(self, patient: Person) -> bool | None:
        """Whether the patient's sex is the one asked for; None where that is not known."""
        if self.sex is None:
            return True
        return None if patient.sex is None else patient.sex is self.sex
