"""Which Coverages of the payer insure a patient whom a submitter names.

Docs: docs/eligibility.md, "Discovery".
"""

from app.fhir import json_text
from app.fhir.documents import Document, identifiers_of
from app.gateway.coverages import beneficiary_key, is_active
from app.gateway.deciding.beneficiaries import may_be_insured
from app.gateway.eligibility.disclosure import shown_patient
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

MOST_DISCOVERED = 10


def discovered(document: Document, base: str, work: UnitOfWork) -> list[Stored]:
    """The active Coverages of the request's patient, in the order of their ids, ten at most."""
    identifiers, names = shown_patient(document, base, work)
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


def _is_of(coverage: Stored, document: Document, base: str, work: UnitOfWork) -> bool:
    policy = json_text.parsed(coverage.text or "{}")
    return may_be_insured(document, policy, base, work)
