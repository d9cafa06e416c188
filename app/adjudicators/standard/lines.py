"""One line: the steps of the formula, each leaving its row and its reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from app.adjudicators.standard import limits, reasons
from app.adjudicators.standard.benefits import MemberShare, count_share, member_share
from app.adjudicators.standard.counters import Tally
from app.adjudicators.standard.eligibility import Denial, covering
from app.adjudicators.standard.leaves import Leaf
from app.adjudicators.standard.limits import Units
from app.adjudicators.standard.network import is_in_network
from app.adjudicators.standard.pricing import Priced, priced
from app.adjudicators.standard.rows import Rows
from app.adjudicators.standard.terms import Terms
from app.domain.adjudication import Amount, Category, Posting
from app.domain.plan import Benefit


@dataclass(frozen=True, slots=True)
class Standing:
    """What earlier lines of the Claim have used up; it moves as lines are decided in sequence."""

    tally: Tally
    units: Units = field(default_factory=Units)


def decided(leaf: Leaf, terms: Terms, standing: Standing) -> tuple[Amount, ...]:
    """The rows of one leaf, so that submitted is the sum of what everybody bears."""
    standing.tally.at(leaf.line.path)
    price = priced(leaf, terms)
    rows = Rows(terms.currency)
    rows.add(Category.SUBMITTED, price.submitted)
    rows.add(Category.TAX, price.tax)
    found = covering(leaf, terms)
    if isinstance(found, Denial):
        _deny(rows, price, found, leaf, terms)
    else:
        _reduce_to_price(rows, price, leaf, terms)
        eligible = _eligible(rows, price, leaf, found, terms, standing)
        _share(rows, eligible, leaf, found, terms, standing.tally)
    return rows.amounts()


def counted_by_rows(
    leaf: Leaf, rows: tuple[Amount, ...], units: Decimal, terms: Terms, standing: Standing
) -> None:
    """Count a line that is carried over by its rows, as the plan of now counts such rows.

    The rows do not tell of how many `units` they are.
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
    """Count a line that is carried over exactly as it was counted, whatever the plan says now."""
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
    is_agreed = is_in_network(leaf.day, terms)
    bearer = Category.CONTRACTUAL if is_agreed else Category.NONCOVERED
    rows.add(bearer, price.submitted - price.allowed, reasons.PRICE)


def _eligible(
    rows: Rows, price: Priced, leaf: Leaf, benefit: Benefit, terms: Terms, standing: Standing
) -> Decimal:
    """What is allowed of the visits and units within the limits."""
    eligible = Decimal(0)
    if limits.is_visit_left(benefit, leaf.day, terms, standing.tally):
        eligible = price.allowed_of(standing.units.within(benefit, leaf.line))
    if eligible > 0:
        limits.count_visit(benefit, leaf.day, terms, standing.tally)
    rows.add(Category.ELIGIBLE, eligible)
    rows.add(Category.NONCOVERED, price.allowed - eligible, reasons.LIMIT)
    return eligible


def _share(
    rows: Rows, eligible: Decimal, leaf: Leaf, benefit: Benefit, terms: Terms, tally: Tally
) -> None:
    share = member_share(eligible, benefit, leaf.day, terms, tally)
    rows.add(Category.DEDUCTIBLE, share.deductible, reasons.DEDUCTIBLE)
    rows.add(Category.COPAY, share.copay, reasons.COPAY)
    rows.add(Category.COINSURANCE, share.coinsurance, reasons.COINSURANCE)
    due = eligible - share.total
    paid = limits.payable(due, benefit, leaf.day, terms, tally)
    rows.add(Category.NONCOVERED, due - paid, reasons.LIMIT)
    rows.add(Category.BENEFIT, paid)
