"""The treatment: a Claim that uses what was reserved, release of the rest, a reprocess."""

from __future__ import annotations

from typing import Any

from app.cli.demo import documents, told
from app.cli.demo.actions import Inputs, asked, decided, loaded, polled, read, submitted, tried
from app.cli.demo.documents import A_WEEK_LATER, claim, quoting
from app.cli.demo.walk import Step, Walk


def _implant(walk: Walk) -> dict[str, Any]:
    agreed = walk.wire.get(walk.references["answer to request"]).document["preAuthRef"]
    document = claim(
        "C-1",
        ("exam", 1, "40.00"),
        ("implant", 1, "1100.00"),
        priority=documents.urgent(),
        supportingInfo=documents.attached(),
    )
    return quoting(agreed, document)


def _lines(_: Walk) -> Inputs:
    return [
        ("item", {"valuePositiveInt": 2}),
        ("item", {"valuePositiveInt": 3}),
        ("reference", {"valueString": "BR12345"}),
    ]


def _reissue(walk: Walk) -> Inputs:
    first = {"valueReference": {"reference": walk.references["answer to crown"]}}
    return [("origresponse", first), ("include", {"valueCode": "ClaimResponse"})]


TREATMENT = (
    # Ana waits for it. Allowed 35.00 and 1000.00; the implant bears the deductible and 20 % of
    # 900.00. The benefit of 755.00 is taken from the 899.00 that are reserved.
    Step(
        "The implant was done: the claim, urgent",
        submitted(_implant, "implant", is_urgent=True),
        "201 ClaimResponse complete submitted 1140.00, contractual 105.00, "
        "deductible 100.00, coinsurance 180.00, benefit 755.00 EUR",
    ),
    Step(
        "The preauthorization is in use",
        asked("cancel", "request"),
        "201 rejected ECG-CANCEL-CLAIMED at Task.focus",
    ),
    Step(
        "What would a release give back?",
        tried("release", "request"),
        "200 completed; 144.00 EUR; dry-run",
    ),
    Step(
        "The rest is released",
        asked("release", "request"),
        "201 completed; 144.00 EUR",
    ),
    Step(
        "Nothing is left to release",
        asked("release", "request"),
        "201 completed; 0.00 EUR",
    ),
    Step(
        "Ana's explanation of benefit",
        polled(inputs=lambda _: [("include", {"valueCode": "ExplanationOfBenefit"})]),
        "201 completed; ExplanationOfBenefit complete submitted 1140.00, contractual 105.00, "
        "deductible 100.00, coinsurance 180.00, benefit 755.00 EUR; 0 remaining",
    ),
    # The deductible is used up: 20 % of 180.00 and of 400.00 are the member's.
    # 35.00 + 144.00 + 320.00 is left.
    Step(
        "Two fillings and a crown, a later claim",
        submitted(
            lambda _: claim(
                "C-2",
                ("exam", 1, "40.00"),
                ("filling", 2, "95.50"),
                ("crown", 1, "450.00"),
                serviced=A_WEEK_LATER,
            ),
            "crown",
        ),
        "201 ClaimResponse queued",
    ),
    Step(
        "No deductible is left to bear",
        decided("crown"),
        "201 completed; complete, 499.00 EUR, resource active, "
        "may cancel nullify reprocess status poll deliver",
    ),
    # A filling is now 95.00, a crown 425.00: 20 % of 190.00 and of 425.00 are the member's, 1.00
    # and 25.00 are written off beside the 5.00 of the examination, which is not decided again.
    # 35.00 + 152.00 + 340.00 is left.
    Step(
        "New prices are agreed",
        loaded("later"),
        "2 replaced",
    ),
    Step(
        "Please decide lines 2 and 3 again",
        asked("reprocess", "crown", inputs=_lines),
        "201 in-progress awaiting-adjudication; To be decided again: line 2, 3",
    ),
    Step(
        "The claim is decided again",
        decided("crown"),
        "201 completed; complete, 527.00 EUR, resource active, "
        "may cancel nullify reprocess status poll deliver",
    ),
    Step(
        "What takes the place of the first answer",
        polled(inputs=_reissue),
        "201 completed; ClaimResponse complete (reprocessed) submitted 681.00, "
        "contractual 31.00, coinsurance 123.00, benefit 527.00 EUR; 0 remaining",
    ),
    Step(
        "What changed, line by line, and why",
        read("polled", told.changes),
        "200 line 2: benefit 152.00 EUR, was 144.00 EUR (the price of filling is another); "
        "line 3: benefit 340.00 EUR, was 320.00 EUR (the price of crown is another)",
    ),
    Step(
        "The first answer is no longer in force",
        read("answer to crown"),
        "200 ClaimResponse cancelled complete submitted 681.00, contractual 66.00, "
        "coinsurance 116.00, benefit 499.00 EUR",
    ),
    Step(
        "The Task that asked for it, by poll",
        polled(inputs=lambda _: [("include", {"valueCode": "Task"})]),
        "201 completed; Task completed; 0 remaining",
    ),
)
