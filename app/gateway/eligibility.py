"""What is known of the insurances that a CoverageEligibilityRequest asks about.

Docs: docs/eligibility.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from app.adjudicators.standard.telling import plan_told, services_told
from app.domain.adjudication import AdjudicationRequest, Coverage
from app.domain.claims import Claim, Days
from app.domain.codes import ClaimUse
from app.domain.eligibility import Insured, Purpose, Told, insured_days, is_within
from app.domain.issues import ErrorCode, Issue
from app.domain.parties import Client, Payer
from app.domain.plan import Plan
from app.domain.references import Reference
from app.fhir import json_text
from app.fhir.coverages import read_coverage
from app.fhir.documents import Document, resolved
from app.fhir.eligibility_request import asked_items, item_issues, purposes_of
from app.gateway.beneficiaries import is_beneficiary
from app.gateway.benefit_design import plan_of, prices_of
from app.gateway.coverages import matched
from app.gateway.networks import affiliations
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

# Whose plans are told: who decides by other rules than the plan's could pay otherwise.
_DECIDES_BY_THE_PLAN = "standard"
_OF_THE_PLAN = frozenset({Purpose.BENEFITS, Purpose.AUTH_REQUIREMENTS})


@dataclass(frozen=True, slots=True)
class Asking:
    """One request, who sent it, the days it asks about, and where the answers are."""

    document: Document
    client: Client
    days: tuple[date, date]
    base: str
    work: UnitOfWork

    @property
    def payer(self) -> Payer:
        """The payer that is asked."""
        return self.client.payer


def issues_of(asking: Asking) -> list[Issue]:
    """What of the items cannot be answered."""
    issues = list(item_issues(asking.document))
    for item in asked_items(asking.document):
        own = item.element.get("provider")
        if own is not None and not _is_known(own, asking):
            text = "The provider is not known: name it by an identifier, or by one you have stored."
            place = f"{item.line.expression}.provider"
            issues.append(Issue(ErrorCode.ELIGIBILITY_REFERENCE, text, place))
    return issues


def _is_known(provider: Document, asking: Asking) -> bool:
    reference = resolved(asking.document, provider, asking.base)
    if reference.type is None or reference.id is None:
        return reference.identifier is not None or reference.foreign is not None
    for resources in (asking.work.resources, asking.work.reference_data):
        stored = resources.find(reference.type, reference.id)
        if stored is not None and stored.text is not None:
            return True
    return False


def answered(asking: Asking, issues: Sequence[Issue]) -> list[tuple[Document, Insured | None]]:
    """What is known of each insurance of the request; of its plan only where nothing is wrong."""
    wants_the_plan = not issues and bool(purposes_of(asking.document) & _OF_THE_PLAN)
    return [
        (entry["coverage"], _insured(asking, entry["coverage"], wants_the_plan))
        for entry in asking.document.get("insurance", [])
    ]


def _insured(asking: Asking, coverage: Document, wants_the_plan: bool) -> Insured | None:
    """The insurance behind a reference of the request; None where nobody knows it."""
    policy = matched(asking.document, coverage, asking.base, asking.work)
    return None if policy is None else _by_policy(policy, asking, wants_the_plan)


def _by_policy(policy: Stored, asking: Asking, wants_the_plan: bool) -> Insured | None:
    """What is told of one of the payer's Coverages; None where it is not the patient's."""
    work, base = asking.work, asking.base
    if policy.text is None:
        return None
    document = json_text.parsed(policy.text)
    if not is_beneficiary(asking.document, document, base, work):
        return None
    coverage = read_coverage(document, policy.id)
    plan = plan_of(document, asking.payer, base, work)
    days = insured_days(coverage, plan)
    is_in_force = is_within(asking.days, days)
    if not is_in_force or not wants_the_plan:
        return Insured(days, is_in_force)
    if plan is None or asking.payer.settings.adjudicator != _DECIDES_BY_THE_PLAN:
        return Insured(days, is_in_force, None)
    return Insured(days, is_in_force, tuple(_told(coverage, plan, asking)))


def _told(coverage: Coverage, plan: Plan, asking: Asking) -> Iterator[Told]:
    """The plan as a whole, then what is asked, in the order of the request."""
    items = asked_items(asking.document)
    plain = _question(
        asking.days[0],
        coverage=coverage,
        plan=plan,
        prices=prices_of((item.line for item in items), asking.work),
        counters=asking.work.counters.read((coverage.member, coverage.family)).sums,
    )
    by = _Providers(plan, asking)
    yield from plan_told(plain)
    if not items:
        provider = asking.document.get("provider")
        asked = replace(plain, affiliations=by.days_of(provider))
        yield from services_told(asked, is_provider_known=provider is not None)
    for item in items:
        claim = replace(plain.claim, lines=(item.line,))
        asked = replace(plain, claim=claim, affiliations=by.days_of(item.provider))
        yield from services_told(asked, is_provider_known=item.provider is not None)


def _question(day: date, **known: Any) -> AdjudicationRequest:
    """The question of a Claim that nobody made yet: in time, and with what it would need."""
    claim = Claim(
        # Whether it has to be authorized is told by itself.
        use=ClaimUse.PREDETERMINATION,
        type=None,
        created=Days(day, day),
        patient=Reference(),
        provider=Reference(),
    )
    return AdjudicationRequest(claim, received_on=day, attachments=1, **known)


class _Providers:
    """On which days each provider of the request is in a network of the plan, read once."""

    def __init__(self, plan: Plan, asking: Asking) -> None:
        self._plan = plan
        self._asking = asking
        self._known: dict[Reference, tuple[Days, ...]] = {}

    def days_of(self, provider: Document | None) -> tuple[Days, ...]:
        """The days of one provider; none of one that is not named."""
        if provider is None:
            return ()
        asking = self._asking
        reference = resolved(asking.document, provider, asking.base)
        if reference not in self._known:
            days = affiliations(reference, self._plan, asking.base, asking.work)
            self._known[reference] = days
        return self._known[reference]
