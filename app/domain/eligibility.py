"""What a payer tells of a coverage before a service: what is covered, what is used, what is asked.

http://hl7.org/fhir/R4/coverageeligibilityresponse.html
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum

from app.domain.adjudication import Coverage
from app.domain.arithmetic import EXACT
from app.domain.claims import Days, Line
from app.domain.codes import Coding
from app.domain.plan import Plan


class Purpose(StrEnum):
    """What is asked: http://hl7.org/fhir/eligibilityrequest-purpose."""

    AUTH_REQUIREMENTS = "auth-requirements"
    BENEFITS = "benefits"
    DISCOVERY = "discovery"
    VALIDATION = "validation"


class Unit(StrEnum):
    """Whom an allowance is for."""

    INDIVIDUAL = "individual"
    FAMILY = "family"


class Term(StrEnum):
    """The time that an allowance is for; none: each service, or each Claim."""

    ANNUAL = "annual"
    DAY = "day"
    LIFETIME = "lifetime"


class AllowanceKind(StrEnum):
    """What an allowance allows: the codes of the plan profile."""

    DEDUCTIBLE_INDIVIDUAL = "deductible-individual"
    DEDUCTIBLE_FAMILY = "deductible-family"
    OUT_OF_POCKET_INDIVIDUAL = "out-of-pocket-individual"
    OUT_OF_POCKET_FAMILY = "out-of-pocket-family"
    AMOUNT_PER_YEAR = "amount-per-year"
    AMOUNT_PER_LIFETIME = "amount-per-lifetime"
    VISITS_PER_YEAR = "visits-per-year"
    UNITS_PER_CLAIM = "units-per-claim"
    COPAY = "copay"
    COINSURANCE = "coinsurance"
    DEDUCTIBLE = "deductible"

    @property
    def unit(self) -> Unit:
        """Whom it is for."""
        return Unit.FAMILY if self.endswith("-family") else Unit.INDIVIDUAL

    @property
    def term(self) -> Term | None:
        """The time it is for."""
        return _TERMS.get(self, Term.ANNUAL)


_TERMS = {
    AllowanceKind.AMOUNT_PER_LIFETIME: Term.LIFETIME,
    AllowanceKind.COPAY: Term.DAY,
    AllowanceKind.UNITS_PER_CLAIM: None,
    AllowanceKind.COINSURANCE: None,
    AllowanceKind.DEDUCTIBLE: None,
}


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much is allowed, and how much of it is used; a coinsurance is the member's percentage.

    `currency` None: a number of visits or units, or a percentage. `used` None: nothing counts it.
    """

    kind: AllowanceKind
    allowed: Decimal
    used: Decimal | None = None
    currency: str | None = None

    @property
    def left(self) -> Decimal | None:
        """What may still be used; nothing where more was used than is allowed now."""
        if self.used is None:
            return None
        with localcontext(EXACT):
            return max(self.allowed - self.used, Decimal(0))


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one service or benefit category, or (neither) of the plan as a whole.

    `asked` is the question that it answers, None where the plan is told as it is. `in_network`
    None: it is the same in and out of network. `exclusion` says why nothing of it is covered,
    `authorized_by` which preauthorization holds for it.
    """

    category: Coding | None = None
    asked: Line | None = None
    in_network: bool | None = None
    allowances: tuple[Allowance, ...] = ()
    exclusion: str | None = None
    authorization_required: bool = False
    attachment_required: bool = False
    authorized_by: str | None = None


@dataclass(frozen=True, slots=True)
class Insured:
    """One insurance as the payer knows it on the days asked about.

    `days` are those of Coverage and plan together. `told` None: what the plan covers was asked, and
    cannot be told.
    """

    days: Days
    is_in_force: bool
    told: tuple[Told, ...] | None = ()


def insured_days(coverage: Coverage, plan: Plan | None) -> Days:
    """The days on which both are in force; an end that neither has is not known."""
    both = (coverage,) if plan is None else (coverage, plan)
    starts = [each.starts_on for each in both if each.starts_on is not None]
    ends = [each.ends_on for each in both if each.ends_on is not None]
    return Days(max(starts, default=None), min(ends, default=None))


def is_within(asked: tuple[date, date], days: Days) -> bool:
    """Whether the first and the last day asked about are both among the days."""
    first, last = asked
    starts = days.first is None or days.first <= first
    return starts and (days.last is None or days.last >= last)
