"""Polls by every filter, and the same poll again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.cli.demo.actions import Inputs, polled, sent_again
from app.cli.demo.walk import Step


def up_to(count: int) -> Inputs:
    """A poll for several at once."""
    return [("count", {"valuePositiveInt": count})]


def _days(first: int, last: int) -> Inputs:
    """The period from so many days ahead of today to so many."""
    days = (datetime.now(UTC).date() + timedelta(days=ahead) for ahead in (first, last))
    return [("period", {"valuePeriod": dict(zip(("start", "end"), map(str, days), strict=True))})]


POLLING = (
    # Five answers wait: two on eligibility, that to the predetermination, that to the implant, and
    # the ExplanationOfBenefit of the claim that was decided again.
    Step(
        "The oldest answer",
        polled(),
        "201 completed; CoverageEligibilityResponse complete in force; 4 remaining",
    ),
    Step(
        "Anything but ClaimResponses",
        polled(inputs=lambda _: [("exclude", {"valueCode": "ClaimResponse"})]),
        "201 completed; CoverageEligibilityResponse complete not in force; 1 remaining",
    ),
    Step(
        "Nothing was answered last week",
        polled(inputs=lambda _: _days(-7, -5)),
        "201 completed; 0 remaining",
    ),
    Step(
        "What was answered about today",
        # A run may pass midnight.
        polled(inputs=lambda _: _days(-1, 1)),
        "201 completed; ClaimResponse complete submitted 450.00, contractual 50.00, "
        "deductible 100.00, coinsurance 60.00, benefit 240.00 EUR; 2 remaining",
    ),
    Step(
        "All that is left, in one Bundle",
        polled(inputs=lambda _: up_to(10), number="T-1"),
        "201 completed; Bundle of ClaimResponse, ExplanationOfBenefit; 0 remaining",
    ),
    # A lost answer is no loss: the same Task is answered the same, and nothing moves.
    Step(
        "The same poll again",
        sent_again("T-1"),
        "200 the same answer, Task completed",
    ),
    Step(
        "Nothing is left",
        polled(),
        "201 completed; 0 remaining",
    ),
)
