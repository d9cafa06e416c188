"""Whom the benefit of a Claim is owed to: Claim.payee, else the provider.

http://hl7.org/fhir/R4/claim-definitions.html#Claim.payee, docs/payments.md
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.domain.references import Identifier, Reference
from app.fhir import json_text
from app.fhir.answers.writing import detached, identifier_document
from app.fhir.documents import Document, codings_of, identifiers_of, resolved
from app.store.unit_of_work import UnitOfWork

# Whom R4 lets a PaymentReconciliation name.
_PAYABLE = frozenset({None, "Organization", "Practitioner", "PractitionerRole"})
LONGEST_NAME = 200
_PROVIDER, _OTHER = "provider", "other"


@dataclass(frozen=True, slots=True)
class Payee:
    """`key` is a keyed hash that is the same for the same party; `reference` how it is named.

    `reference` is None where it is nobody whom a PaymentReconciliation may name.
    """

    key: str
    reference: Document | None


def payee_of(claim: Mapping[str, Any], base: str, work: UnitOfWork) -> Payee:
    """The payee that a Claim names; a patient or a subscriber is one that cannot be paid here."""
    payee = claim.get("payee", {})
    types = {coding.code for coding in codings_of(payee.get("type"))}
    is_provider = not payee or (_PROVIDER in types and "party" not in payee)
    party = claim["provider"] if is_provider else payee.get("party")
    if party is None:
        return Payee(work.hasher("payee", "nobody"), None)
    named = resolved(claim, party, base)
    identifier = named.identifier or _registered(named, work)
    key = work.hasher("payee", _name(named, identifier))
    is_payable = is_provider or bool(types & {_PROVIDER, _OTHER})
    if not is_payable or named.type not in _PAYABLE:
        return Payee(key, None)
    reference = detached(party, dict(claim))
    if "display" in reference:
        # It stands in the ledger, and in every detail of every payment.
        reference["display"] = _bounded(reference["display"])
    if identifier is not None:
        reference["identifier"] = identifier_document(identifier)
    return Payee(key, reference)


def name_of(
    document: Mapping[str, Any], party: Mapping[str, Any], base: str, work: UnitOfWork
) -> str:
    """What a party that a document names is compared by, with the resource behind it.

    A name counts as far as payments tell it.
    """
    named = resolved(document, party, base)
    told = replace(named, display=_bounded(named.display or "") or None)
    return _name(told, named.identifier or _registered(named, work))


def _bounded(display: str) -> str:
    return display if len(display) <= LONGEST_NAME else f"{display[:LONGEST_NAME]}..."


def _name(named: Reference, identifier: Identifier | None) -> str:
    """What a party is compared by: its identifier, else its reference, else its name."""
    if identifier is not None:
        return identifier.key
    return named.literal or named.foreign or named.display or "nobody"


def _registered(named: Reference, work: UnitOfWork) -> Identifier | None:
    """The first identifier of the stored resource that a reference leads to."""
    if named.type is None or named.id is None:
        return None
    stored = work.resources.find(named.type, named.id)
    if stored is None or stored.text is None:
        return None
    return next(iter(identifiers_of(json_text.parsed(stored.text))), None)
