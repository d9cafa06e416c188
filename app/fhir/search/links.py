"""Entries of reference parameters.

http://hl7.org/fhir/R4/search.html#reference
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.domain.search.entries import UNSEARCHED, Entry, ReferenceEntry, TokenEntry
from app.fhir.documents import literal_of
from app.fhir.resource_types import RESOURCE_TYPES
from app.fhir.search.definitions import Parameter
from app.fhir.search.tokens import identifier_entries

_REFERENCE = re.compile(r'"reference"\s*:\s*"([^"]*)"')


def reference_entries(parameter: Parameter, value: Any, base: str) -> Iterator[Entry]:
    """A literal of ours, the address of anything else, and under `name:identifier` an identifier.

    The version that a literal names is left out. What has neither an address of its own nor an
    identifier, as a contained resource, has an empty token, so that it is not missing.
    """
    name = parameter.code
    if isinstance(value, str):
        yield from _canonical_entries(name, value)
        return
    if not isinstance(value, dict):
        return
    address = value.get("reference")
    literal = literal_entry(name, address, base) if isinstance(address, str) else None
    identifier = value.get("identifier")
    has_identifier = isinstance(identifier, dict)
    if literal is not None or not has_identifier:
        yield literal or TokenEntry(name, "")
    if isinstance(identifier, dict):
        yield from identifier_entries(f"{name}:identifier", identifier)


def unsearched_entries(
    document: Mapping[str, Any], known: Iterable[Entry], base: str, text: str | None = None
) -> Iterator[Entry]:
    """Each literal of ours in a resource, and in what it contains, that no other entry names.

    `text` is the document's, where it is known.
    """
    named = {(each.type, each.id) for each in known if isinstance(each, ReferenceEntry)}
    for address in _addresses(document, text):
        entry = literal_entry(UNSEARCHED, address, base)
        if isinstance(entry, ReferenceEntry) and (entry.type, entry.id) not in named:
            named.add((entry.type, entry.id))
            yield entry


def _addresses(document: Mapping[str, Any], text: str | None) -> Iterable[str]:
    """Every address in a document, each once."""
    # What is quoted and followed by a colon is a name: inside of a value the quotes are escaped.
    # Only an escaped letter could hide one.
    if text is not None and "\\u00" not in text:
        found = dict.fromkeys(_REFERENCE.findall(text))
        if not any("\\" in address for address in found):
            return found
    addresses: list[str] = []
    _collect(document, addresses)
    return addresses


def _collect(value: Any, addresses: list[str]) -> None:
    """Every address in a part of a document, in its order."""
    # A list that is added to, and no generators: every version that is written passes here.
    if isinstance(value, dict):
        address = value.get("reference")
        if isinstance(address, str):
            addresses.append(address)
        value = value.values()
    for each in value:
        if each.__class__ is dict or each.__class__ is list:
            _collect(each, addresses)


def literal_entry(name: str, address: str, base: str) -> ReferenceEntry | TokenEntry | None:
    """What an address leads to; None within the resource itself."""
    if address.startswith("#"):
        return None
    literal = literal_of(address, base)
    if literal is not None and literal[0] in RESOURCE_TYPES:
        return ReferenceEntry(name, *literal)
    return TokenEntry(name, address)


def _canonical_entries(name: str, address: str) -> Iterator[Entry]:
    yield TokenEntry(name, address)
    if "|" in address:
        yield TokenEntry(name, address.partition("|")[0])
