"""The member's share of an eligible amount: deductible, copay, coinsurance, and their maximum."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from app.adjudicators.standard import counters
from app.adjudicators.standard.counters import Tally
from app.adjudicators.standard.network import is_in_network
from app.adjudicators.standard.terms import Terms
from app.domain.adjudication import Counter
from app.domain.arithmetic import half_up
from app.domain.money import Money
from app.domain.plan import Benefit, CostKind

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class MemberShare:
    """What the member bears of an eligible amount."""

    deductible: Decimal
    copay: Decimal
    coinsurance: Decimal

    @property
    def total(self) -> Decimal:
        """All three together."""
        return self.deductible + self.copay + self.coinsurance

    def less(self, excess: Decimal) -> "MemberShare":
        """The share without an excess, taken off coinsurance, then copay, then deductible."""
        coinsurance = min(excess, self.coinsurance)
        copay = min(excess - coinsurance, self.copay)
        deductible = min(excess - coinsurance - copay, self.deductible)
        return MemberShare(
            self.deductible - deductible, self.copay - copay, self.coinsurance - coinsurance
        )


def member_share(
    eligible: Decimal, benefit: Benefit, day: date, terms: Terms, tally: Tally
) -> MemberShare:
    """Share an eligible amount and move the counters by the share as it stands in the end."""
    deductible = _deductible(eligible, benefit, day, terms, tally)
    copay = _copay(eligible - deductible, benefit, day, terms, tally)
    percent = cost_of(benefit, CostKind.COINSURANCE, day, terms) or _NOTHING
    base = eligible - deductible - copay
    coinsurance = min(_percent_of(base, percent, terms.currency), base)
    full = MemberShare(deductible, copay, coinsurance)
    share = full.less(max(full.total - _left_to_bear(full, day, terms, tally), _NOTHING))
    count_share(share, benefit, day, terms, tally)
    return share


def _percent_of(base: Decimal, percent: Decimal, currency: str) -> Decimal:
    if not percent:
        return Money.zero(currency).amount
    return half_up(Fraction(base) * Fraction(percent) / 100, currency)


def cost_of(benefit: Benefit, kind: CostKind, day: date, terms: Terms) -> Decimal | None:
    """The plan's cost share of a kind; one for this side of the network before one for both."""
    shares = [share for share in benefit.cost_shares if share.kind is kind]
    for side in (is_in_network(day, terms), None):
        for share in shares:
            if share.in_network is side:
                return share.value
    return None


def _deductible(
    eligible: Decimal, benefit: Benefit, day: date, terms: Terms, tally: Tally
) -> Decimal:
    # A deductible among a category's costs of 0 says that the plan's does not apply to it.
    if cost_of(benefit, CostKind.DEDUCTIBLE, day, terms) == 0:
        return _NOTHING
    individual, family = counters.deductibles(terms.coverage, day)
    left = _left(
        tally,
        (terms.plan.deductible_individual, individual),
        (terms.plan.deductible_family, family),
    )
    return min([eligible, *left]) if left else _NOTHING


def _copay(due_from: Decimal, benefit: Benefit, day: date, terms: Terms, tally: Tally) -> Decimal:
    owed = cost_of(benefit, CostKind.COPAY, day, terms) or _NOTHING
    taken = tally.of(counters.copays(terms.coverage, benefit.category.key, day))
    return min(max(owed - taken, _NOTHING), due_from)


def _left_to_bear(full: MemberShare, day: date, terms: Terms, tally: Tally) -> Decimal:
    """What is left of the out-of-pocket maximum; without one, all of it."""
    individual, family = counters.out_of_pockets(terms.coverage, day)
    left = _left(
        tally,
        (terms.plan.out_of_pocket_individual, individual),
        (terms.plan.out_of_pocket_family, family),
    )
    return min(left, default=full.total)


def _left(tally: Tally, *figures: tuple[Decimal | None, Counter]) -> list[Decimal]:
    return [
        max(figure - tally.of(counter), _NOTHING)
        for figure, counter in figures
        if figure is not None
    ]


def count_share(
    share: MemberShare, benefit: Benefit, day: date, terms: Terms, tally: Tally
) -> None:
    """Move the counters by what the member bears of a line."""
    for counter in counters.deductibles(terms.coverage, day):
        tally.add(counter, share.deductible)
    for counter in counters.out_of_pockets(terms.coverage, day):
        tally.add(counter, share.total)
    tally.add(counters.copays(terms.coverage, benefit.category.key, day), share.copay)
