"""Bundles made of stored texts: joined, never parsed.

http://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Iterable
from datetime import datetime

from app.fhir import json_text


def collection(id: str, made_at: datetime, entries: Iterable[tuple[str, str]]) -> str:
    """A Bundle of type `collection` from (fullUrl, resource text) pairs, in their order."""
    joined = ",".join(
        f'{{"fullUrl":{json_text.write(full_url)},"resource":{text}}}' for full_url, text in entries
    )
    entry = f',"entry":[{joined}]' if joined else ""
    bundle = f'{{"resourceType":"Bundle","type":"collection"{entry}}}'
    return json_text.stamped(bundle, id, 1, made_at)
