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
from app.fhir.business.coverages import Member, member_of
from app.fhir.documents import contained, reference_of
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

_COVERAGE = ("Coverage",)


def subscriber_identifier(subscriber_id: str, dependent: str | None) -> Identifier:
    """Under which a payer's Coverage is found by subscriberId and dependent."""
    return Identifier(f"{CANONICAL}/subscriber", f"{subscriber_id}|{dependent or ''}")


def beneficiary_key(name: str) -> Identifier:
    """Under which a payer's Coverage is found by a name of the patient whom it insures."""
    return Identifier(f"{CANONICAL}/beneficiary", name)


def matched(
    document: Mapping[str, Any], value: Mapping[str, Any], base: str, work: UnitOfWork
) -> Stored | None:
    """The payer's Coverage behind a reference in a request; None where none, or several, match."""
    reference = reference_of(value, base)
    found = matches(reference, submitted(document, value, reference, work), work)
    return found[0] if len(found) == 1 else None


def focal_coverages(
    document: Mapping[str, Any], base: str, work: UnitOfWork
) -> dict[int, Stored | None]:
    """What `matched` finds for each focal insurance of a Claim, by its index."""
    found = {}
    for index, insurance in enumerate(document["insurance"]):
        if insurance["focal"]:
            value = insurance["coverage"]
            identifier = reference_of(value, base).identifier
            if identifier is not None:
                work.reference_data.read_carrying_ahead("Coverage", identifier)
            found[index] = matched(document, value, base, work)
    return found


def matches(
    reference: Reference, coverage: Mapping[str, Any] | None, work: UnitOfWork
) -> list[Stored]:
    """Every Coverage of the payer's behind a reference, and the sender's own that it leads to."""
    own = _payers(reference, work)
    return [own] if own is not None else _matching(_claimed(reference, coverage), work)


def submitted(
    document: Mapping[str, Any],
    value: Mapping[str, Any],
    reference: Reference,
    work: UnitOfWork,
) -> dict[str, Any] | None:
    """The sender's own Coverage, contained or stored; None where it says nothing but a name."""
    target = contained(document, value)
    if target is None and reference.type == "Coverage" and reference.id is not None:
        stored = work.resources.find("Coverage", reference.id)
        target = json_text.parsed(stored.text) if stored and stored.text else None
    return target


def _payers(reference: Reference, work: UnitOfWork) -> Stored | None:
    if reference.type != "Coverage" or reference.id is None:
        return None
    return _active(reference.id, work)


def _active(id: str, work: UnitOfWork) -> Stored | None:
    """The payer's Coverage, unless the payer has closed it."""
    found = work.reference_data.find("Coverage", id)
    return found if found is not None and is_active(found) else None


def is_active(found: Stored) -> bool:
    """Whether the payer has not closed a Coverage of its own."""
    if found.text is None:
        return False
    status = json_text.member(found.text, "status")
    return status is not None and json_text.parsed(status) == "active"


def _claimed(reference: Reference, coverage: Mapping[str, Any] | None) -> Member:
    """What the sender says: by its own Coverage, or by the identifier alone."""
    member = Member() if coverage is None else member_of(dict(coverage))
    own = () if reference.identifier is None else (reference.identifier,)
    return Member(own + member.identifiers, member.subscriber_id, member.dependent)


def _matching(member: Member, work: UnitOfWork) -> list[Stored]:
    found = {
        id
        for identifier in member.identifiers
        for _, id in work.reference_data.identified(_COVERAGE, identifier)
    }
    if not found and member.subscriber_id is not None:
        key = subscriber_identifier(member.subscriber_id, member.dependent)
        found = {id for _, id in work.reference_data.identified(_COVERAGE, key)}
    return [coverage for id in found if (coverage := _active(id, work)) is not None]
