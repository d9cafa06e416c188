"""Entries of token parameters: codes, identifiers, and where somebody is reached.

http://hl7.org/fhir/R4/search.html#token
"""

from collections.abc import Callable, Iterator
from typing import Any

from app.domain.search.entries import Entry, StringEntry, TokenEntry
from app.fhir.search.definitions import Parameter

_LONGEST_SORT_KEY = 64

_TEXTS = frozenset({"code", "id", "string"})

Part = dict[str, Any]


def token_entries(parameter: Parameter, value: Any) -> Iterator[Entry]:
    """The tokens of an element, and under `name:text` the words beside them.

    An element without any code still has a token, an empty one, so that it is not missing.
    """
    if isinstance(value, dict):
        for element in parameter.elements:
            if element in _OF_TYPE:
                yield from _OF_TYPE[element](parameter.code, value)
        return
    if isinstance(value, bool) and "boolean" in parameter.elements:
        value = "true" if value else "false"
    elif not parameter.elements & _TEXTS:
        return
    if isinstance(value, str):
        is_sorted = parameter.is_sortable and len(value) <= _LONGEST_SORT_KEY
        yield TokenEntry(parameter.code, value, None, value if is_sorted else None)


def identifier_entries(name: str, identifier: Part) -> Iterator[Entry]:
    """`system|value`; under `name:of-type` the system of its type with `code|value`."""
    value = _text(identifier, "value")
    yield TokenEntry(name, value or "", _text(identifier, "system"))
    kind = identifier.get("type")
    if not isinstance(kind, dict):
        return
    yield from _words(name, kind, "text")
    for coding in _codings(kind):
        code = _text(coding, "code")
        if code is not None and value is not None:
            yield TokenEntry(f"{name}:of-type", f"{code}|{value}", _text(coding, "system"))


def _concept_entries(name: str, concept: Part) -> Iterator[Entry]:
    codings = _codings(concept)
    for coding in codings:
        yield from _coding_entries(name, coding)
    if not codings:
        yield TokenEntry(name, "")
    yield from _words(name, concept, "text")


def _coding_entries(name: str, coding: Part) -> Iterator[Entry]:
    yield TokenEntry(name, _text(coding, "code") or "", _text(coding, "system"))
    yield from _words(name, coding, "display")


def _contact_entries(name: str, contact: Part) -> Iterator[Entry]:
    # R4 takes the use (home, work) for the system of the token, later versions the kind (phone,
    # email); both are found.
    value = _text(contact, "value") or ""
    for system in dict.fromkeys((_text(contact, "use"), _text(contact, "system"))):
        yield TokenEntry(name, value, system)


_OF_TYPE: dict[str, Callable[[str, Part], Iterator[Entry]]] = {
    "CodeableConcept": _concept_entries,
    "Coding": _coding_entries,
    "ContactPoint": _contact_entries,
    "Identifier": identifier_entries,
}


def _words(name: str, element: Part, member: str) -> Iterator[Entry]:
    words = _text(element, member)
    if words is not None:
        yield StringEntry(f"{name}:text", words)


def _codings(concept: Part) -> list[Part]:
    codings = concept.get("coding")
    if not isinstance(codings, list):
        return []
    return [each for each in codings if isinstance(each, dict)]


def _text(element: Part, member: str) -> str | None:
    value = element.get(member)
    return value if isinstance(value, str) else None
