"""What the plan of one coverage says to a CoverageEligibilityRequest, read for it once.

Docs: docs/eligibility.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from app.adjudicators.standard.telling import plan_told, services_told
from app.domain.adjudication import AdjudicationRequest, Coverage
from app.domain.claims import Claim, Days
from app.domain.codes import ClaimUse
from app.domain.eligibility import Purpose, Told
from app.domain.parties import Client
from app.domain.persons import Person
from app.domain.plan import Plan, Price
from app.domain.references import Reference
from app.fhir import json_text
from app.fhir.business.eligibility_request import AskedItem, asked_items, purposes_of
from app.fhir.business.prices import applied
from app.fhir.documents import Document, resolved
from app.gateway.deciding.authorizations import provider_names
from app.gateway.deciding.benefit_design import prices_of
from app.gateway.deciding.known_authorizations import holding
from app.gateway.deciding.networks import affiliations
from app.store.unit_of_work import UnitOfWork

# Whose plans are told: who decides by other rules than the plan's could pay otherwise.
DECIDES_BY_THE_PLAN = "standard"


@dataclass(frozen=True, slots=True)
class Question:
    """A request, and the coverage, its plan, the day and the patient that it is asked of."""

    document: Document
    coverage: Coverage
    plan: Plan
    patient: Person
    day: date
    client: Client
    base: str
    work: UnitOfWork


def told(question: Question) -> Iterator[Told]:
    """The plan as a whole, then what is asked in the order of the request, else every category."""
    items = asked_items(question.document)
    work, coverage = question.work, question.coverage
    plain = _unasked(
        question.day,
        coverage=coverage,
        plan=question.plan,
        prices=_prices(items, question),
        patient=question.patient,
        counters=work.counters.read((coverage.member, coverage.family)).sums,
    )
    networks = _Networks(question)
    yield from plan_told(plain)
    if not items:
        provider = question.document.get("provider")
        asked = replace(plain, affiliations=networks.days_of(provider))
        yield from services_told(asked, is_provider_known=provider is not None)
    held = _held(items, question)
    for item in items:
        claim = replace(plain.claim, lines=(item.line,))
        asked = replace(plain, claim=claim, affiliations=networks.days_of(item.provider))
        for each in services_told(asked, is_provider_known=item.provider is not None):
            yield replace(each, authorized_by=held.get(item.line.path))


def _unasked(day: date, **known: Any) -> AdjudicationRequest:
    """The question of a Claim that nobody made yet, in time."""
    claim = Claim(
        use=ClaimUse.PREDETERMINATION,
        type=None,
        created=Days(day, day),
        patient=Reference(),
        provider=Reference(),
    )
    return AdjudicationRequest(claim, received_on=day, **known)


def _prices(items: tuple[AskedItem, ...], question: Question) -> tuple[Price, ...]:
    """The prices of what is asked, with the items that meet their conditions.

    An item's details are references here, and no lines.
    """
    lines = tuple(item.line for item in items)
    elements = [
        {name: value for name, value in item.element.items() if name != "detail"} for item in items
    ]
    claim = replace(_unasked(question.day).claim, lines=lines)
    document = {**question.document, "item": elements}
    found = prices_of(lines, question.work)
    # Each item may name another provider: what depends on it is left out here.
    return applied(found, document, claim, question.patient, question.day, lambda _day: None)


def _held(items: tuple[AskedItem, ...], question: Question) -> Mapping[tuple[int, ...], str]:
    """The preauthorization that holds for each line, where that is asked."""
    held: dict[tuple[int, ...], str] = {}
    if Purpose.AUTH_REQUIREMENTS not in purposes_of(question.document):
        return held
    by_provider: dict[str, list[AskedItem]] = {}
    for item in items:
        if item.provider is not None:
            by_provider.setdefault(json_text.write(item.provider), []).append(item)
    for theirs in by_provider.values():
        document = {**question.document, "provider": theirs[0].provider}
        names = provider_names(document, question.client, question.base, question.work)
        lines = [item.line for item in theirs]
        held |= holding(lines, names, question.coverage, question.day, question.work)
    return held


class _Networks:
    """On which days each provider of the request is in a network of the plan, read once."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._known: dict[Reference, tuple[Days, ...]] = {}

    def days_of(self, provider: Document | None) -> tuple[Days, ...]:
        """The days of one provider; none of one that is not named."""
        if provider is None:
            return ()
        question = self._question
        reference = resolved(question.document, provider, question.base)
        if reference not in self._known:
            days = affiliations(reference, question.plan, question.base, question.work)
            self._known[reference] = days
        return self._known[reference]
