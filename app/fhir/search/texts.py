"""Entries of string and uri parameters.

http://hl7.org/fhir/R4/search.html#string, http://hl7.org/fhir/R4/search.html#uri
"""

from collections.abc import Iterator
from typing import Any

from app.domain.search.entries import Entry, StringEntry
from app.domain.search.texts import sounds
from app.fhir.search.definitions import Parameter

PHONETIC = "phonetic"

# The parts of a HumanName and of an Address that are searched, each a text of its own.
_PARTS = {
    "HumanName": ("text", "family", "given", "prefix", "suffix"),
    "Address": ("text", "line", "city", "district", "state", "postalCode", "country"),
}


def string_entries(parameter: Parameter, value: Any) -> Iterator[Entry]:
    """The text of an element, or each part of a name or address.

    For `phonetic` how the text sounds, whole and word by word.
    """
    for text in _texts(parameter, value):
        if parameter.code == PHONETIC:
            heard = sounds(text)
            yield from (
                StringEntry(PHONETIC, sound) for sound in (" ".join(heard), *heard) if sound
            )
        else:
            yield StringEntry(parameter.code, text)


def uri_entries(parameter: Parameter, value: Any) -> Iterator[Entry]:
    """A uri as it stands; a canonical also without its version."""
    if isinstance(value, str):
        yield StringEntry(parameter.code, value)
        if "canonical" in parameter.elements and "|" in value:
            yield StringEntry(parameter.code, value.partition("|")[0])


def _texts(parameter: Parameter, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        parts = [part for element in parameter.elements for part in _PARTS.get(element, ())]
        for part in parts:
            found = value.get(part)
            for text in found if isinstance(found, list) else (found,):
                if isinstance(text, str):
                    yield text
