"""A payer's benefit design and its prices, as read from InsurancePlan and ChargeItemDefinition.

http://hl7.org/fhir/R4/insuranceplan.html, http://hl7.org/fhir/R4/chargeitemdefinition.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.domain.claims import Days
from app.domain.codes import Coding
from app.domain.money import Money
from app.domain.references import Reference
from app.domain.restrictions import Frequency, Restriction


class CostKind(StrEnum):
    """How a member shares the cost."""

    COPAY = "copay"
    COINSURANCE = "coinsurance"
    DEDUCTIBLE = "deductible"


class LimitKind(StrEnum):
    """What a limit counts."""

    VISITS_PER_YEAR = "visits-per-year"
    AMOUNT_PER_YEAR = "amount-per-year"
    AMOUNT_PER_LIFETIME = "amount-per-lifetime"
    UNITS_PER_CLAIM = "units-per-claim"


class Coordination(StrEnum):
    """How the benefit follows what earlier payers paid."""

    STANDARD = "standard"
    MAINTENANCE_OF_BENEFITS = "maintenance-of-benefits"
    CARVE_OUT = "carve-out"


@dataclass(frozen=True, slots=True)
class CostShare:
    """One share: money for a copay, percent for a coinsurance, 0 for a waived deductible.

    `in_network` None: it applies in and out of network.
    """

    kind: CostKind
    value: Decimal
    in_network: bool | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A ceiling of visits, units or money."""

    kind: LimitKind
    value: Decimal


@dataclass(frozen=True, slots=True)
class Benefit:
    """One benefit category that the plan covers, with its cost shares and limits.

    `excluded` are services of the category that are not covered all the same.
    """

    category: Coding
    cost_shares: tuple[CostShare, ...] = ()
    limits: tuple[Limit, ...] = ()
    waiting_days: int = 0
    authorization_required: bool = False
    excluded: tuple[Coding, ...] = ()
    frequencies: tuple[Frequency, ...] = ()
    restrictions: tuple[Restriction, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan in force for a Coverage. Absent deductible: 0; absent maximum: unlimited.

    `currency` None: the plan names no money and so takes the Claim's currency. Without `networks`
    every provider is in network.
    """

    identifier: str
    version: str
    currency: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    deductible_individual: Decimal | None = None
    deductible_family: Decimal | None = None
    out_of_pocket_individual: Decimal | None = None
    out_of_pocket_family: Decimal | None = None
    amount_per_year: Decimal | None = None
    timely_filing_days: int | None = None
    benefits: tuple[Benefit, ...] = ()
    networks: tuple[Reference, ...] = ()
    coordination: Coordination = Coordination.STANDARD

    def has_in_network(self, affiliations: Iterable[Days], day: date) -> bool:
        """Whether a provider with these days in a network is in it; without networks everybody."""
        return not self.networks or any(
            (days.first or date.min) <= day <= (days.last or date.max) for days in affiliations
        )


@dataclass(frozen=True, slots=True)
class Price:
    """The contracted fee for one unit of a service, and the benefit category it belongs to.

    `conditions` are FHIRPath on the line of a Claim, and `lines` the paths of those lines of the
    one that is decided which meet all of them; without conditions it is the default of its service.
    `needs_attachment`: the service is paid with an attachment only.
    """

    service: Coding
    amount: Money | None = None
    category: Coding | None = None
    conditions: tuple[str, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None
    needs_attachment: bool = False
    lines: frozenset[tuple[int, ...]] = frozenset()

    def applies_to(self, path: tuple[int, ...]) -> bool:
        """Whether the line meets the conditions."""
        return not self.conditions or path in self.lines
