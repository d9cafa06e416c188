"""One line: the steps of the formula, each leaving its row and its reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from app.adjudicators.standard import frequency, limits, reasons
from app.adjudicators.standard.authorization import (
    Reserves,
    authorized_amount,
    authorized_units,
)
from app.adjudicators.standard.benefits import MemberShare, count_share, member_share
from app.adjudicators.standard.coordination import Due, coordinated
from app.adjudicators.standard.counters import Tally
from app.adjudicators.standard.denial import Denial
from app.adjudicators.standard.eligibility import covering
from app.adjudicators.standard.leaves import Leaf
from app.adjudicators.standard.limits import Units
from app.adjudicators.standard.network import is_in_network
from app.adjudicators.standard.pricing import Priced, priced
from app.adjudicators.standard.rows import Rows
from app.adjudicators.standard.terms import Terms
from app.domain.adjudication import Amount, Category, Posting
from app.domain.plan import Benefit, Coordination


@dataclass(frozen=True, slots=True)
class Standing:
    """What earlier lines of the Claim have used up; it moves as lines are decided in sequence."""

    tally: Tally
    reserves: Reserves
    units: Units = field(default_factory=Units)


@dataclass(frozen=True, slots=True)
class Assessed:
    """One leaf after steps 1 to 3: its price, what covers or denies it, what is eligible.

    `unauthorized` is what is allowed of units that nothing is left for of its preauthorizations.
    """

    leaf: Leaf
    price: Priced
    found: Benefit | Denial
    eligible: Decimal = Decimal(0)
    unauthorized: Decimal = Decimal(0)


def assessed(leaf: Leaf, terms: Terms, standing: Standing) -> Assessed:
    """Price a leaf and see what of it is eligible; it uses units and visits from now on."""
    standing.tally.at(leaf.line.path)
    price, found = priced(leaf, terms), covering(leaf, terms, standing.reserves)
    if isinstance(found, Denial):
        return Assessed(leaf, price, found)
    units = authorized_units(leaf, found, terms, standing.reserves)
    eligible = _eligible(price, leaf, found, units, terms, standing)
    return Assessed(leaf, price, found, eligible, price.allowed - price.allowed_of(units))


def decided(line: Assessed, paid: Decimal, terms: Terms, standing: Standing) -> tuple[Amount, ...]:
    """The rows of one leaf, so that submitted is the sum of what everybody bears.

    `paid` is what earlier payers paid for it.
    """
    standing.tally.at(line.leaf.line.path)
    rows = Rows(terms.currency)
    rows.add(Category.SUBMITTED, line.price.submitted)
    rows.add(Category.TAX, line.price.tax)
    if isinstance(line.found, Denial):
        _deny(rows, line.price, line.found, line.leaf, terms)
        return rows.amounts()
    _reduce_to_price(rows, line.price, line.leaf, terms)
    rows.add(Category.ELIGIBLE, line.eligible)
    if line.eligible > 0:
        _share(rows, line, line.found, paid, terms, standing)
    else:
        rows.add(_bearer(line.leaf, terms), line.unauthorized, reasons.USED_UP)
        beyond = line.price.allowed - line.unauthorized
        rows.add(Category.NONCOVERED, beyond, reasons.LIMIT)
        rows.add(Category.BENEFIT, Decimal(0))
    return rows.amounts()


def counted_by_rows(
    leaf: Leaf, rows: tuple[Amount, ...], units: Decimal, terms: Terms, standing: Standing
) -> None:
    """Count a line that is carried over by its rows, as the plan of now counts such rows.

    `units` are those that something was eligible of.
    """
    standing.tally.at(leaf.line.path)
    found = covering(leaf, terms)
    benefit = terms.benefit_of(leaf) if isinstance(found, Denial) else found
    amounts = {row.category: row.money.amount for row in rows}
    if benefit is None or not amounts.get(Category.ELIGIBLE):
        # Nothing was eligible, so nothing was counted.
        return
    standing.units.use(benefit, units)
    limits.count_visit(benefit, leaf.day, terms, standing.tally)
    frequency.count_units(units, leaf, benefit, terms, standing.tally)
    share = MemberShare(
        *(
            amounts.get(category, Decimal(0))
            for category in (Category.DEDUCTIBLE, Category.COPAY, Category.COINSURANCE)
        )
    )
    count_share(share, benefit, leaf.day, terms, standing.tally)
    limits.count_payment(amounts[Category.BENEFIT], benefit, leaf.day, terms, standing.tally)


def counted_over(
    leaf: Leaf, postings: Iterable[Posting], units: Decimal, terms: Terms, standing: Standing
) -> None:
    """Count a line that is carried over exactly as it was counted, whatever the plan says now.

    `units` are those that something was eligible of.
    """
    standing.tally.at(leaf.line.path)
    for posting in postings:
        standing.tally.add(posting.counter, posting.amount)
    benefit = terms.benefit_of(leaf)
    if benefit is not None:
        standing.units.use(benefit, units)


def _deny(rows: Rows, price: Priced, denial: Denial, leaf: Leaf, terms: Terms) -> None:
    if denial.is_contractual:
        rows.add(Category.CONTRACTUAL, price.submitted, denial.reason)
        return
    _reduce_to_price(rows, price, leaf, terms)
    rows.add(Category.NONCOVERED, price.allowed, denial.reason)


def _reduce_to_price(rows: Rows, price: Priced, leaf: Leaf, terms: Terms) -> None:
    rows.add(_bearer(leaf, terms), price.submitted - price.allowed, reasons.PRICE)


def _bearer(leaf: Leaf, terms: Terms) -> Category:
    """Who bears what exceeds an agreement: in network the provider, out of it the member."""
    is_agreed = is_in_network(leaf.day, terms)
    return Category.CONTRACTUAL if is_agreed else Category.NONCOVERED


def _eligible(
    price: Priced,
    leaf: Leaf,
    benefit: Benefit,
    units: Decimal,
    terms: Terms,
    standing: Standing,
) -> Decimal:
    """What is allowed of those of the units that are within the limits, as visits are."""
    tally = standing.tally
    if not limits.is_visit_left(benefit, leaf.day, terms, tally):
        return Decimal(0)
    within = standing.units.within(benefit, units)
    within = frequency.units_within(within, leaf, benefit, terms, tally)
    eligible = price.allowed_of(within)
    if eligible > 0:
        standing.units.grant(benefit, leaf.line, within)
        limits.count_visit(benefit, leaf.day, terms, tally)
        frequency.count_units(within, leaf, benefit, terms, tally)
        standing.reserves.take_units(leaf, within)
    return eligible


def _share(
    rows: Rows, line: Assessed, benefit: Benefit, paid: Decimal, terms: Terms, standing: Standing
) -> None:
    day, method, tally = line.leaf.day, terms.plan.coordination, standing.tally
    taken_first = Decimal(0)
    if method is Coordination.MAINTENANCE_OF_BENEFITS:
        taken_first = min(paid, line.eligible)
    base = line.eligible - taken_first
    share = member_share(base, benefit, day, terms, tally)
    within = limits.payable(base - share.total, benefit, day, terms, tally)
    noncovered = line.price.allowed - taken_first - share.total - within
    after = coordinated(Due(noncovered, share, within), paid, method)
    left = standing.reserves
    payable = authorized_amount(line.leaf, after.due.benefit, benefit, terms, left)
    left.take_amount(line.leaf, payable)
    limits.count_payment(payable, benefit, day, terms, tally)
    # What coordination took off both, it took off what a limit took first.
    unauthorized = min(line.unauthorized, after.due.noncovered)
    beyond = after.due.noncovered - unauthorized
    cut = after.due.benefit - payable
    rows.add(_bearer(line.leaf, terms), unauthorized + cut, reasons.USED_UP)
    rows.add(Category.NONCOVERED, beyond, reasons.LIMIT)
    rows.add(Category.DEDUCTIBLE, after.due.share.deductible, reasons.DEDUCTIBLE)
    rows.add(Category.COPAY, after.due.share.copay, reasons.COPAY)
    rows.add(Category.COINSURANCE, after.due.share.coinsurance, reasons.COINSURANCE)
    rows.add(Category.COB_PAID, taken_first + after.cob_paid, reasons.OTHER_PAYER)
    rows.add(Category.BENEFIT, payable)
