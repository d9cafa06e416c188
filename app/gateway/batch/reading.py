"""The interactions that a Bundle asks for, in the order of its entries.

http://hl7.org/fhir/R4/bundle.html#bundle-unique, http://hl7.org/fhir/R4/http.html#transaction
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.period import instant
from app.fhir.documents import Document
from app.fhir.validation import check
from app.gateway.ownership import OUTGOING, REQUESTS

BATCH, TRANSACTION, BAG = "batch", "transaction", "collection"
# One request occupies the gateway with all of them.
MOST_ENTRIES = 500

_MAY_BE_IN_A_BAG = REQUESTS | OUTGOING | {"Task"}
_CONDITIONS = {
    "ifNoneExist": "If-None-Exist",
    "ifMatch": "If-Match",
    "ifNoneMatch": "If-None-Match",
}
# http://hl7.org/fhir/R4/http.html#operations, and the type id
_TYPE = "[A-Z][A-Za-z]*"
_ANYWHERE = re.compile(rf"{_TYPE}(/[A-Za-z0-9\-.]{{1,64}})?")
_SHAPES = {
    "POST": re.compile(_TYPE),
    "PUT": _ANYWHERE,
    "PATCH": _ANYWHERE,
    "DELETE": _ANYWHERE,
}
# Stands where a resource is not looked at yet.
_BLANK = {"resourceType": "Parameters"}


@dataclass(frozen=True, slots=True)
class Step:
    """One interaction: what would be a request of its own.

    `path` is under the base and decoded, so that one address has one spelling; `query` is as it
    was sent, None without a question mark.
    """

    position: int
    method: str
    path: str
    query: str | None = None
    full_url: str | None = None
    document: Document | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    # As `Received` has them.
    id: str | None = None
    sent: Document | None = None

    @property
    def place(self) -> str:
        """Where in the Bundle it stands."""
        return f"Bundle.entry[{self.position}]"

    @property
    def type(self) -> str:
        """The first part of the path: the resource type, wherever the address is one of ours."""
        return self.path.partition("/")[0]

    @property
    def target_id(self) -> str | None:
        """The second part of the path; None without one."""
        return self.path.partition("/")[2] or None

    @property
    def is_possible(self) -> bool:
        """Whether a transaction can hold it: no operation, and a change is one of a resource."""
        if self.method in _SHAPES:
            return _SHAPES[self.method].fullmatch(self.path) is not None
        return "$" not in self.path


def require_usable(bundle: Document) -> None:
    """Pass for a Bundle that can be worked on; raises Unacceptable with all that is wrong.

    In a batch a wrong resource is the matter of its own entry, so only what is around it counts.
    """
    type = bundle.get("type")
    issues = check(_without_resources(bundle) if type in (BATCH, BAG) else bundle)
    if issues:
        raise Unacceptable(*issues)
    if type not in {BATCH, TRANSACTION, BAG}:
        text = f"A Bundle of type '{type}' is not taken: send a batch, transaction or collection."
        raise Unacceptable(Issue(ErrorCode.BUNDLE_TYPE, text, "Bundle.type"))
    entries = bundle.get("entry", ())
    if len(entries) > MOST_ENTRIES:
        text = f"The Bundle has {len(entries)} entries; {MOST_ENTRIES} are taken at once."
        raise Unacceptable(Issue(ErrorCode.TOO_COMPLEX, text, "Bundle.entry"))
    if type == BAG:
        _require_requests(entries)


def steps_of(bundle: Document, base: str, idempotency_key: str | None) -> list[Step]:
    """What a usable Bundle asks for; a key for the whole is one for each of its parts."""
    is_bag = bundle["type"] == BAG
    steps = []
    for position, entry in enumerate(bundle.get("entry", ())):
        step = _of_a_bag(position, entry) if is_bag else _requested(position, entry, base)
        key = _key_of(position, idempotency_key)
        steps.append(replace(step, headers={**step.headers, **key}))
    return steps


def _requested(position: int, entry: Document, base: str) -> Step:
    asked = entry["request"]
    headers = {name: asked[member] for member, name in _CONDITIONS.items() if member in asked}
    if "ifModifiedSince" in asked:
        # An instant here, a date of its own form in HTTP.
        headers["If-Modified-Since"] = format_datetime(
            instant(asked["ifModifiedSince"]), usegmt=True
        )
    path, mark, query = _under(base, asked["url"]).partition("?")
    return Step(
        position,
        asked["method"],
        unquote(path),
        query if mark else None,
        entry.get("fullUrl"),
        entry.get("resource"),
        headers,
    )


def _of_a_bag(position: int, entry: Document) -> Step:
    resource = entry["resource"]
    return Step(position, "POST", resource["resourceType"], document=resource)


def _under(base: str, url: str) -> str:
    """What an address says beneath the base; one of elsewhere stays whole."""
    rest = url.removeprefix(base)
    return (rest if rest[:1] in {"", "/", "?"} else url).removeprefix("/")


def _key_of(position: int, idempotency_key: str | None) -> Mapping[str, str]:
    if idempotency_key is None:
        return {}
    key = sha256(f"{idempotency_key}\n{position}".encode()).hexdigest()
    return {"Idempotency-Key": key}


def _without_resources(bundle: Document) -> Document:
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        return bundle
    return bundle | {"entry": [_blank(entry) for entry in entries]}


def _blank(entry: Any) -> Any:
    if isinstance(entry, dict) and isinstance(entry.get("resource"), dict) and entry["resource"]:
        return entry | {"resource": _BLANK}
    return entry


def _require_requests(entries: list[Document]) -> None:
    issues = list(_no_requests(entries))
    if issues:
        raise Unacceptable(*issues)


def _no_requests(entries: list[Document]) -> Iterator[Issue]:
    for position, entry in enumerate(entries):
        named = entry.get("resource", {}).get("resourceType")
        if not isinstance(named, str) or named not in _MAY_BE_IN_A_BAG:
            text = "A collection holds requests alone: send the rest as a batch or transaction."
            yield Issue(ErrorCode.BUNDLE_TYPE, text, f"Bundle.entry[{position}]")
