"""Reading the parts that every FHIR document is made of: references, identifiers, codings, money.

A document is parsed JSON whose numbers are `int` or `Decimal`, already validated as R4.
http://hl7.org/fhir/R4/references.html, http://hl7.org/fhir/R4/datatypes.html
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.domain.claims import Days
from app.domain.codes import Coding
from app.domain.money import NO_CURRENCY, Money
from app.domain.period import first_day, last_day
from app.domain.references import Identifier, Reference

Document = dict[str, Any]

_LITERAL = re.compile(
    r"(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/(?P<version>[0-9]{1,18}))?"
)


def reference_of(value: Mapping[str, Any], base: str) -> Reference:
    """Read a Reference; literals under `base` are ours, every other address stays `foreign`.

    A contained reference keeps its `#id` as `foreign`: only `resolved` knows the container.
    """
    type_, identifier = value.get("type"), identifier_of(value.get("identifier"))
    display, address = value.get("display"), value.get("reference")
    if address is None:
        return Reference(type_, identifier=identifier, display=display)
    literal = _LITERAL.fullmatch(address.removeprefix(base.rstrip("/") + "/"))
    if literal is None:
        return Reference(type_, identifier=identifier, display=display, foreign=address)
    version = literal["version"]
    return Reference(
        literal["type"], literal["id"], int(version) if version else None, identifier, display
    )


def literal_of(address: str, base: str) -> tuple[str, str] | None:
    """Type and id of ours that an address names; None where it leads elsewhere."""
    literal = _LITERAL.fullmatch(address.removeprefix(base.rstrip("/") + "/"))
    return None if literal is None else (literal["type"], literal["id"])


def resolved(document: Mapping[str, Any], value: Mapping[str, Any], base: str) -> Reference:
    """Read a Reference of `document`; a contained resource is told by its type and identifier.

    One without an identifier keeps `#id` as `foreign`, so that two of them never look the same
    as a reference that says nothing.
    """
    reference = reference_of(value, base)
    target = contained(document, value)
    if target is None:
        return reference
    identifier = next(iter(identifiers_of(target)), reference.identifier)
    return Reference(
        target["resourceType"],
        identifier=identifier,
        display=reference.display,
        foreign=None if identifier else reference.foreign,
    )


def named_in(document: Mapping[str, Any], base: str) -> set[str]:
    """Everything that references in a document name: `Type/id` of ours, and `system|value`."""
    names: set[str] = set()
    # A list that is added to: every Task passes here.
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            if isinstance(value.get("reference"), str) or "identifier" in value:
                names |= _names_of(value, base)
            value = value.values()
        waiting += [each for each in value if each.__class__ is dict or each.__class__ is list]
    return names


def _names_of(value: Mapping[str, Any], base: str) -> set[str]:
    names = {identifier.key for identifier in identifiers_of(value)}
    if isinstance(value.get("reference"), str):
        reference = reference_of({"reference": value["reference"]}, base)
        if reference.type is not None and reference.id is not None:
            names.add(f"{reference.type}/{reference.id}")
    return names


def contained(document: Mapping[str, Any], value: Mapping[str, Any]) -> Document | None:
    """The contained resource that a Reference of `document` points at; None for any other."""
    address = value.get("reference") or ""
    if not address.startswith("#"):
        return None
    resources: list[Document] = document.get("contained", [])
    return next((each for each in resources if each.get("id") == address[1:]), None)


def lifted(container: Mapping[str, Any], id: str) -> Document | None:
    """A contained resource as one of its own, with what it refers to in the same container."""
    resources = {each.get("id"): each for each in container.get("contained", ())}
    resource = resources.get(id)
    if resource is None:
        return None
    needed = [resources[each] for each in _reached(resource, resources) if each != id]
    alone = {name: value for name, value in resource.items() if name != "id"}
    return {**alone, "contained": needed} if needed else alone


def _reached(resource: Mapping[str, Any], resources: Mapping[Any, Document]) -> list[str]:
    """The ids of what a contained resource refers to, directly or through others."""
    found: list[str] = []
    waiting: list[Any] = [resource]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
            address = value.get("reference")
            name = address[1:] if isinstance(address, str) and address.startswith("#") else None
            if name in resources and name not in found:
                found.append(str(name))
                waiting.append(resources[name])
    return sorted(found)


def identifiers_of(document: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """Every business identifier with a value, in the document's order."""
    values = document.get("identifier", [])
    # Most resources repeat the element; Bundle and a few others have just one.
    values = [values] if isinstance(values, Mapping) else values
    read = (identifier_of(value) for value in values)
    return tuple(identifier for identifier in read if identifier is not None)


def identifier_of(value: Mapping[str, Any] | None) -> Identifier | None:
    """Read an Identifier; None where there is none or it has no value."""
    if value is None or "value" not in value:
        return None
    return Identifier(value.get("system"), value["value"])


def codings_of(concept: Mapping[str, Any] | None) -> tuple[Coding, ...]:
    """The codings of a CodeableConcept that have a code; none of a text alone."""
    # Lists and no generators: every line of every Claim passes here several times.
    codings = concept.get("coding") if concept else None
    if not codings:
        return ()
    return tuple(
        [
            Coding(each.get("system"), each["code"], each.get("display"))
            for each in codings
            if "code" in each
        ]
    )


def money_of(value: Mapping[str, Any] | None) -> Money | None:
    """Read Money exactly; None without an amount, `NO_CURRENCY` without a currency."""
    if value is None:
        return None
    amount = exact(value.get("value"))
    return None if amount is None else Money(amount, value.get("currency", NO_CURRENCY))


def decimal_of(value: Mapping[str, Any] | None) -> Decimal | None:
    """The exact number of a Money or Quantity; None without one."""
    return None if value is None else exact(value.get("value"))


def exact(number: Decimal | int | None) -> Decimal | None:
    """A number of the document as Decimal, digit by digit."""
    return None if number is None else Decimal(number)


def days_of(value: str | Mapping[str, Any] | None) -> Days | None:
    """First and last day of a date, dateTime or Period; a partial date covers all of its days."""
    if value is None:
        return None
    if isinstance(value, str):
        return days_in(value)
    start, end = value.get("start"), value.get("end")
    return Days(first_day(start) if start else None, last_day(end) if end else None)


# The days of a day's Claims are few.
@lru_cache(maxsize=1024)
def days_in(text: str) -> Days:
    """First and last day that a date or dateTime covers; raises ValueError."""
    return Days(first_day(text), last_day(text))


def extension_of(element: Mapping[str, Any], url: str) -> Document | None:
    """The first extension of an element with this address."""
    extensions: list[Document] = element.get("extension", [])
    return next((each for each in extensions if each.get("url") == url), None)
