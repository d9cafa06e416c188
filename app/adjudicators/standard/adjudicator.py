"""The rule set `standard-1`: what may be decided, and the decision line by line."""

from decimal import localcontext

from app.adjudicators.standard.counters import Tally
from app.adjudicators.standard.leaves import leaves_of
from app.adjudicators.standard.lines import Standing, decided
from app.adjudicators.standard.roll_up import rolled_up
from app.adjudicators.standard.terms import Terms, terms_of
from app.domain.adjudication import AdjudicationRequest, Answer, Awaiting, Decided, Deferred
from app.domain.arithmetic import EXACT
from app.domain.codes import ClaimUse


class StandardAdjudicator:
    """Decides by the payer's plan, prices and counters, and by nothing else."""

    rules = "standard-1"

    def adjudicate(self, request: AdjudicationRequest) -> Answer:
        """Decide, or say what is missing; on a last call only another currency still defers."""
        with localcontext(EXACT):
            terms = terms_of(request)
            return _missing(request, terms) or _decision(request, terms)


def _missing(request: AdjudicationRequest, terms: Terms) -> Deferred | None:
    if request.coverage is None:
        text = "No coverage with this payer was found for the patient."
        return None if request.is_last_call else Deferred(Awaiting.COVERAGE, text)
    if request.plan is None:
        text = "The plan of the coverage was not found."
        return None if request.is_last_call else Deferred(Awaiting.PLAN, text)
    if request.plan.currency not in (None, terms.currency):
        text = f"The Claim is in {terms.currency}, the plan in {request.plan.currency}."
        return Deferred(Awaiting.OPERATOR, text)
    return None


def _decision(request: AdjudicationRequest, terms: Terms) -> Decided:
    standing = Standing(Tally(request.counters))
    leaves = {leaf.line.path: decided(leaf, terms, standing) for leaf in leaves_of(request)}
    # What is only asked for, not claimed, uses the counters as they stand and moves none.
    is_claimed = request.claim.use is ClaimUse.CLAIM
    postings = standing.tally.postings() if is_claimed else ()
    return rolled_up(request.claim.lines, leaves, terms.currency, postings)
