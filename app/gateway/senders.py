"""Who a resource says it is from, and whom it says it is for.

The credential decides who speaks; what a resource names must agree with it.
"""

from collections.abc import Mapping
from typing import Any

from app.domain.issues import ErrorCode, Issue
from app.domain.parties import Client
from app.domain.references import Identifier, Reference
from app.fhir import json_text
from app.fhir.documents import contained, identifiers_of, reference_of
from app.store.unit_of_work import UnitOfWork

_SENDERS = {
    "Claim": "provider",
    "CoverageEligibilityRequest": "provider",
    "EnrollmentRequest": "provider",
    "Communication": "sender",
    "PaymentNotice": "provider",
    "Task": "requester",
}
_PAYERS = {
    "Claim": "insurer",
    "CoverageEligibilityRequest": "insurer",
    "EnrollmentRequest": "insurer",
    "Task": "owner",
}


def party_issues(
    document: Mapping[str, Any], client: Client, base: str, work: UnitOfWork
) -> list[Issue]:
    """A sender that the client does not act for, or another payer; empty where all agrees."""
    type = document["resourceType"]
    issues = []
    sender, payer = _SENDERS.get(type), _PAYERS.get(type)
    if sender and sender in document:
        issues += _sender_issues(document, sender, client, base, work)
    if payer and payer in document:
        named = _named(document, document[payer], base, work)
        if not all(client.payer.is_meant_by(one) for one in named):
            text = f"{type}.{payer} names another payer."
            issues.append(Issue(ErrorCode.FOREIGN_PAYER, text, f"{type}.{payer}"))
    return issues


def _sender_issues(
    document: Mapping[str, Any], sender: str, client: Client, base: str, work: UnitOfWork
) -> list[Issue]:
    """Whatever speaks for the sender must speak for this client, and something must."""
    named = _named(document, document[sender], base, work) or [()]
    if all(client.may_send_for(one) for one in named):
        return []
    expression = f"{document['resourceType']}.{sender}"
    text = (
        f"{expression} is not this submitter, nor one it acts for: name it by an identifier that"
        " the payer has registered for this client."
    )
    return [Issue(ErrorCode.FOREIGN_SENDER, text, expression)]


def _named(
    document: Mapping[str, Any], value: Mapping[str, Any], base: str, work: UnitOfWork
) -> list[tuple[Identifier, ...]]:
    """What a reference says of itself, and what the resource says that it resolves to."""
    reference = reference_of(value, base)
    target = contained(document, value) or _stored(reference, work)
    own = () if reference.identifier is None else (reference.identifier,)
    behind = () if target is None else identifiers_of(target)
    return [named for named in (own, behind) if named]


def _stored(reference: Reference, work: UnitOfWork) -> dict[str, Any] | None:
    if reference.type is None or reference.id is None:
        return None
    stored = work.resources.find(reference.type, reference.id)
    if stored is None or stored.text is None:
        return None
    document: dict[str, Any] = json_text.parsed(stored.text)
    return document
