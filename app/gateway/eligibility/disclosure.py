"""Whether a request shows the patient whom it asks about, so that the payer may tell of a Coverage.

A patient is shown by a business identifier with a system, or because the Coverage refers to the
very Patient of the submitter's (as after an enrolment). An id of the payer's own resources and a
number without a system are no names: they could be guessed. Docs: docs/eligibility.md.
"""

from collections.abc import Mapping
from typing import Any

from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.documents import Document, contained, identifiers_of, reference_of
from app.gateway.coverages import submitted
from app.gateway.deciding.beneficiaries import insured_identifiers, may_be_insured
from app.store.unit_of_work import UnitOfWork


def may_be_told(
    document: Document, coverage: Mapping[str, Any], policy: Document, base: str, work: UnitOfWork
) -> bool:
    """Whether a request may learn of the payer's Coverage that its own reference leads to.

    It names the member or the patient as the Coverage does, and contradicts it in nothing.
    """
    if not may_be_insured(document, policy, base, work):
        return False
    if _identified(_member(document, coverage, base, work)) & set(identifiers_of(policy)):
        return True
    identifiers, own = shown_patient(document, base, work)
    beneficiary = reference_of(policy.get("beneficiary", {}), base)
    return beneficiary.literal in own or not insured_identifiers(policy, base, work).isdisjoint(
        identifiers
    )


def shown_patient(
    document: Document, base: str, work: UnitOfWork
) -> tuple[set[Identifier], set[str]]:
    """The patient's identifiers as the submitter tells them, and its own Patient, if it is."""
    value = document["patient"]
    reference = reference_of(value, base)
    own: set[str] = set()
    target = contained(document, value)
    if target is None and reference.type == "Patient" and reference.id is not None:
        stored = work.resources.find(reference.type, reference.id)
        if stored is not None and stored.text is not None and stored.submitter_id is not None:
            target, own = json_text.parsed(stored.text), {stored.reference}
    return _identified([reference.identifier, *identifiers_of(target or {})]), own


def _member(
    document: Document, value: Mapping[str, Any], base: str, work: UnitOfWork
) -> list[Identifier | None]:
    reference = reference_of(value, base)
    target = submitted(document, value, reference, work)
    return [reference.identifier, *identifiers_of(target or {})]


def _identified(found: list[Identifier | None]) -> set[Identifier]:
    return {each for each in found if each is not None and each.system is not None}
