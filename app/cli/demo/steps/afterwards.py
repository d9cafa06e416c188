"""Afterwards: cancel before and after the decision, nullify, and what is left of it."""

from __future__ import annotations

from typing import Any

from app.cli.demo.actions import (
    Inputs,
    asked,
    decided,
    polled,
    read,
    sent_again,
    submitted,
    tried,
    verified,
)
from app.cli.demo.documents import claim
from app.cli.demo.walk import Step, Walk


def _first_decision(walk: Walk) -> Inputs:
    reference = walk.references["answer to implant"]
    return [("origresponse", {"valueReference": {"reference": reference}})]


def _amended(walk: Walk) -> dict[str, Any]:
    """The same identifier, and another content."""
    sent = walk.sent["crown"]
    return claim("C-2", ("exam", 1, "40.00"), identifier=sent["identifier"])


_CANCELS = (
    # Cancelled while it waits: nobody has heard of the member, so nothing can be decided yet.
    Step(
        "A claim for an unknown member",
        submitted(lambda _: claim("C-3", ("exam", 1, "40.00"), member="CARLA-1"), "waiting"),
        "201 ClaimResponse queued",
    ),
    Step(
        "It waits for a coverage",
        decided("waiting"),
        "201 completed; queued, awaiting coverage, resource active, "
        "may cancel nullify status poll deliver",
    ),
    Step(
        "Could it be cancelled?",
        tried("cancel", "waiting"),
        "200 completed; dry-run",
    ),
    Step(
        "Cancelled before the decision",
        asked("cancel", "waiting", number="T-2"),
        "201 completed",
    ),
    Step(
        "The same cancel again",
        sent_again("T-2"),
        "200 the same answer, Task completed",
    ),
    Step(
        "Another cancel is refused",
        asked("cancel", "waiting", number="T-3"),
        "201 rejected ECG-CANCEL-ALREADY-CANCELLED at Task.focus",
    ),
    # Cancelled after the decision: reversed, and the deductible and what was reserved given back.
    Step(
        "The implant's claim is cancelled",
        asked("cancel", "implant"),
        "201 completed; ClaimResponse complete (cancelled) submitted -1140.00, "
        "contractual -105.00, deductible -100.00, coinsurance -180.00, benefit -755.00 EUR",
    ),
    Step(
        "What follows its first decision",
        polled(inputs=_first_decision),
        "201 completed; ClaimResponse complete (cancelled) submitted -1140.00, "
        "contractual -105.00, deductible -100.00, coinsurance -180.00, benefit -755.00 EUR; "
        "0 remaining",
    ),
    Step(
        "What it had used is released",
        asked("release", "request"),
        "201 completed; 755.00 EUR",
    ),
    # At the new price of 95.00: of 190.00 the member bears the deductible and 20 % of 90.00.
    Step(
        "What would two fillings pay now?",
        submitted(
            lambda _: claim("PD-2", ("filling", 2, "95.50"), use="predetermination"), "afterwards"
        ),
        "201 ClaimResponse queued",
    ),
    Step(
        "The deductible is to bear again",
        decided("afterwards"),
        "201 completed; complete, 72.00 EUR, resource active, "
        "may cancel nullify reprocess status poll deliver",
    ),
)

_PURGE = (
    # Versions: the Claim 1; its first ClaimResponse 3 (queued, decided, cancelled) and the second
    # 1; its first ExplanationOfBenefit 2 (decided, cancelled) and the second 1.
    Step(
        "The later claim is nullified",
        asked("nullify", "crown"),
        "201 completed purge-pending; "
        "purged Claim 1, ClaimResponse 2, ExplanationOfBenefit 2; 8 versions",
    ),
    Step(
        "It is gone",
        read("crown"),
        "410 ECG-GONE",
    ),
    Step(
        "So is the answer to it",
        read("answer to crown"),
        "410 ECG-GONE",
    ),
    Step(
        "Its status cannot be asked any more",
        asked("status", "crown"),
        "201 failed ECG-FOCUS-GONE at Task.focus",
    ),
    Step(
        "The same claim again does not come back",
        submitted(lambda walk: walk.sent["crown"], "late"),
        "410 ECG-NULLIFIED",
    ),
    Step(
        "An amended one is welcome",
        submitted(_amended, "amended"),
        "201 ClaimResponse queued",
    ),
    Step(
        "The files hold nothing of it",
        verified("nullify of crown"),
        "200 completed purge-verified",
    ),
)

AFTERWARDS = (*_CANCELS, *_PURGE)
