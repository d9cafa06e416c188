"""The patient of a Claim, as far as a plan looks at one: age and administrative gender.

http://hl7.org/fhir/R4/patient.html
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.claims import Days


class Sex(StrEnum):
    """Patient.gender where it says anything: http://hl7.org/fhir/administrative-gender."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody; None is not known.

    `born` covers all days that a partial birth date may mean.
    """

    born: Days | None = None
    sex: Sex | None = None

    def ages_on(self, day: date) -> tuple[int, int] | None:
        """The lowest and the highest age in whole years on a day, by all that is known.

        None where it is not known, or the birth is said to be after that day.
        """
        if self.born is None or self.born.first is None or self.born.last is None:
            return None
        if self.born.first > day:
            return None
        return years_between(min(self.born.last, day), day), years_between(self.born.first, day)

    def may_be(self, other: "Person") -> bool:
        """Whether both may be one: neither the birth date nor the sex that both tell differs."""
        if None not in (self.sex, other.sex) and self.sex is not other.sex:
            return False
        if self.born is None or other.born is None:
            return True
        first = max(self.born.first or date.min, other.born.first or date.min)
        return first <= min(self.born.last or date.max, other.born.last or date.max)


NOBODY_KNOWN = Person()


def years_between(born: date, day: date) -> int:
    """Whole years; who was born on 29 February is a year older on 1 March of a common year."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
