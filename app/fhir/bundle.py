"""Bundles made of stored texts: joined, never parsed.

http://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.canonical import DELIVERY_COUNT
from app.fhir import json_text
from app.fhir.documents import Document


@dataclass(frozen=True, slots=True)
class Entry:
    """The text of a resource under its fullUrl; `delivery` is the so-manieth time it is given."""

    full_url: str
    text: str
    delivery: int = 1


def collection(id: str, made_at: datetime, entries: Iterable[Entry]) -> str:
    """A Bundle of type `collection`, its entries in their order."""
    head = json_text.stamped('{"resourceType":"Bundle","type":"collection"}', id, 1, made_at)
    joined = ",".join([_entry(entry) for entry in entries])
    return f'{head[:-1]},"entry":[{joined}]}}' if joined else head


def _entry(entry: Entry) -> str:
    extension = ""
    if entry.delivery > 1:
        counted = [{"url": DELIVERY_COUNT, "valueInteger": entry.delivery}]
        extension = f'"extension":{json_text.write(counted)},'
    return f'{{{extension}"fullUrl":{json_text.write(entry.full_url)},"resource":{entry.text}}}'


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one entry: status, headers by their names, the text of a resource if any.

    `stored` is type and id of what was created or changed, where that is known.
    `is_asked_for`: an OperationOutcome is what was asked for, and not only how it went.
    """

    status: int
    text: str | None = None
    location: str | None = None
    etag: str | None = None
    last_modified: datetime | None = None
    related: str | None = None
    stored: str | None = None
    is_asked_for: bool = False

    @property
    def is_success(self) -> bool:
        """Whether it was done, or need not be done again."""
        return self.status < 400

    @property
    def is_outcome(self) -> bool:
        """Whether the text only says how it went."""
        if self.text is None or (self.is_asked_for and self.is_success):
            return False
        return json_text.member(self.text, "resourceType") == '"OperationOutcome"'

    @property
    def errors(self) -> list[str]:
        """The catalogue ids of an OperationOutcome."""
        outcome = json_text.parsed(self.text) if self.text and self.is_outcome else {}
        codings = (issue.get("details", {}).get("coding", ()) for issue in outcome.get("issue", ()))
        return [coding["code"] for found in codings for coding in found]


def responses(type: str, base: str, answers: Iterable[Answered]) -> str:
    """A Bundle of type `batch-response` or `transaction-response`, one entry for each answer."""
    named: set[tuple[str, str | None]] = set()
    joined = ",".join(_response(answer, base, named) for answer in answers)
    entry = f',"entry":[{joined}]' if joined else ""
    return f'{{"resourceType":"Bundle","type":"{type}"{entry}}}'


def _response(answer: Answered, base: str, named: set[tuple[str, str | None]]) -> str:
    told: dict[str, Any] = {"status": str(answer.status)}
    if answer.location is not None:
        told["location"] = answer.location
    if answer.etag is not None:
        told["etag"] = answer.etag
    if answer.last_modified is not None:
        told["lastModified"] = json_text.instant(answer.last_modified)
    response = json_text.write(told)
    parts = []
    if answer.related is not None:
        related = [{"relation": "related", "url": answer.related}]
        parts.append(f'"link":{json_text.write(related)}')
    if answer.text is not None and answer.is_outcome:
        response = f'{response[:-1]},"outcome":{answer.text}}}'
    elif answer.text is not None:
        full_url = _full_url(answer, base, named)
        parts += [] if full_url is None else [f'"fullUrl":{json_text.write(full_url)}']
        parts.append(f'"resource":{answer.text}')
    return "{" + ",".join([*parts, f'"response":{response}']) + "}"


def _full_url(answer: Answered, base: str, named: set[tuple[str, str | None]]) -> str | None:
    """Where the resource is; not told twice of one version (bdl-7), nor of one without an id."""
    text = answer.text or "{}"
    type, id = (json_text.member(text, name) for name in ("resourceType", "id"))
    if type is None or id is None:
        return None
    full_url = f"{base}/{json_text.parsed(type)}/{json_text.parsed(id)}"
    if (full_url, answer.etag) in named:
        return None
    named.add((full_url, answer.etag))
    return full_url


def within(place: str, expression: str | None) -> str:
    """Where something is in a Bundle, told by where it is in the resource of an entry."""
    if not expression:
        return place
    head, _, rest = expression.partition(".")
    if head == "Bundle":
        return expression
    inside = rest if head[:1].isupper() else expression
    return f"{place}.resource.{inside}" if inside else f"{place}.resource"


def outcome_within(place: str, text: str) -> str:
    """An OperationOutcome about one entry, told of the whole Bundle."""
    outcome: Document = json_text.parsed(text)
    for issue in outcome.get("issue", ()):
        found = issue.get("expression", [None])
        issue["expression"] = [within(place, expression) for expression in found]
    return json_text.write(outcome)
