"""Which lines are denied whatever they cost, and who bears a denied line."""

from app.adjudicators.standard import reasons
from app.adjudicators.standard.authorization import Reserves, authorization_denial
from app.adjudicators.standard.denial import Denial
from app.adjudicators.standard.exclusions import exclusion_denial
from app.adjudicators.standard.leaves import Leaf
from app.adjudicators.standard.missing import missing_denials
from app.adjudicators.standard.restrictions import restriction_denial
from app.adjudicators.standard.terms import Terms
from app.domain.plan import Benefit


def covering(leaf: Leaf, terms: Terms, left: Reserves | None = None) -> Benefit | Denial:
    """The benefit that covers the leaf, or the first of the denials that apply to it.

    `left` of its preauthorizations is what earlier lines did not take; None: before any line.
    """
    early = _duplicate_denial(leaf, terms) or _coverage_denial(leaf, terms) or _late_denial(terms)
    if early is not None:
        return early
    benefit = terms.benefit_of(leaf)
    if benefit is None:
        return Denial(reasons.NOT_COVERED)
    return (
        authorization_denial(leaf, benefit, terms, left or Reserves(terms))
        or exclusion_denial(leaf, benefit)
        or _waiting_denial(leaf, benefit, terms)
        or restriction_denial(leaf, benefit, terms)
        or next(iter(missing_denials(leaf, benefit, terms)), None)
        or benefit
    )


def _duplicate_denial(leaf: Leaf, terms: Terms) -> Denial | None:
    if leaf.line.path not in terms.duplicates.exact:
        return None
    return Denial(reasons.DUPLICATE, is_contractual=True)


def _coverage_denial(leaf: Leaf, terms: Terms) -> Denial | None:
    if not terms.is_member:
        return Denial(reasons.NO_MEMBER)
    for in_force in (terms.coverage, terms.plan):
        if in_force.starts_on is not None and leaf.day < in_force.starts_on:
            return Denial(reasons.NOT_YET_IN_FORCE)
        if in_force.ends_on is not None and leaf.day > in_force.ends_on:
            return Denial(reasons.NO_LONGER_IN_FORCE)
    return None


def _late_denial(terms: Terms) -> Denial | None:
    days = terms.plan.timely_filing_days
    if days is None or (terms.received_on - terms.latest_service_day).days <= days:
        return None
    return Denial(reasons.LATE, is_contractual=True)


def _waiting_denial(leaf: Leaf, benefit: Benefit, terms: Terms) -> Denial | None:
    # A service on the day the period is over is covered.
    starts_on = terms.coverage.starts_on
    if starts_on is None or (leaf.day - starts_on).days >= benefit.waiting_days:
        return None
    return Denial(reasons.WAITING)
