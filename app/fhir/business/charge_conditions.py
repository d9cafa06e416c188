"""Conditions of a ChargeItemDefinition, evaluated on a ChargeItem and its patient.

A small part of FHIRPath: comparisons and existence, joined by `and`. `%context` is the ChargeItem,
`%patient` its Patient, `%age` the patient's whole years on the day of the service.
http://hl7.org/fhir/R4/chargeitemdefinition-definitions.html#ChargeItemDefinition.applicability
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.fhir.business.persons import read_person
from app.fhir.documents import Document, days_of, exact

_PATH = r"%(context|patient|age)((?:\.[A-Za-z]+)*)"
_CODED = re.compile(
    rf"{_PATH}\.where\(\s*system\s*=\s*'([^']*)'\s+and\s+code\s*=\s*'([^']*)'\s*\)\.exists\(\)"
)
_EXISTS = re.compile(rf"{_PATH}\.exists\(\)")
_NUMBER = r"-?[0-9]{1,17}(?:\.[0-9]{1,17})?"
_COMPARED = re.compile(
    rf"{_PATH}\s*(=|!=|>=|<=|>|<)\s*('[^']*'|@[0-9]{{4}}(?:-[0-9]{{2}}){{0,2}}|{_NUMBER}|true|false)"
    r"(?![\w.@'])"
)
_AND = re.compile(r"\s+and\s+")
_QUOTED_DAY = re.compile(r"'[0-9]{4}-[0-9]{2}-[0-9]{2}'")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}(T.*)?")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What conditions look at; `patient` None where it is not known here."""

    charge_item: Document
    patient: Document | None
    on: date


def is_on_charges(expression: str) -> bool:
    """Whether a condition is one that this module evaluates."""
    return _terms(expression) is not None


def holds(expression: str, circumstances: Circumstances) -> bool:
    """Whether a condition is met; what is not known meets none. Raises ValueError if not ours."""
    terms = _terms(expression)
    if terms is None:
        raise ValueError("the condition cannot be evaluated")
    return all(_is_met(term, circumstances) for term in terms)


def age_of(patient: Document | None, on: date) -> int | None:
    """Whole years on a day, as a price of a Claim sees them; None where they are not known."""
    return read_person(patient or {}).age_on(on)


def _terms(expression: str) -> list[re.Match[str]] | None:
    """The terms of a condition; None where any of it is not understood."""
    terms: list[re.Match[str]] = []
    rest = expression.strip()
    while True:
        term = _CODED.match(rest) or _EXISTS.match(rest) or _COMPARED.match(rest)
        if term is None:
            return None
        terms.append(term)
        rest = rest[term.end() :]
        if not rest:
            return terms
        joined = _AND.match(rest)
        if joined is None:
            return None
        rest = rest[joined.end() :]


def _is_met(term: re.Match[str], circumstances: Circumstances) -> bool:
    values = list(_values(term[1], term[2], circumstances))
    if term.re is _EXISTS:
        return bool(values)
    if term.re is _CODED:
        return any(
            isinstance(one, Mapping) and (one.get("system"), one.get("code")) == (term[3], term[4])
            for one in values
        )
    # As in FHIRPath, a comparison is of one value with one; with none it is not met.
    return len(values) == 1 and _compared(values[0], term[3], term[4])


def _values(variable: str, path: str, circumstances: Circumstances) -> Iterator[Any]:
    found: list[Any]
    if variable == "age":
        age = None if path else age_of(circumstances.patient, circumstances.on)
        found = [] if age is None else [age]
    elif variable == "context" and path == ".occurrence":
        found = [circumstances.on.isoformat()]
    else:
        root = circumstances.charge_item if variable == "context" else circumstances.patient
        found = [] if root is None else [root]
        for name in path.split(".")[1:]:
            found = [value for one in found for value in _children(one, name)]
    yield from found


def _children(value: Any, name: str) -> list[Any]:
    child = value.get(name) if isinstance(value, Mapping) else None
    children = child if isinstance(child, list) else [child]
    return [one for one in children if one is not None]


def _compared(value: Any, comparison: str, literal: str) -> bool:
    compare = _COMPARISONS[comparison]
    text = literal.strip("@'")
    if literal in {"true", "false"}:
        return isinstance(value, bool) and compare(value, literal == "true")
    if literal[0] not in "@'":
        is_number = isinstance(value, Decimal | int) and not isinstance(value, bool)
        return is_number and compare(exact(value), Decimal(literal))
    if not isinstance(value, str):
        return False
    if literal[0] == "@" or _QUOTED_DAY.fullmatch(literal):
        # As far as the literal goes; a date that is known less exactly is not compared.
        is_as_exact = bool(_DATE.fullmatch(value)) and len(value) >= len(text)
        return is_as_exact and compare(value[: len(text)], text)
    return comparison in {"=", "!="} and compare(value, text)


def day_of(charge_item: Document, otherwise: date) -> date:
    """The day of the service: of its occurrence, else of its entry, else the given one."""
    timing = charge_item.get("occurrenceTiming", {}).get("event", [])
    for value in (
        charge_item.get("occurrenceDateTime"),
        charge_item.get("occurrencePeriod"),
        *timing[:1],
        charge_item.get("enteredDate"),
    ):
        days = days_of(value)
        if days is not None and (days.first or days.last) is not None:
            return days.first or days.last or otherwise
    return otherwise
