"""Services that the plan leaves out of a category it covers."""

from app.adjudicators.standard import reasons
from app.adjudicators.standard.denial import Denial
from app.adjudicators.standard.leaves import Leaf
from app.domain.plan import Benefit
from app.domain.restrictions import names_any


def exclusion_denial(leaf: Leaf, benefit: Benefit) -> Denial | None:
    """An excluded service is the member's, as one that no category covers."""
    if names_any(benefit.excluded, leaf.line.services):
        return Denial(reasons.NOT_COVERED)
    return None
