"""The same answers by READ and SEARCH, without a poll, and several questions at once."""

from __future__ import annotations

from app.cli.demo.actions import found, put_together
from app.cli.demo.walk import Step

REST = (
    # The first answer was overtaken by the reprocess; each has its ExplanationOfBenefit.
    Step(
        "Every answer to the later claim, by search",
        found("ClaimResponse", "?request={crown}&_sort=_lastUpdated"),
        "200 searchset of 2: ClaimResponse cancelled, ClaimResponse active",
    ),
    Step(
        "The claim with what explains it",
        found("Claim", "?_id={crown}&_revinclude=ExplanationOfBenefit:claim"),
        "200 searchset of 1: Claim active, ExplanationOfBenefit cancelled, "
        "ExplanationOfBenefit active",
    ),
    Step(
        "How the first answer came about",
        found("ClaimResponse", "/_history", of="answer to crown"),
        "200 history of 3: ClaimResponse cancelled, ClaimResponse active, ClaimResponse active",
    ),
    Step(
        "Three reads in one batch",
        put_together("crown", "answer to crown", "implant"),
        "200 batch-response: 200, 200, 200",
    ),
)
