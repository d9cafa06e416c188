"""The interactions that a Bundle asks for, in the order of its entries.

http://hl7.org/fhir/R4/bundle.html#bundle-unique, http://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from hashlib import sha256
from typing import Any

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
# Stands where a resource is not looked at yet.
_BLANK = {"resourceType": "Parameters"}


@dataclass(frozen=True, slots=True)
class Step:
    """One interaction: what would be a request of its own. `url` is under the base."""

    position: int
    method: str
    url: str
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
    def path(self) -> str:
        """The address without the query."""
        return self.url.partition("?")[0]

    @property
    def query(self) -> str | None:
        """What comes behind the question mark; None without one."""
        _, mark, query = self.url.partition("?")
        return query if mark else None

    @property
    def type(self) -> str:
        """The first part of the path: the resource type, wherever the address is one of ours."""
        return self.path.partition("/")[0]

    @property
    def target_id(self) -> str | None:
        """The second part of the path; None without one."""
        return self.path.partition("/")[2] or None


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
    return Step(
        position,
        asked["method"],
        _under(asked["url"], base),
        entry.get("fullUrl"),
        entry.get("resource"),
        headers,
    )


def _under(url: str, base: str) -> str:
    """An address below the base; one of another server, or beside the base, stays as it is."""
    rest = url.removeprefix(base)
    is_ours = rest != url and rest[:1] in {"", "/", "?"}
    return (rest if is_ours else url).removeprefix("/")


def _of_a_bag(position: int, entry: Document) -> Step:
    resource = entry["resource"]
    return Step(position, "POST", resource["resourceType"], None, resource)


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
