"""Which running sums the terms of a plan look at.

Counters are kept whether or not the plan has the term today. One of a kind that is not known here
is an adjudicator's own, and may always matter.
"""

from app.domain.adjudication import Counter
from app.domain.plan import Benefit, CostKind, LimitKind, Plan

# The kinds of counter that stand for a term each; limits of a Claim count without one.
KINDS = (
    "deductible-individual",
    "deductible-family",
    "out-of-pocket-individual",
    "out-of-pocket-family",
    "copay",
    "visit",
    "benefit",
)
_AMOUNTS = {LimitKind.AMOUNT_PER_YEAR, LimitKind.AMOUNT_PER_LIFETIME}


def is_measured(counter: Counter, plan: Plan) -> bool:
    """Whether a decision under the plan can depend on what stands in the counter."""
    figure = counter.kind.replace("-", "_")
    if figure.startswith(("deductible_", "out_of_pocket_")):
        return getattr(plan, figure, counter) is not None
    limits = {limit.kind for benefit in plan.benefits for limit in benefit.limits}
    if counter.kind == "copay":
        shares = (share for benefit in plan.benefits for share in benefit.cost_shares)
        return any(share.kind is CostKind.COPAY for share in shares)
    if counter.kind == "visit":
        return bool(limits - _AMOUNTS - {LimitKind.UNITS_PER_CLAIM})
    if counter.kind == "benefit":
        return plan.amount_per_year is not None or bool(limits & _AMOUNTS)
    return True


def is_measuring(plan: Plan) -> bool:
    """Whether under the plan one line of a Claim can leave less for the next."""
    if any(is_measured(Counter("", kind, "", ""), plan) for kind in KINDS):
        return True
    return any(_has_more_than_shares(benefit) for benefit in plan.benefits)


def _has_more_than_shares(benefit: Benefit) -> bool:
    """Whether a category has any term beside its shares that may be used up."""
    return benefit != Benefit(
        benefit.category,
        benefit.cost_shares,
        waiting_days=benefit.waiting_days,
        authorization_required=benefit.authorization_required,
    )
