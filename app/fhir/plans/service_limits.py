"""Limits of single services: excluded, how often, at which age, of which sex.

http://hl7.org/fhir/R4/insuranceplan-definitions.html#InsurancePlan.coverage.benefit.limit
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from app.domain.codes import Coding
from app.domain.persons import Sex
from app.domain.restrictions import Frequency, Per, Restriction, Span
from app.fhir.documents import Document, codings_of, decimal_of, extension_of
from app.fhir.plans.extensions import LIMIT_PER, LIMIT_PERIOD, LIMIT_SERVICE, LIMIT_SEX
from app.fhir.plans.reading import Reading


class ServiceLimit(StrEnum):
    """The codes of these limits."""

    EXCLUDED_SERVICE = "excluded-service"
    FREQUENCY = "frequency"
    MINIMUM_AGE = "minimum-age"
    MAXIMUM_AGE = "maximum-age"
    SEX = "sex"


_Known = TypeVar("_Known", bound=StrEnum)

_EXTENSIONS = frozenset({LIMIT_SERVICE, LIMIT_PERIOD, LIMIT_PER, LIMIT_SEX})
_SAID_BY = {
    ServiceLimit.EXCLUDED_SERVICE: {LIMIT_SERVICE},
    ServiceLimit.FREQUENCY: {LIMIT_SERVICE, LIMIT_PERIOD, LIMIT_PER},
    ServiceLimit.MINIMUM_AGE: {LIMIT_SERVICE},
    ServiceLimit.MAXIMUM_AGE: {LIMIT_SERVICE},
    ServiceLimit.SEX: {LIMIT_SERVICE, LIMIT_SEX},
}
_OLDEST = 150
_UNITS = {
    "d": Span(days=1),
    "wk": Span(days=7),
    "mo": Span(months=1),
    "a": Span(months=12),
}
# A century, in days: longer than anybody is a member.
_LONGEST = 36525


@dataclass(slots=True)
class ServiceLimits:
    """Those of one benefit category, as they are read."""

    excluded: list[Coding] = field(default_factory=list)
    frequencies: list[Frequency] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)

    def read(self, code: ServiceLimit, limit: Document, here: str, reading: Reading) -> None:
        """Read one limit of these kinds; what would have no effect is refused."""
        services = _services(limit, here, reading)
        refuse_idle(limit, _SAID_BY[code], here, reading)
        if code in (ServiceLimit.EXCLUDED_SERVICE, ServiceLimit.FREQUENCY) and not services:
            reading.refuse(here, f"The extension {LIMIT_SERVICE} says of which services.")
        if code in (ServiceLimit.EXCLUDED_SERVICE, ServiceLimit.SEX) and "value" in limit:
            reading.refuse(f"{here}.value", f"A limit {code} has no value.")
        if code is ServiceLimit.EXCLUDED_SERVICE:
            self.excluded += services
        elif code is ServiceLimit.FREQUENCY:
            self.frequencies.append(_frequency(limit, services, here, reading))
        elif code is ServiceLimit.SEX:
            sex = _code(limit, LIMIT_SEX, Sex, here, reading)
            self.restrictions.append(Restriction(services, sex=sex))
        elif code is ServiceLimit.MINIMUM_AGE:
            age = _age(limit, f"{here}.value", reading)
            self.restrictions.append(Restriction(services, minimum_age=age))
        else:
            age = _age(limit, f"{here}.value", reading)
            self.restrictions.append(Restriction(services, maximum_age=age))


def refuse_idle(limit: Document, said: set[str], here: str, reading: Reading) -> None:
    """Refuse those of our extensions that a limit of its kind does not look at."""
    for index, each in enumerate(limit.get("extension", [])):
        if each["url"] in _EXTENSIONS - said:
            where = f"{here}.extension[{index}]"
            reading.refuse(where, f"{each['url']} has no effect on such a limit.")


def _services(limit: Document, here: str, reading: Reading) -> tuple[Coding, ...]:
    services: list[Coding] = []
    for index, each in enumerate(limit.get("extension", [])):
        if each["url"] != LIMIT_SERVICE:
            continue
        codings = codings_of(each.get("valueCodeableConcept"))
        if not codings:
            reading.refuse(f"{here}.extension[{index}]", "A service needs a coding.")
        services += (Coding(coding.system, coding.code) for coding in codings)
    return tuple(services)


def _frequency(
    limit: Document, services: tuple[Coding, ...], here: str, reading: Reading
) -> Frequency:
    units = decimal_of(limit.get("value"))
    if units is None or units < 0:
        reading.refuse(f"{here}.value", "A frequency needs a number that is not negative.")
    is_per_site = extension_of(limit, LIMIT_PER) is not None
    return Frequency(
        limit.get("id") or _name_of(services),
        units or Decimal(0),
        services,
        _span(limit, here, reading),
        _code(limit, LIMIT_PER, Per, here, reading) if is_per_site else None,
    )


def _name_of(services: tuple[Coding, ...]) -> str:
    """What services are counted under that the payer gave no name: the same in any order."""
    keys = "\n".join(sorted({service.key for service in services}))
    return hashlib.sha256(keys.encode()).hexdigest()[:32]


def _span(limit: Document, here: str, reading: Reading) -> Span | None:
    found = extension_of(limit, LIMIT_PERIOD)
    if found is None:
        return None
    duration = found.get("valueDuration") or {}
    value, unit = decimal_of(duration), _UNITS.get(duration.get("code", ""))
    if value is None or unit is None or not 0 < value <= _LONGEST or value != int(value):
        where = f"{here}.extension('{LIMIT_PERIOD}')"
        reading.refuse(where, f"A whole Duration in {', '.join(_UNITS)} is asked.")
        return None
    return Span(unit.months * int(value), unit.days * int(value))


def _age(limit: Document, here: str, reading: Reading) -> int | None:
    quantity: Mapping[str, Any] = limit.get("value") or {}
    value = decimal_of(quantity)
    is_years = quantity.get("code", quantity.get("unit", "a")) == "a"
    if value is None or not is_years or not 0 <= value <= _OLDEST or value != int(value):
        reading.refuse(here, f"An age is whole years (a), from 0 to {_OLDEST}.")
        return None
    return int(value)


def _code(
    limit: Document, url: str, known: Iterable[_Known], here: str, reading: Reading
) -> _Known | None:
    members = {each.value: each for each in known}
    code = (extension_of(limit, url) or {}).get("valueCode")
    if code in members:
        return members[code]
    where = f"{here}.extension('{url}')"
    reading.refuse(where, f"Expected one of {', '.join(members)}, got {code or 'nothing'}.")
    return None
