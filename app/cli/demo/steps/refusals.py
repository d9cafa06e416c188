"""What cannot be used is answered with everything that is wrong with it."""

from __future__ import annotations

from app.cli.demo.actions import polled, submitted
from app.cli.demo.documents import claim, incorrect_claim
from app.cli.demo.steps.polling import up_to
from app.cli.demo.walk import Step

_OTHER_DENTIST = {"system": "http://happyvalley.example/provider", "value": "HV-2"}

REFUSALS = (
    # What cannot be adjudicated is kept, and answered.
    Step(
        "A claim that does not add up",
        submitted(lambda _: incorrect_claim("C-4"), "incorrect"),
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
        submitted(lambda _: claim("C-5", ("exam", 1, "40.00"), provider=_OTHER_DENTIST), "foreign"),
        "403 ECG-FOREIGN-SENDER",
    ),
    Step(
        "A poll for 1000 at once",
        polled(inputs=lambda _: up_to(1000)),
        "400 ECG-INPUT-COUNT",
    ),
)
