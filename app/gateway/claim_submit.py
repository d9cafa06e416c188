"""Claim/$submit: a Claim, or a Bundle of a Claim with what it refers to, taken in as one.

http://hl7.org/fhir/R4/claim-operation-submit.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.gateway.intake import intake
from app.gateway.intake.outcome import Taken
from app.gateway.intake.ownership import SUPPORTING
from app.gateway.received import Received
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

# A Claim travels with what it refers to, its attachments, and earlier payers' answers.
_MAY_TRAVEL = SUPPORTING | {"Claim", "Communication", "ClaimResponse"}


@dataclass(frozen=True, slots=True)
class Package:
    """A Claim, and by address what came with it."""

    claim: Received
    claim_address: str | None = None
    others: tuple[tuple[str, Received], ...] = ()


def package_of(received: Received) -> Package:
    """The Claim and its companions in what was sent; raises Unacceptable for anything else."""
    resource = _resource(received)
    if resource.type == "Claim":
        return Package(resource)
    if resource.type != "Bundle":
        text = "$submit takes a Claim, or a Bundle that holds one."
        raise Unacceptable(Issue(ErrorCode.RESOURCE_TYPE, text, resource.type))
    return _unpacked(resource)


def take(package: Package, client: Client, base: str, work: UnitOfWork) -> Taken:
    """Take the companions in, then the Claim, every reference between them made ours."""
    again = intake.earlier(package.claim, work)
    if again is not None:
        return again
    ids = {address: work.new_id() for address, _ in package.others}
    local = {
        spelling: f"{one.type}/{ids[address]}"
        for address, one in package.others
        for spelling in _spellings(address, one)
    }
    for address, one in package.others:
        intake.take(_rewritten(one, local), client, base, work, id=ids[address])
    claim = _rewritten(package.claim, local) if local else package.claim
    return intake.take(claim, client, base, work, is_handed_over=True)


def response_to(taken: Taken, work: UnitOfWork) -> Stored:
    """The current version of the ClaimResponse to a Claim."""
    type, _, id = (taken.related or "").partition("/")
    response = work.resources.find(type, id)
    if response is None:
        raise LookupError("every Claim has a ClaimResponse")
    return response


def _resource(received: Received) -> Received:
    """The bare resource, or the parameter `resource` of Parameters."""
    if received.type != "Parameters":
        return received
    for parameter in received.document.get("parameter", ()):
        if parameter["name"] == "resource" and "resource" in parameter:
            return _inner(parameter["resource"], received)
    text = "Parameters names the Claim or Bundle 'resource'."
    raise Unacceptable(Issue(ErrorCode.REQUIRED, text, "Parameters.parameter"))


def _unpacked(bundle: Received) -> Package:
    claims, others, issues = [], [], []
    for index, entry in enumerate(bundle.document.get("entry", ())):
        resource = entry.get("resource")
        address = entry.get("fullUrl") or f"#{index}"
        if resource is None or resource["resourceType"] not in _MAY_TRAVEL:
            text = "An entry holds the Claim, what it refers to, or an attachment."
            issues.append(Issue(ErrorCode.BUNDLE, text, f"Bundle.entry[{index}]"))
        elif resource["resourceType"] == "Claim":
            claims.append((address, _inner(resource, bundle)))
        else:
            others.append((address, replace(_inner(resource, bundle), idempotency_key=None)))
    if len(claims) != 1:
        text = f"The Bundle holds {len(claims)} Claims, not one."
        issues.append(Issue(ErrorCode.BUNDLE, text, "Bundle.entry"))
    if issues:
        raise Unacceptable(*issues)
    return Package(claims[0][1], claims[0][0], tuple(others))


def _inner(document: Mapping[str, Any], outer: Received) -> Received:
    return Received(json_text.write(document), document, outer.request_id, outer.idempotency_key)


def _spellings(address: str, one: Received) -> tuple[str, ...]:
    """How others in the Bundle may point at an entry: by its fullUrl, or by type and id."""
    own_id = one.document.get("id")
    return (address,) if own_id is None else (address, f"{one.type}/{own_id}")


def _rewritten(one: Received, local: Mapping[str, str]) -> Received:
    document = _with_local_references(one.document, local)
    return replace(one, text=json_text.write(document), document=document, sent=one.document)


def _with_local_references(value: Any, local: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_with_local_references(each, local) for each in value]
    if not isinstance(value, Mapping):
        return value
    rewritten = {name: _with_local_references(each, local) for name, each in value.items()}
    if isinstance(rewritten.get("reference"), str):
        rewritten["reference"] = local.get(rewritten["reference"], rewritten["reference"])
    return rewritten
