"""Whom the matched Coverage insures: whether the patient of a Claim is that one, and who that is.

What says nothing contradicts nothing: many senders name a patient by name only.
http://hl7.org/fhir/R4/coverage-definitions.html#Coverage.beneficiary
"""

from collections.abc import Mapping
from typing import Any

from app.domain.persons import NOBODY_KNOWN, Person
from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.business.persons import read_person
from app.fhir.documents import Document, contained, identifiers_of, reference_of
from app.store.resources import Resources
from app.store.unit_of_work import UnitOfWork


def is_beneficiary(document: Document, policy: Document, base: str, work: UnitOfWork) -> bool:
    """False where both are known by identifiers of one system, and none of them is the same."""
    patient, insured = document["patient"], policy.get("beneficiary", {})
    literal = reference_of(patient, base).literal
    if literal is not None and literal == reference_of(insured, base).literal:
        return True
    said = _identifiers(document, patient, base, work)
    kept = insured_identifiers(policy, base, work)
    systems = {each.system for each in said} & {each.system for each in kept} - {None}
    return bool(said & kept) or not systems


def may_be_insured(document: Document, policy: Document, base: str, work: UnitOfWork) -> bool:
    """False also where both tell a birth date, or a gender, and not the same."""
    sent = _person(document, document["patient"], base, work.resources)
    kept = _person(policy, policy.get("beneficiary", {}), base, work.reference_data)
    return sent.may_be(kept) and is_beneficiary(document, policy, base, work)


def insured_identifiers(policy: Document, base: str, work: UnitOfWork) -> set[Identifier]:
    """By what the payer's Coverage knows whom it insures."""
    return _identifiers(policy, policy.get("beneficiary", {}), base, work)


def insured_person(
    document: Document, policy: Document | None, base: str, work: UnitOfWork
) -> Person:
    """What is known of the patient: by the payer's own Patient, else by the one that was sent."""
    kept = NOBODY_KNOWN
    if policy is not None:
        kept = _person(policy, policy.get("beneficiary", {}), base, work.reference_data)
    if kept.born is not None and kept.sex is not None:
        return kept
    # A Patient of the payer's that a sender merely names is not looked at: a decision would tell
    # of somebody else.
    sent = _person(document, document["patient"], base, work.resources)
    return Person(kept.born or sent.born, kept.sex or sent.sex)


def _person(
    document: Document, value: Mapping[str, Any], base: str, resources: Resources
) -> Person:
    target, reference = contained(document, value), reference_of(value, base)
    if target is None and reference.type == "Patient" and reference.id is not None:
        stored = resources.find("Patient", reference.id)
        target = json_text.parsed(stored.text) if stored and stored.text else None
    is_patient = target is not None and target["resourceType"] == "Patient"
    return read_person(target) if target is not None and is_patient else NOBODY_KNOWN


def _identifiers(
    document: Document, value: Mapping[str, Any], base: str, work: UnitOfWork
) -> set[Identifier]:
    reference = reference_of(value, base)
    own = {reference.identifier} if reference.identifier else set()
    target = contained(document, value)
    if target is None and reference.type is not None and reference.id is not None:
        # The payer's Patient is never shown to a submitter, and is what its Coverage refers to.
        for resources in (work.resources, work.reference_data):
            stored = resources.find(reference.type, reference.id)
            if stored is not None and stored.text is not None:
                target = json_text.parsed(stored.text)
    return own | set(identifiers_of(target or {}))
