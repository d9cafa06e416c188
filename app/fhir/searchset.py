"""The Bundle that answers a search: stored texts joined, never parsed.

http://hl7.org/fhir/R4/bundle.html#searchset
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.fhir import json_text


class Mode(StrEnum):
    """Why an entry is there: http://hl7.org/fhir/search-entry-mode."""

    MATCH = "match"
    INCLUDE = "include"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """A resource that was found, under its fullUrl; an outcome has none."""

    text: str
    mode: Mode
    full_url: str | None = None


def searchset(
    id: str,
    made_at: datetime,
    entries: Iterable[SearchEntry],
    links: Mapping[str, str],
    total: int | None,
) -> str:
    """A Bundle of type `searchset`; `links` by relation, `total` None where it is not told."""
    stamp = json_text.write({"lastUpdated": json_text.instant(made_at)})
    members = [
        f'"resourceType":"Bundle","id":{json_text.write(id)},"meta":{stamp},"type":"searchset"'
    ]
    if total is not None:
        members.append(f'"total":{total}')
    relations = [{"relation": name, "url": url} for name, url in links.items()]
    members.append(f'"link":{json_text.write(relations)}')
    joined = ",".join(_entry(entry) for entry in entries)
    if joined:
        members.append(f'"entry":[{joined}]')
    return "{" + ",".join(members) + "}"


def _entry(entry: SearchEntry) -> str:
    address = "" if entry.full_url is None else f'"fullUrl":{json_text.write(entry.full_url)},'
    return f'{{{address}"resource":{entry.text},"search":{{"mode":"{entry.mode}"}}}}'
