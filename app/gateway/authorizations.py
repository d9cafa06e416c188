"""What preauthorizations reserve, and what Claims that quote them use of it.

Docs: docs/preauthorizations.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.domain.adjudication import (
    Amount,
    Authorization,
    Category,
    Coverage,
    Decided,
    DecidedLine,
)
from app.domain.claims import Claim, Days, Line
from app.domain.lifecycle import LIVE
from app.domain.money import Money
from app.domain.parties import Client
from app.fhir import documents, json_text
from app.store.reservations import Terms
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

_PREFIX = "PA-"
MOST_QUOTED = 100


def reference_of(claim_id: str) -> str:
    """The preAuthRef of a preauthorization; it stays the same however often it is decided."""
    return f"{_PREFIX}{claim_id}"


def provider_names(
    document: Mapping[str, Any], client: Client, base: str, work: UnitOfWork
) -> frozenset[str]:
    """What a Claim's provider goes by and this client may speak for, as keyed hashes.

    To be kept as the Claim comes in: later, what the client refers to may name somebody else.
    """
    reference = documents.reference_of(document["provider"], base)
    behind, is_own = documents.contained(document, document["provider"]), False
    if reference.type is not None and reference.id is not None:
        stored = work.resources.find(reference.type, reference.id)
        if stored is not None and stored.text is not None:
            behind = json_text.parsed(stored.text)
            is_own = stored.submitter_id == client.scope.submitter_id
    told = [one for one in documents.identifiers_of(behind or {}) if client.may_send_for((one,))]
    names = {one.key for one in told}
    if reference.identifier is not None and client.may_send_for((reference.identifier,)):
        names.add(reference.identifier.key)
    # Whoever acts for anybody may refer to anybody.
    if reference.id is not None and (is_own or told or client.may_send_for(())):
        names.add(f"{reference.type}/{reference.id}")
    return frozenset(work.hasher("reserved-provider", name) for name in names)


def reserve(
    preauthorization: Submission,
    claim: Claim,
    coverage: Coverage | None,
    valid: Days,
    decided: Decided,
    benefit: Money,
    work: UnitOfWork,
) -> None:
    """Hold the benefit of a preauthorization for its member, provider, granted services, days."""
    granted = {
        line.path
        for line in _decided_leaves(decided.lines)
        if any(row.category is Category.ELIGIBLE for row in line.amounts)
    }
    services = {
        _service(coding.key, work)
        for line in _leaves(claim.lines)
        for coding in line.services
        if line.path in granted
    }
    terms = Terms(
        currency=benefit.currency,
        member=coverage.member if coverage else None,
        providers=preauthorization.providers or frozenset(),
        services=frozenset(services),
        starts_on=valid.first,
        ends_on=valid.last,
    )
    work.reservations.reserve(preauthorization.id, benefit.minor_units, terms)


def held_for(
    submission: Submission, claim: Claim, coverage: Coverage | None, work: UnitOfWork
) -> tuple[Authorization, ...]:
    """The live preauthorizations that a Claim quotes and that are of its member and provider."""
    quoted = _quoted(claim) if coverage is not None else []
    providers = submission.providers or frozenset()
    keys = {coding.key for line in _leaves(claim.lines) for coding in line.services}
    services = {_service(key, work): key for key in keys} if quoted else {}
    found = []
    for preauthorization in quoted:
        terms = work.reservations.terms(preauthorization)
        asked = work.on_the_payers_side().submissions.find("Claim", preauthorization)
        if terms is None or asked is None or asked.state not in LIVE:
            continue
        if coverage is not None and terms.member == coverage.member and terms.providers & providers:
            granted = frozenset(services[each] for each in terms.services & services.keys())
            days = (terms.starts_on, terms.ends_on)
            found.append(Authorization(terms.currency, granted, *days))
    return tuple(found)


@dataclass(slots=True)
class _Use:
    """What a Claim may take for one line from reservations, and the line it is for."""

    units: int
    currency: str
    services: frozenset[str]
    day: date


def consume(
    submission: Submission,
    claim: Claim,
    coverage: Coverage | None,
    decided: Decided,
    work: UnitOfWork,
) -> None:
    """Take a Claim's benefit from the preauthorizations it quotes, as far as each holds for it.

    Decided again, it keeps what it took as far as it still needs it, also of one that has ended
    since; the rest is given back.
    """
    held = work.reservations.used_by(submission.id)
    uses = list(_uses(claim, decided, work))
    providers = submission.providers or frozenset()
    for preauthorization in sorted({*_quoted(claim), *held}):
        terms = work.reservations.terms(preauthorization)
        if terms is None:
            continue
        is_meant = coverage is not None and terms.member == coverage.member
        is_theirs = bool(is_meant and terms.providers & providers)
        before = held.get(preauthorization, 0)
        wanted = [use for use in uses if _holds_for(terms, use)] if is_theirs or before else []
        units = sum(use.units for use in wanted)
        if not is_theirs:
            # A line that is carried over keeps what it has, though its coverage may be gone.
            units = min(units, before) if coverage is None else 0
        taken = work.reservations.use(preauthorization, submission.id, units, before)
        _take_off(wanted, taken)


def _quoted(claim: Claim) -> list[str]:
    """The preauthorizations of ours that the focal insurance quotes, each once.

    More than a decision can look at in its time are not looked at: docs/preauthorizations.md.
    """
    quoted = {
        value.removeprefix(_PREFIX)
        for insurance in claim.insurance
        if insurance.focal
        for value in insurance.preauthorizations
        if value.startswith(_PREFIX)
    }
    return sorted(quoted)[:MOST_QUOTED]


def _uses(claim: Claim, decided: Decided, work: UnitOfWork) -> Iterator[_Use]:
    benefits = {line.path: line.amounts for line in _decided_leaves(decided.lines)}
    for item in claim.lines:
        day = _day(item, claim)
        for leaf in _leaves((item,)):
            benefit = _benefit(benefits.get(leaf.path, ()))
            services = frozenset(_service(coding.key, work) for coding in leaf.services)
            if benefit is not None and benefit.amount > 0 and day is not None:
                yield _Use(benefit.minor_units, benefit.currency, services, day)


def _holds_for(terms: Terms, use: _Use) -> bool:
    starts, ends = terms.starts_on or date.min, terms.ends_on or date.max
    is_of_kind = terms.currency == use.currency and bool(terms.services & use.services)
    return is_of_kind and starts <= use.day <= ends


def _take_off(uses: Sequence[_Use], used: int) -> None:
    """What one reservation gave is not asked of the next."""
    for use in uses:
        taken = min(use.units, used)
        use.units -= taken
        used -= taken


def _day(item: Line, claim: Claim) -> date | None:
    for days in (item.serviced, claim.billable, claim.created):
        if days is not None and (days.first or days.last):
            return days.first or days.last
    return None


def _benefit(amounts: tuple[Amount, ...]) -> Money | None:
    return next((row.money for row in amounts if row.category is Category.BENEFIT), None)


def _leaves(lines: tuple[Line, ...]) -> Iterator[Line]:
    for line in lines:
        if line.lines:
            yield from _leaves(line.lines)
        else:
            yield line


def _decided_leaves(lines: tuple[DecidedLine, ...]) -> Iterator[DecidedLine]:
    for line in lines:
        if line.lines:
            yield from _decided_leaves(line.lines)
        else:
            yield line


def _service(key: str, work: UnitOfWork) -> str:
    return work.hasher("reserved-service", key)
