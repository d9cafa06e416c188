"""Which Coverages of the payer insure a patient whom a submitter names.

A patient is known by a business identifier with a system, or because the Coverage refers to the
very Patient of the submitter's (as after an enrolment). An id of the payer's own Patient is no
name: it could be guessed. Docs: docs/eligibility.md, "Discovery".
"""

from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.documents import Document, contained, identifiers_of, reference_of
from app.gateway.beneficiaries import is_beneficiary
from app.gateway.coverages import beneficiary_key, is_active
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

MOST_DISCOVERED = 10


def discovered(document: Document, base: str, work: UnitOfWork) -> list[Stored]:
    """The active Coverages of the request's patient, in the order of their ids, ten at most."""
    identifiers, names = _patient(document, base, work)
    if identifiers:
        known = work.reference_data.identified(("Patient",), *identifiers)
        names |= {each.key for each in identifiers} | {f"{type}/{id}" for type, id in known}
    if not names:
        return []
    keys = [beneficiary_key(name) for name in sorted(names)]
    ids = {id for _, id in work.reference_data.identified(("Coverage",), *keys)}
    stored = work.reference_data.find_all("Coverage", ids) if ids else []
    theirs = [each for each in stored if is_active(each) and _is_of(each, document, base, work)]
    return theirs[:MOST_DISCOVERED]


def reference_to(coverage: Stored) -> Document:
    """How a submitter may name a Coverage in a Claim: by its first identifier, else by its id."""
    found = identifiers_of(json_text.parsed(coverage.text or "{}"))
    identifier = next((each for each in found if each.system is not None), None)
    if identifier is None:
        return {"reference": coverage.reference, "type": "Coverage"}
    return {
        "type": "Coverage",
        "identifier": {"system": identifier.system, "value": identifier.value},
    }


def _patient(document: Document, base: str, work: UnitOfWork) -> tuple[list[Identifier], set[str]]:
    """The patient's identifiers as the submitter tells them, and its own Patient, if it is."""
    value = document["patient"]
    reference = reference_of(value, base)
    own: set[str] = set()
    target = contained(document, value)
    if target is None and reference.type == "Patient" and reference.id is not None:
        stored = work.resources.find(reference.type, reference.id)
        if stored is not None and stored.text is not None and stored.submitter_id is not None:
            target, own = json_text.parsed(stored.text), {stored.reference}
    told = [reference.identifier] if reference.identifier else []
    told += identifiers_of(target or {})
    return [each for each in told if each.system is not None], own


def _is_of(coverage: Stored, document: Document, base: str, work: UnitOfWork) -> bool:
    policy = json_text.parsed(coverage.text or "{}")
    return is_beneficiary(document, policy, base, work)
