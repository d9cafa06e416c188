"""Matches what a sender says about insurance to the payer's own Coverage.

Money is decided only on a Coverage that the payer keeps. A submitted one, or only its identifier,
is a claim to one: matched by identifier, else by subscriberId and dependent.
http://hl7.org/fhir/R4/coverage.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.canonical import CANONICAL
from app.domain.references import Identifier, Reference
from app.fhir import json_text
from app.fhir.coverages import Member, member_of
from app.fhir.documents import contained, reference_of
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

_COVERAGE = ("Coverage",)


def subscriber_identifier(subscriber_id: str, dependent: str | None) -> Identifier:
    """Under which a payer's Coverage is found by subscriberId and dependent."""
    return Identifier(f"{CANONICAL}/subscriber", f"{subscriber_id}|{dependent or ''}")


def matched(
    document: Mapping[str, Any], value: Mapping[str, Any], base: str, work: UnitOfWork
) -> Stored | None:
    """The payer's Coverage behind a reference in a request; None where none, or several, match."""
    reference = reference_of(value, base)
    own = _payers(reference, work)
    if own is not None:
        return own
    return _matching(_claimed(document, value, reference, work), work)


def _payers(reference: Reference, work: UnitOfWork) -> Stored | None:
    if reference.type != "Coverage" or reference.id is None:
        return None
    return _active(reference.id, work)


def _active(id: str, work: UnitOfWork) -> Stored | None:
    """The payer's Coverage, unless the payer has closed it."""
    found = work.reference_data.find("Coverage", id)
    if found is None or found.text is None:
        return None
    status = json_text.member(found.text, "status")
    return found if status is not None and json_text.parsed(status) == "active" else None


def _claimed(
    document: Mapping[str, Any],
    value: Mapping[str, Any],
    reference: Reference,
    work: UnitOfWork,
) -> Member:
    """What the sender says: by its own stored or contained Coverage, or by the identifier alone."""
    target = contained(document, value)
    if target is None and reference.type == "Coverage" and reference.id is not None:
        stored = work.resources.find("Coverage", reference.id)
        target = json_text.parsed(stored.text) if stored and stored.text else None
    member = Member() if target is None else member_of(target)
    own = () if reference.identifier is None else (reference.identifier,)
    return Member(own + member.identifiers, member.subscriber_id, member.dependent)


def _matching(member: Member, work: UnitOfWork) -> Stored | None:
    found = {
        id
        for identifier in member.identifiers
        for _, id in work.reference_data.identified(_COVERAGE, identifier)
    }
    if not found and member.subscriber_id is not None:
        key = subscriber_identifier(member.subscriber_id, member.dependent)
        found = {id for _, id in work.reference_data.identified(_COVERAGE, key)}
    active = [coverage for id in found if (coverage := _active(id, work)) is not None]
    return active[0] if len(active) == 1 else None
