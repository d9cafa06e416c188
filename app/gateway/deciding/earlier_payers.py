"""The insurances before the focal one, and what their payers answered, as the sender tells it.

Docs: docs/adjudication.md, "Coordination of benefits".
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.domain.adjudication import Awaiting, EarlierAnswer, EarlierPayer
from app.fhir import json_text
from app.fhir.business.earlier_answers import read_answer
from app.fhir.documents import Document, contained, identifiers_of, reference_of
from app.gateway.coverages import submitted
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

_RESPONSE = ("ClaimResponse",)


def earlier_payers(document: Document, base: str, work: UnitOfWork) -> tuple[EarlierPayer, ...]:
    """One for each insurance of a lower sequence than the focal one, in their order."""
    focal = next((entry for entry in document["insurance"] if entry["focal"]), None)
    if focal is None:
        return ()
    before = (each for each in document["insurance"] if each["sequence"] < focal["sequence"])
    return tuple(
        EarlierPayer(
            _answer(document, each, base, work), _is_subrogated(document, each, base, work)
        )
        for each in sorted(before, key=lambda entry: int(entry["sequence"]))
    )


def remember(id: str, document: Document, base: str, work: UnitOfWork) -> None:
    """Let the answers that a Claim names find it, of whichever insurance."""
    names = set()
    for insurance in document["insurance"]:
        reference = reference_of(insurance.get("claimResponse", {}), base)
        if reference.identifier is not None:
            names.add(reference.identifier.key)
        if reference.type is not None and reference.id is not None:
            names.add(f"{reference.type}/{reference.id}")
    work.mentions.add("Claim", id, names)


def brought(document: Mapping[str, Any], stored: Stored, work: UnitOfWork) -> None:
    """Let the Claims go on that name the answer that came in and wait for one.

    One that begins to wait at this moment has done so before, or finds it.
    """
    work.submitters.let_none_wait()
    names = {stored.reference, *(identifier.key for identifier in identifiers_of(document))}
    claims = [id for type, id in work.mentions.of(names) if type == "Claim"]
    work.jobs.wake_among(work.scope.payer_id, Awaiting.OTHER_PAYER, claims)


def are_the_same(
    known: tuple[EarlierPayer, ...], document: Document, base: str, work: UnitOfWork
) -> bool:
    """Whether earlier payers answered what is known; nothing more comes until this ends."""
    work.submitters.let_nothing_come()
    return earlier_payers(document, base, work) == known


def _is_subrogated(
    document: Document, insurance: Mapping[str, Any], base: str, work: UnitOfWork
) -> bool:
    value = insurance["coverage"]
    coverage = submitted(document, value, reference_of(value, base), work) or {}
    return coverage.get("subrogation", False) is True


def _answer(
    document: Document, insurance: Mapping[str, Any], base: str, work: UnitOfWork
) -> EarlierAnswer | None:
    value = insurance.get("claimResponse")
    if value is None:
        return None
    response = _response(document, value, base, work)
    if response is None or response.get("resourceType") != "ClaimResponse":
        return None
    answer = read_answer(response)
    if answer is None or contained(document, value) is not None:
        return answer
    return replace(answer, claim_id=_claim_behind(response, base, work))


def _claim_behind(response: Document, base: str, work: UnitOfWork) -> str | None:
    """The Claim that an answer of the gateway's own is about; what others sent only says so."""
    if "request" not in response:
        return None
    about = reference_of(response["request"], base)
    if about.type != "Claim" or about.id is None:
        return None
    claim = work.submissions.find(about.type, about.id)
    is_ours = claim is not None and claim.response_id == response["id"]
    return about.id if is_ours else None


def _response(
    document: Document, value: Mapping[str, Any], base: str, work: UnitOfWork
) -> Document | None:
    target = contained(document, value)
    if target is not None:
        return target
    reference = reference_of(value, base)
    key = (reference.type, reference.id)
    if reference.id is None and reference.identifier is not None:
        found = work.resources.identified(_RESPONSE, reference.identifier)
        key = found[0] if len(found) == 1 else (None, None)
    if key[0] != "ClaimResponse" or key[1] is None:
        return None
    stored = work.resources.find(key[0], key[1])
    return json_text.parsed(stored.text) if stored is not None and stored.text else None
