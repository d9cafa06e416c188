"""The standard adjudicator: decides Claims by the payer's plan, prices and counters.

One file per idea, in the order a line meets them: `leaves` (what is decided and as of which day),
`pricing`, `eligibility` (denials), `limits`, `benefits` (the member's share), `lines` (the steps
put together), `roll_up`. `counters` names the running sums, `reasons` says why.
"""

from app.adjudicators.standard.adjudicator import StandardAdjudicator

__all__ = ["StandardAdjudicator"]
