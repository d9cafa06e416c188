"""One plan being read: what was found wrong with it, and the values that all its parts have."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any, TypeVar

from app.domain.canonical import PLAN
from app.domain.codes import Coding
from app.domain.issues import ErrorCode, Issue
from app.fhir.documents import Document, codings_of, decimal_of, extension_of

_CURRENCIES = "urn:iso:std:iso:4217"

# UCUM's mean month and Julian year, so that 12 mo is 1 a; what is left of a day is dropped.
# http://unitsofmeasure.org/ucum
_DAYS = {
    "d": Decimal(1),
    "wk": Decimal(7),
    "mo": Decimal("30.4375"),
    "a": Decimal("365.25"),
}

_Code = TypeVar("_Code", bound=StrEnum)


@dataclass(slots=True)
class Reading:
    """What was found wrong, and the one currency that the plan may speak in."""

    issues: list[Issue] = field(default_factory=list)
    currency: str | None = None

    def refuse(self, expression: str, text: str) -> None:
        """Something at this place cannot be applied."""
        self.issues.append(Issue(ErrorCode.PLAN_PROFILE, text, expression))

    def category(self, concept: Document, here: str) -> Coding:
        """A benefit category."""
        codings = codings_of(concept)
        if len(codings) != 1:
            self.refuse(here, "A benefit category is exactly one coding.")
        return codings[0] if codings else Coding(None, "")

    def code(self, concept: Document | None, known: Iterable[_Code], here: str) -> _Code | None:
        """A code of the profile."""
        codings, members = codings_of(concept), {each.value: each for each in known}
        for coding in codings:
            if coding.system in (PLAN, None) and coding.code in members:
                return members[coding.code]
        said = ", ".join(coding.key for coding in codings) or "nothing"
        self.refuse(here, f"Expected one of {', '.join(members)} of {PLAN}, got {said}.")
        return None

    def amount(self, value: Decimal, currency: str | None, here: str) -> Decimal:
        """An amount in the currency of the plan."""
        self.currency = self.currency or currency
        if currency is None or currency != self.currency:
            self.refuse(here, f"A plan has one currency: {self.currency}, not {currency}.")
        if value < 0:
            self.refuse(here, "An amount of a plan is not negative.")
        return value

    def days(self, element: Document, url: str, here: str) -> int | None:
        """A Duration in an extension, in whole days."""
        found = extension_of(element, url)
        if found is None:
            return None
        duration = found.get("valueDuration") or {}
        value, unit = decimal_of(duration), duration.get("code")
        if value is None or value < 0 or unit not in _DAYS:
            self.refuse(f"{here}.extension('{url}')", f"A Duration in {', '.join(_DAYS)} is asked.")
            return None
        return int((value * _DAYS[unit]).to_integral_value(ROUND_FLOOR))


def currency_of(quantity: Mapping[str, Any]) -> str | None:
    """The ISO 4217 code of money written as Quantity: its code in that system, else its unit."""
    if quantity.get("system", _CURRENCIES) != _CURRENCIES:
        return None
    code: str | None = quantity.get("code", quantity.get("unit"))
    return code if code and re.fullmatch("[A-Z]{3}", code) else None
