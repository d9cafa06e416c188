"""A history Bundle made of stored texts: joined, never parsed.

http://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.fhir import json_text

_POST, _DELETE = "POST", "DELETE"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a resource, and the HTTP method it came about by; a deletion has no text.

    `is_new`: before it there was none, or none any more.
    """

    type: str
    id: str
    number: int
    updated_at: datetime
    method: str
    text: str | None
    is_new: bool = False


def history(
    base: str,
    made_at: datetime,
    versions: Iterable[Version],
    links: Mapping[str, str],
    total: int | None = None,
) -> str:
    """A Bundle of type `history` with the versions in their order; `links` by their relation."""
    told = [{"relation": relation, "url": url} for relation, url in links.items()]
    parts = [
        '"resourceType":"Bundle"',
        f'"meta":{{"lastUpdated":"{json_text.instant(made_at)}"}}',
        '"type":"history"',
    ]
    if total is not None:
        parts.append(f'"total":{total}')
    parts.append(f'"link":{json_text.write(told)}')
    joined = ",".join(_entry(base, version) for version in versions)
    if joined:
        parts.append(f'"entry":[{joined}]')
    return f"{{{','.join(parts)}}}"


def _entry(base: str, version: Version) -> str:
    place = f"{version.type}/{version.id}"
    about = {
        "request": {
            "method": version.method,
            "url": version.type if version.method == _POST else place,
        },
        "response": {
            "status": _status(version),
            "etag": f'W/"{version.number}"',
            "lastModified": json_text.instant(version.updated_at),
        },
    }
    resource = "" if version.text is None else f'"resource":{version.text},'
    return f'{{"fullUrl":"{base}/{place}",{resource}{json_text.write(about)[1:]}'


def _status(version: Version) -> str:
    if version.method == _DELETE:
        return "204"
    return "201" if version.is_new else "200"
