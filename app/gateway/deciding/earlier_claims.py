"""Other live Claims that may ask for the same services of the same person.

They are found by what a Claim is remembered by from the moment it comes in: person, service and
day, as keyed hashes. Docs: docs/adjudication.md, "Duplicates".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from app.domain.adjudication import Category, DecidedLine, EarlierClaim
from app.domain.claims import Claim, Line
from app.domain.codes import ClaimUse
from app.domain.parties import Payer
from app.domain.references import Reference
from app.fhir import json_text
from app.fhir.business.claims import read_claim
from app.fhir.business.decision_reading import read_decision
from app.fhir.documents import Document, identifiers_of
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

# As many as are read in a few seconds; where there are more, a person decides.
MOST = 400


@dataclass(frozen=True, slots=True)
class Others:
    """Other Claims, by id; `has_more`: there are more than were looked at."""

    claims: tuple[EarlierClaim, ...] = ()
    has_more: bool = False


def remember(id: str, claim: Claim, coverage: Stored | None, work: UnitOfWork) -> None:
    """Let later Claims find this one, where it is one that is paid.

    `coverage` is the payer's own of its first focal insurance.
    """
    if claim.use is ClaimUse.CLAIM:
        persons = _persons(claim, None if coverage is None else coverage.id)
        work.mentions.add("Claim", id, _services(claim, persons))


def earlier_claims(
    submission: Submission,
    claim: Claim,
    coverage_id: str | None,
    payer: Payer,
    base: str,
    work: UnitOfWork,
    most: int = MOST,
) -> Others:
    """Live Claims of the same type, person and provider with a service of this one's.

    Also those of other submitters: the payer is one, and pays a service once. Those that it
    received earlier; of a Claim that is decided again also later ones that are decided.
    """
    if claim.use is not ClaimUse.CLAIM:
        return Others()
    names = _services(claim, _persons(claim, coverage_id))
    payers_side = work.on_the_payers_side()
    is_again = submission.decided_at is not None
    found = payers_side.mentions.live_claims(
        names, most + 1, but=submission.id, before=None if is_again else submission.created_at
    )
    provider = _provider(claim.provider, payers_side)
    others = payers_side.submissions.claims(found[:most]) if found else {}
    read = tuple(
        replace(earlier, is_later=_is_later(other, submission))
        for other in others.values()
        if not _is_later(other, submission) or (is_again and other.decided_at is not None)
        for earlier in _read(other, claim, provider, payer, base, payers_side)
    )
    return Others(read, len(found) > most)


def _is_later(other: Submission, submission: Submission) -> bool:
    return (other.created_at, other.id) > (submission.created_at, submission.id)


def _read(
    other: Submission,
    claim: Claim,
    provider: set[str],
    payer: Payer,
    base: str,
    work: UnitOfWork,
) -> Iterator[EarlierClaim]:
    document = _document(work.resources.find("Claim", other.id))
    if document is None:
        return
    earlier = read_claim(document, base)
    if _key(earlier) != _key(claim) or not provider & _provider(earlier.provider, work):
        return
    received_on = other.created_at.astimezone(payer.settings.zone).date()
    yield EarlierClaim(earlier, received_on, frozenset(_denied(other, work)), other.id)


def _denied(other: Submission, work: UnitOfWork) -> Iterator[tuple[int, ...]]:
    """The leaves of which nothing was eligible; none where it is not decided yet."""
    if other.decided_at is None or other.response_id is None:
        return
    response = _document(work.resources.find("ClaimResponse", other.response_id))
    if response is not None:
        for line in _leaves(read_decision(response).lines):
            if all(row.category is not Category.ELIGIBLE for row in line.amounts):
                yield line.path


def _leaves(lines: tuple[DecidedLine, ...]) -> Iterator[DecidedLine]:
    for line in lines:
        if line.lines:
            yield from _leaves(line.lines)
        else:
            yield line


def _key(claim: Claim) -> str | None:
    return claim.type.key if claim.type else None


def _persons(claim: Claim, coverage_id: str | None) -> set[str]:
    """What the person goes by: the payer's Coverage, and what the Claim says of it."""
    persons = {f"Coverage/{coverage_id}"} if coverage_id else set()
    for insurance in claim.insurance:
        if insurance.focal:
            persons |= _said(insurance.coverage)
    return persons


def _said(reference: Reference) -> set[str]:
    names = {reference.identifier.key} if reference.identifier else set()
    if reference.type is not None and reference.id is not None:
        names.add(f"{reference.type}/{reference.id}")
    return names


def _services(claim: Claim, persons: Iterable[str]) -> set[str]:
    """One name for each person, service and day of one type; the days are those that items tell."""
    return {
        f"service|{_key(claim)}|{person}|{service}|{day.isoformat()}"
        for person in persons
        for item in claim.lines
        for service in _codes(item)
        if (day := claim.day_of(item)) is not None
    }


def _codes(line: Line) -> Iterator[str]:
    """The service codes of the leaves below."""
    for part in line.lines:
        yield from _codes(part)
    if not line.lines:
        yield from (service.key for service in line.services)


def _provider(provider: Reference, work: UnitOfWork) -> set[str]:
    """Everything a provider goes by."""
    names = _said(provider)
    if provider.type is not None and provider.id is not None:
        document = _document(work.resources.find(provider.type, provider.id))
        names |= {identifier.key for identifier in identifiers_of(document or {})}
    return names


def _document(stored: Stored | None) -> Document | None:
    if stored is None or stored.text is None:
        return None
    document: Document = json_text.parsed(stored.text)
    return document
