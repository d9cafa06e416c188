"""The terms a Claim is decided on: whose coverage, which plan, which prices, in which currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.adjudicators.standard.attachments import attached
from app.adjudicators.standard.duplicates import Duplicates, duplicates
from app.adjudicators.standard.leaves import Leaf, latest_service_day
from app.domain.adjudication import AdjudicationRequest, Coverage
from app.domain.arithmetic import currency_of
from app.domain.authorizations import Authorization
from app.domain.canonical import PLAN
from app.domain.claims import Days
from app.domain.codes import ClaimUse, Coding
from app.domain.money import NO_CURRENCY
from app.domain.persons import Person
from app.domain.plan import Benefit, Plan, Price

GENERAL = Coding(PLAN, "general")

# On a last call there may be no member or no plan. Nobody and nothing stand in for them; a Claim
# of nobody is denied before its keys are looked at, and a plan that lists nothing covers nothing.
_NOBODY = Coverage(member="", family="")
_NOTHING = Plan(identifier="", version="")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for every line of one Claim.

    `is_member` False: no coverage of the patient's was found.
    """

    currency: str
    coverage: Coverage
    plan: Plan
    prices: dict[str, list[Price]]
    is_member: bool
    affiliations: tuple[Days, ...]
    received_on: date
    latest_service_day: date
    duplicates: Duplicates
    lacks_other_payer: bool
    is_claimed: bool
    authorizations: tuple[Authorization, ...]
    patient: Person
    attached: frozenset[tuple[int, ...]] = frozenset()
    # The plan's, by the keys of their categories.
    benefits: Mapping[str, Benefit] = field(default_factory=dict)

    def lacks_attachment(self, leaf: Leaf) -> bool:
        """Whether the leaf's service is paid with an attachment only, and none came for it."""
        needs = any(price.needs_attachment for price in self.prices_for(leaf))
        return needs and leaf.line.path not in self.attached

    def prices_for(self, leaf: Leaf) -> list[Price]:
        """The prices for the leaf that cover its day, in the payer's order."""
        return [
            price
            for service in leaf.line.services
            for price in self.prices.get(service.key, [])
            if price.applies_to(leaf.line.path)
            and (price.starts_on or date.min) <= leaf.day <= (price.ends_on or date.max)
        ]

    def benefit_of(self, leaf: Leaf) -> Benefit | None:
        """The plan's benefit that covers the leaf; None where the plan does not.

        The category is the line's own, else its price's, else that of the nearest parent, else
        `general`; a plan that lists `general` covers by it what it does not list.
        """
        listed = self.benefits
        for category in self._categories(leaf):
            if category.key in listed:
                return listed[category.key]
        return listed.get(GENERAL.key)

    def _categories(self, leaf: Leaf) -> tuple[Coding, ...]:
        if leaf.line.categories:
            return leaf.line.categories
        priced = (price.category for price in self.prices_for(leaf))
        category = next((category for category in priced if category is not None), None)
        return (category,) if category is not None else leaf.inherited


def terms_of(request: AdjudicationRequest) -> Terms:
    """The terms of a request, with stand-ins for a member or a plan that is not known."""
    plan = request.plan or _NOTHING
    prices: dict[str, list[Price]] = {}
    for price in request.prices:
        prices.setdefault(price.service.key, []).append(price)
    return Terms(
        currency=currency_of(request.claim) or plan.currency or NO_CURRENCY,
        coverage=request.coverage or _NOBODY,
        plan=plan,
        prices=prices,
        is_member=request.coverage is not None and request.is_beneficiary,
        affiliations=request.affiliations,
        duplicates=duplicates(request),
        is_claimed=request.claim.use is ClaimUse.CLAIM,
        authorizations=request.authorizations,
        patient=request.patient,
        lacks_other_payer=any(payer.is_missing for payer in request.earlier_payers),
        received_on=request.received_on,
        latest_service_day=latest_service_day(request.claim, request.received_on),
        attached=attached(request),
        benefits={benefit.category.key: benefit for benefit in plan.benefits},
    )
