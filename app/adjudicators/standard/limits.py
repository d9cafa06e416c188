"""The plan's ceilings: visits and units of a category, and money of a year or a lifetime."""

from datetime import date
from decimal import Decimal

from app.adjudicators.standard import counters
from app.adjudicators.standard.counters import Tally
from app.adjudicators.standard.terms import Terms
from app.domain.claims import Line
from app.domain.plan import Benefit, LimitKind


class Units:
    """How many units of each category the Claim has used so far, in the order of its lines."""

    def __init__(self) -> None:
        self._used: dict[str, Decimal] = {}
        self.granted: dict[tuple[int, ...], Decimal] = {}

    def within(self, benefit: Benefit, asked: Decimal) -> Decimal:
        """How many of the units that a line asks for are within units-per-claim."""
        used = self._used.get(benefit.category.key, Decimal(0))
        limit = limit_of(benefit, LimitKind.UNITS_PER_CLAIM)
        return asked if limit is None else min(asked, max(limit - used, Decimal(0)))

    def grant(self, benefit: Benefit, line: Line, units: Decimal) -> None:
        """Let a line have so many units: they count as used from now on."""
        self.use(benefit, units)
        self.granted[line.path] = units

    def use(self, benefit: Benefit, units: Decimal) -> None:
        """Count units of a category as used."""
        category = benefit.category.key
        self._used[category] = self._used.get(category, Decimal(0)) + units


def limit_of(benefit: Benefit, kind: LimitKind) -> Decimal | None:
    """The lowest limit of a kind; None where the benefit has none."""
    return min((limit.value for limit in benefit.limits if limit.kind is kind), default=None)


def is_visit_left(benefit: Benefit, day: date, terms: Terms, tally: Tally) -> bool:
    """Whether the day is a visit already, or one more visit of its year is within the limit."""
    limit = limit_of(benefit, LimitKind.VISITS_PER_YEAR)
    category = benefit.category.key
    if limit is None or tally.of(counters.visit(terms.coverage, category, day)):
        return True
    return tally.of(counters.visits_of_year(terms.coverage, category, day)) + 1 <= limit


def count_visit(benefit: Benefit, day: date, terms: Terms, tally: Tally) -> None:
    """Count the day as a visit, once."""
    visit = counters.visit(terms.coverage, benefit.category.key, day)
    if not tally.of(visit):
        tally.add(visit, Decimal(1))
        tally.add(counters.visits_of_year(terms.coverage, benefit.category.key, day), Decimal(1))


def payable(amount: Decimal, benefit: Benefit, day: date, terms: Terms, tally: Tally) -> Decimal:
    """What of a benefit is within the amount limits."""
    category, coverage = benefit.category.key, terms.coverage
    ceilings = {
        counters.benefit_of_year(coverage, category, day): limit_of(
            benefit, LimitKind.AMOUNT_PER_YEAR
        ),
        counters.benefit_of_lifetime(coverage, category): limit_of(
            benefit, LimitKind.AMOUNT_PER_LIFETIME
        ),
        counters.benefit_of_plan(coverage, day): terms.plan.amount_per_year,
    }
    left = [
        max(limit - tally.of(counter), Decimal(0))
        for counter, limit in ceilings.items()
        if limit is not None
    ]
    return min([amount, *left])


def count_payment(paid: Decimal, benefit: Benefit, day: date, terms: Terms, tally: Tally) -> None:
    """Count a benefit towards the year's, the lifetime's and the plan's."""
    category, coverage = benefit.category.key, terms.coverage
    tally.add(counters.benefit_of_year(coverage, category, day), paid)
    tally.add(counters.benefit_of_lifetime(coverage, category), paid)
    tally.add(counters.benefit_of_plan(coverage, day), paid)
