"""Bundles made of stored texts: joined, never parsed.

http://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.domain.canonical import DELIVERY_COUNT
from app.fhir import json_text


@dataclass(frozen=True, slots=True)
class Entry:
    """The text of a resource under its fullUrl; `delivery` is the so-manieth time it is given."""

    full_url: str
    text: str
    delivery: int = 1


def collection(id: str, made_at: datetime, entries: Iterable[Entry]) -> str:
    """A Bundle of type `collection`, its entries in their order."""
    joined = ",".join(_entry(entry) for entry in entries)
    entry = f',"entry":[{joined}]' if joined else ""
    bundle = f'{{"resourceType":"Bundle","type":"collection"{entry}}}'
    return json_text.stamped(bundle, id, 1, made_at)


def _entry(entry: Entry) -> str:
    extension = ""
    if entry.delivery > 1:
        counted = [{"url": DELIVERY_COUNT, "valueInteger": entry.delivery}]
        extension = f'"extension":{json_text.write(counted)},'
    return f'{{{extension}"fullUrl":{json_text.write(entry.full_url)},"resource":{entry.text}}}'
