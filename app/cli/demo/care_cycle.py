"""The care cycle: every step of the demo with the answer that it must get.

The amounts are calculated by hand from data/plan.json and data/prices.json. The plan: the first
100.00 a year are the member's, then 20 % of restorations; an examination is free. The prices:
examination 35.00, filling 90.00, crown 400.00; what a dentist charges above is written off.
http://hl7.org/fhir/R4/financial-module.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.cli.demo.documents import claim, eligibility, incorrect_claim
from app.cli.demo.walk import Step, Walk, cancelled, decided, polled, sent_again, submitted

_OTHER_DENTIST = {"system": "http://happyvalley.example/provider", "value": "HV-2"}


_EXPLANATIONS = {"include": {"valueCode": "ExplanationOfBenefit"}}
_NO_RESPONSES = {"exclude": {"valueCode": "ClaimResponse"}}


def _days(first: int, last: int) -> dict[str, Any]:
    """The period from so many days ahead of today to so many."""
    days = (datetime.now(UTC).date() + timedelta(days=ahead) for ahead in (first, last))
    return {"period": {"valuePeriod": dict(zip(("start", "end"), map(str, days), strict=True))}}


def _first_decision(walk: Walk) -> dict[str, Any]:
    return {"origresponse": {"valueReference": {"reference": walk.references["answer to crown"]}}}


def _up_to(count: int) -> dict[str, Any]:
    return {"count": {"valuePositiveInt": count}}


CARE_CYCLE = (
    # Eligibility is answered at once; the answer waits for a poll too.
    Step(
        "Ana: is she insured?",
        submitted(lambda: eligibility("E-1", "ANA-1"), "eligibility"),
        "201 CoverageEligibilityResponse complete in force",
    ),
    Step(
        "Boris: his cover ended in 2021",
        submitted(lambda: eligibility("E-2", "BORIS-1"), "ended"),
        "201 CoverageEligibilityResponse complete not in force",
    ),
    # The three uses. The price difference is 50.00; of 400.00 the member bears the deductible and
    # 20 % of the other 300.00. Only a claim uses the deductible up.
    Step(
        "What would a crown pay?",
        submitted(
            lambda: claim("PD-1", ("crown", 1, "450.00"), use="predetermination"), "estimate"
        ),
        "201 ClaimResponse queued",
    ),
    Step(
        "The predetermination is decided",
        decided("estimate"),
        "201 completed; complete, 240.00 EUR, resource active, may cancel status poll",
    ),
    Step(
        "May the crown be done?",
        submitted(
            lambda: claim(
                "PA-1", ("exam", 1, "40.00"), ("crown", 1, "450.00"), use="preauthorization"
            ),
            "request",
        ),
        "201 ClaimResponse queued",
    ),
    Step(
        "The preauthorization is decided",
        decided("request"),
        "201 completed; complete, 275.00 EUR, resource active, may cancel status poll",
    ),
    Step(
        "It was done: the claim",
        submitted(lambda: claim("C-1", ("exam", 1, "40.00"), ("crown", 1, "450.00")), "crown"),
        "201 ClaimResponse queued",
    ),
    Step(
        "The claim is decided",
        decided("crown"),
        "201 completed; complete, 275.00 EUR, resource active, may cancel status poll",
    ),
    # The deductible is used up: of 180.00 allowed, 20 % are the member's.
    Step(
        "Two fillings, a later claim",
        submitted(lambda: claim("C-2", ("filling", 2, "95.50")), "fillings"),
        "201 ClaimResponse queued",
    ),
    Step(
        "No deductible is left to bear",
        decided("fillings"),
        "201 completed; complete, 144.00 EUR, resource active, may cancel status poll",
    ),
    # Eight answers wait: two on eligibility, four ClaimResponses, two ExplanationOfBenefits.
    Step(
        "The oldest answer",
        polled(),
        "201 completed; CoverageEligibilityResponse complete in force; 7 remaining",
    ),
    Step(
        "The answer to the preauthorization",
        polled(focus="request"),
        "201 completed; ClaimResponse complete submitted 490.00, contractual 55.00, "
        "deductible 100.00, coinsurance 60.00, benefit 275.00 EUR; 0 remaining",
    ),
    Step(
        "Only explanations of benefit",
        polled(inputs=lambda _: _EXPLANATIONS),
        "201 completed; ExplanationOfBenefit complete submitted 490.00, contractual 55.00, "
        "deductible 100.00, coinsurance 60.00, benefit 275.00 EUR; 1 remaining",
    ),
    Step(
        "Anything but ClaimResponses",
        polled(inputs=lambda _: _NO_RESPONSES),
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
        "deductible 100.00, coinsurance 60.00, benefit 240.00 EUR; 3 remaining",
    ),
    Step(
        "All that is left, in one Bundle",
        polled(inputs=lambda _: _up_to(10), number="T-1"),
        "201 completed; Bundle of ClaimResponse, ClaimResponse, ExplanationOfBenefit; 0 remaining",
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
    # Cancelled while it waits: nobody has heard of the member, so nothing can be decided yet.
    Step(
        "A claim for an unknown member",
        submitted(lambda: claim("C-3", ("exam", 1, "40.00"), member="CARLA-1"), "waiting"),
        "201 ClaimResponse queued",
    ),
    Step(
        "It waits for a coverage",
        decided("waiting"),
        "201 completed; queued, awaiting coverage, resource active, may cancel status poll",
    ),
    Step(
        "Cancelled before the decision",
        cancelled("waiting", number="T-2"),
        "201 completed",
    ),
    Step(
        "The same cancel again",
        sent_again("T-2"),
        "200 the same answer, Task completed",
    ),
    Step(
        "Another cancel is refused",
        cancelled("waiting", number="T-3"),
        "201 rejected ECG-CANCEL-ALREADY-CANCELLED",
    ),
    # Cancelled after the decision: reversed, and the deductible is given back.
    Step(
        "The decided claim is cancelled",
        cancelled("crown"),
        "201 completed; ClaimResponse complete submitted -490.00, contractual -55.00, "
        "deductible -100.00, coinsurance -60.00, benefit -275.00 EUR",
    ),
    Step(
        "What follows its first decision",
        polled(inputs=_first_decision),
        "201 completed; ClaimResponse complete submitted -490.00, contractual -55.00, "
        "deductible -100.00, coinsurance -60.00, benefit -275.00 EUR; 0 remaining",
    ),
    Step(
        "What would two fillings pay now?",
        submitted(
            lambda: claim("PD-2", ("filling", 2, "95.50"), use="predetermination"), "afterwards"
        ),
        "201 ClaimResponse queued",
    ),
    Step(
        "The deductible is to bear again",
        decided("afterwards"),
        "201 completed; complete, 64.00 EUR, resource active, may cancel status poll",
    ),
    # What cannot be adjudicated is answered with everything that is wrong with it.
    Step(
        "A claim that does not add up",
        submitted(lambda: incorrect_claim("C-4"), "incorrect"),
        "201 ClaimResponse error ECG-CLAIM-NET ECG-CLAIM-TOTAL",
    ),
    Step(
        "Its errors, by poll",
        polled(focus="incorrect"),
        "201 completed; ClaimResponse error ECG-CLAIM-NET ECG-CLAIM-TOTAL; 0 remaining",
    ),
    # What is wrong on its face is refused, and nothing is kept.
    Step(
        "A claim of another dentist",
        submitted(lambda: claim("C-5", ("exam", 1, "40.00"), provider=_OTHER_DENTIST), "foreign"),
        "403 ECG-FOREIGN-SENDER",
    ),
    Step(
        "A poll for 1000 at once",
        polled(inputs=lambda _: _up_to(1000)),
        "400 ECG-INPUT-COUNT",
    ),
)
