"""$submit: a request, or a Bundle of a request with what it refers to, taken in as one.

The request is a Claim or a CoverageEligibilityRequest.
http://hl7.org/fhir/R4/claim-operation-submit.html,
http://hl7.org/fhir/R4/coverageeligibilityrequest-operation-submit.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.gateway.intake import intake
from app.gateway.intake.bundle_references import BundleReferences
from app.gateway.intake.outcome import Taken
from app.gateway.ownership import REQUESTS, SUPPORTING
from app.gateway.permitted import labels_of, require, require_created
from app.gateway.received import Received
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

# A request travels with what it refers to, a Claim also with attachments and earlier answers.
_MAY_TRAVEL = {
    "Claim": SUPPORTING | {"Claim", "Communication", "ClaimResponse"},
    "CoverageEligibilityRequest": SUPPORTING | {"CoverageEligibilityRequest"},
}
_ANSWERS = {
    "Claim": "ClaimResponse",
    "CoverageEligibilityRequest": "CoverageEligibilityResponse",
}
# One transaction takes all of it; more would keep everybody else waiting.
MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class Part:
    """One resource of what was sent, and its fullUrl where it came in a Bundle."""

    received: Received
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """A request, and what came with it."""

    request: Part
    others: tuple[Part, ...] = ()


def package_of(received: Received, type: str) -> Package:
    """The request and its companions in what was sent; raises Unacceptable for anything else."""
    resource = _resource(received, type)
    if resource.type == type:
        return Package(Part(resource))
    if resource.type != "Bundle":
        text = f"$submit takes a {type}, or a Bundle that holds one."
        raise Unacceptable(Issue(ErrorCode.RESOURCE_TYPE, text, resource.type))
    return _unpacked(resource, type)


def take_allowed(package: Package, client: Client, base: str, work: UnitOfWork) -> Taken:
    """As `take`; raises ScopeMissing unless each part may be created, and the answer read."""
    for part in (package.request, *package.others):
        require_created(client, part.received.document)
    request = package.request.received
    require(client, "r", _ANSWERS[request.type], labels=labels_of(request.document))
    return take(package, client, base, work)


def take(package: Package, client: Client, base: str, work: UnitOfWork) -> Taken:
    """Take the companions and the request in, every reference between them made ours.

    Of a request that was sent before only what is new beside it is taken. Raises ScopeMissing where
    the answer to that is not for this client.
    """
    again = intake.earlier(package.request.received, work)
    if again is not None:
        _require_answer_read(again, client, work)
    wanted = [part for part in package.others if again is None or part.received.type in REQUESTS]
    others = _identified(wanted, work)
    request_id = work.new_id() if again is None else again.stored.id
    references = BundleReferences(
        _entry(part, id) for part, id in [*others, (package.request, request_id)]
    )
    # An attachment is matched to the Claim as it comes in, so that is there before it.
    attachments = [each for each in others if each[0].received.type == "Communication"]
    before = [each for each in others if each not in attachments]
    _take_all(before, references, client, base, work)
    request = _local(package.request, references) if others else package.request.received
    taken = again or intake.take(request, client, base, work, id=request_id, is_handed_over=True)
    _take_all(attachments, references, client, base, work)
    return taken


def _require_answer_read(again: Taken, client: Client, work: UnitOfWork) -> None:
    """Pass where the answer may be read as it is labelled, whatever label was sent this time."""
    type, label = _ANSWERS[again.stored.type], again.stored.label
    require(client, "r", type, labels=() if label is None else (label,))
    label = response_to(again, work).label
    require(client, "r", type, labels=() if label is None else (label,))


def _take_all(
    parts: Sequence[tuple[Part, str]],
    references: BundleReferences,
    client: Client,
    base: str,
    work: UnitOfWork,
) -> None:
    for part, id in parts:
        # The same attachment twice in one Bundle is one: the first of the two was taken.
        if work.resources.find(part.received.type, id) is None:
            intake.take(_local(part, references), client, base, work, id=id)


def response_to(taken: Taken, work: UnitOfWork) -> Stored:
    """The current version of the response to a request."""
    type, _, id = (taken.related or "").partition("/")
    response = work.resources.find(type, id)
    if response is None:
        raise LookupError("every request has its response")
    return response


def _resource(received: Received, type: str) -> Received:
    """The bare resource, or the parameter `resource` of Parameters."""
    if received.type != "Parameters":
        return received
    for parameter in received.document.get("parameter", ()):
        if parameter.get("name") == "resource" and "resource" in parameter:
            return _inner(parameter["resource"], received)
    text = f"Parameters names the {type} or Bundle 'resource'."
    raise Unacceptable(Issue(ErrorCode.REQUIRED, text, "Parameters.parameter"))


def _unpacked(bundle: Received, type: str) -> Package:
    entries = bundle.document.get("entry", ())
    if len(entries) > MOST_ENTRIES:
        text = f"The Bundle has {len(entries)} entries; {MOST_ENTRIES} are taken at once."
        raise Unacceptable(Issue(ErrorCode.TOO_COMPLEX, text, "Bundle.entry"))
    issues = _entry_issues(entries, type)
    requests = [entry for entry in entries if _type_of(entry) == type]
    if len(requests) != 1:
        text = f"The Bundle holds {len(requests)} resources of type {type}, not one."
        issues.append(Issue(ErrorCode.BUNDLE, text, "Bundle.entry"))
    if issues:
        raise Unacceptable(*issues)
    # The header is about the whole, and the request stands for it.
    others = tuple(
        Part(replace(_inner(entry["resource"], bundle), idempotency_key=None), entry.get("fullUrl"))
        for entry in entries
        if entry is not requests[0]
    )
    request = Part(_inner(requests[0]["resource"], bundle), requests[0].get("fullUrl"))
    return Package(request, others)


def _entry_issues(entries: Sequence[Mapping[str, Any]], type: str) -> list[Issue]:
    issues = []
    addresses: set[str] = set()
    for index, entry in enumerate(entries):
        if _type_of(entry) not in _MAY_TRAVEL[type]:
            text = f"An entry holds the {type}, what it refers to, or an attachment."
            issues.append(Issue(ErrorCode.BUNDLE, text, f"Bundle.entry[{index}]"))
        address = entry.get("fullUrl")
        if address in addresses:
            text = "Another entry has the same fullUrl."
            issues.append(Issue(ErrorCode.BUNDLE, text, f"Bundle.entry[{index}].fullUrl"))
        elif address is not None:
            addresses.add(address)
    return issues


def _type_of(entry: Mapping[str, Any]) -> str | None:
    type: str | None = entry.get("resource", {}).get("resourceType")
    return type


def _inner(document: Mapping[str, Any], outer: Received) -> Received:
    return Received(json_text.write(document), document, outer.request_id, outer.idempotency_key)


def _identified(parts: Sequence[Part], work: UnitOfWork) -> list[tuple[Part, str]]:
    """The id that each companion will have: that of the stored one where it was sent before."""
    ids: dict[str, str] = {}
    for part in parts:
        again = intake.earlier(part.received, work)
        if again is not None:
            ids[part.received.text] = again.stored.id
        elif part.received.type in REQUESTS:
            ids.setdefault(part.received.text, work.new_id())
    return [(part, ids.get(part.received.text) or work.new_id()) for part in parts]


def _entry(part: Part, id: str) -> tuple[str | None, str, str | None, str]:
    type = part.received.type
    return part.address, type, part.received.document.get("id"), f"{type}/{id}"


def _local(part: Part, references: BundleReferences) -> Received:
    sent = part.received.document
    document = references.rewritten(sent, part.address)
    return replace(part.received, text=json_text.write(document), document=document, sent=sent)
