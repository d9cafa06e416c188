"""Before the treatment: eligibility, predetermination, preauthorization with an attachment."""

from __future__ import annotations

from typing import Any

from app.cli.demo import documents
from app.cli.demo.actions import Inputs, asked, decided, polled, submitted
from app.cli.demo.documents import claim, eligibility
from app.cli.demo.walk import Step, Walk

# In force on the day that every run takes for that of the service.
_BILLABLE = {"start": "2024-01-01", "end": "2099-12-31"}


def _may_it_be_done(_: Walk) -> dict[str, Any]:
    return claim(
        "PA-1",
        ("exam", 1, "40.00"),
        ("filling", 2, "95.50"),
        ("implant", 1, "1100.00"),
        use="preauthorization",
        billablePeriod=_BILLABLE,
    )


def _the_x_ray(walk: Walk) -> dict[str, Any]:
    return documents.answer_to(walk.references["polled"])


def _contained(_: Walk) -> Inputs:
    return [("resource", {"valueReference": {"reference": "#x-ray"}})]


BEFORE_TREATMENT = (
    # Eligibility is answered at once; the answer waits for a poll too.
    Step(
        "Ana: is she insured?",
        submitted(lambda _: eligibility("E-1", "ANA-1"), "eligibility"),
        "201 CoverageEligibilityResponse complete in force",
    ),
    Step(
        "Boris: his cover ended in 2021",
        submitted(lambda _: eligibility("E-2", "BORIS-1"), "ended"),
        "201 CoverageEligibilityResponse complete not in force",
    ),
    # Of 400.00 allowed the member bears the deductible and 20 % of the other 300.00. Only a claim
    # uses the deductible up.
    Step(
        "What would a crown pay?",
        submitted(
            lambda _: claim("PD-1", ("crown", 1, "450.00"), use="predetermination"), "estimate"
        ),
        "201 ClaimResponse queued",
    ),
    Step(
        "The predetermination is decided",
        decided("estimate"),
        "201 completed; complete, 240.00 EUR, resource active, "
        "may cancel nullify reprocess status poll deliver",
    ),
    # An implant is paid with an x-ray only: the payer asks for it, and the Claim waits.
    Step(
        "May an implant be done?",
        submitted(_may_it_be_done, "request"),
        "201 ClaimResponse queued",
    ),
    Step(
        "The preauthorization waits",
        decided("request"),
        "201 completed; queued, awaiting information, resource active, "
        "may cancel nullify status poll deliver",
    ),
    Step(
        "What the payer asks for",
        polled(inputs=lambda _: [("include", {"valueCode": "CommunicationRequest"})]),
        "201 completed; CommunicationRequest active Please send the attachment that is needed to "
        "decide on line 3.; 0 remaining",
    ),
    Step(
        "The x-ray, contained in a Task",
        asked("deliver", inputs=_contained, contained=_the_x_ray),
        "201 completed; Communication completed",
    ),
    # Allowed: 35.00, 180.00 and 1000.00; written off: 5.00 + 11.00 + 100.00. The fillings bear the
    # deductible, then 20 % of 80.00; the implant 20 % of 1000.00. 35.00 + 64.00 + 800.00 is left.
    Step(
        "The preauthorization is decided",
        decided("request"),
        "201 completed; complete, 899.00 EUR, resource active, "
        "may cancel nullify release reprocess status poll deliver",
    ),
    Step(
        "The answer to the preauthorization",
        polled(focus="request"),
        "201 completed; ClaimResponse complete submitted 1331.00, contractual 116.00, "
        "deductible 100.00, coinsurance 216.00, benefit 899.00 EUR; 0 remaining",
    ),
)
