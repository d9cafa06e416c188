"""Payment: what is owed is paid, told, and acknowledged; what is cancelled then is carried forward.

Of the Claims that are left, only the amended one is owed anything: its examination, 35.00.
"""

from __future__ import annotations

from app.cli.demo import documents
from app.cli.demo.actions import Inputs, asked, decided, paid, polled
from app.cli.demo.documents import Document
from app.cli.demo.walk import Step, Walk


def _notice(amount: str, walk: Walk) -> Document:
    return documents.payment_notice(walk.references["payment"], amount)


def _contained(_: Walk) -> Inputs:
    return [("resource", {"valueReference": {"reference": "#notice"}})]


PAYMENT = (
    Step(
        "The amended claim is decided",
        decided("amended"),
        "201 completed; complete, 35.00 EUR, resource active, "
        "may cancel nullify reprocess status poll deliver",
    ),
    Step(
        "The payer pays what it owes",
        paid("payment"),
        "paid 35.00 EUR for 1",
    ),
    Step(
        "Nothing is paid twice",
        paid("nothing"),
        "",
    ),
    Step(
        "What the payment is made of",
        polled(inputs=lambda _: [("include", {"valueCode": "PaymentReconciliation"})]),
        "201 completed; PaymentReconciliation complete 35.00 EUR; 0 remaining",
    ),
    Step(
        "The payer's notice that it has paid",
        polled(inputs=lambda _: [("include", {"valueCode": "PaymentNotice"})]),
        "201 completed; PaymentNotice 35.00 EUR; 0 remaining",
    ),
    Step(
        "A notice that less has arrived is refused",
        asked("deliver", contained=lambda walk: _notice("34.99", walk), inputs=_contained),
        "201 rejected ECG-PAYMENT-DIFFERENT at Task.input[0]",
    ),
    Step(
        "All of it has arrived",
        asked("deliver", contained=lambda walk: _notice("35.00", walk), inputs=_contained),
        "201 completed; PaymentNotice 35.00 EUR",
    ),
    Step(
        "The paid claim is cancelled",
        asked("cancel", "amended"),
        "201 completed; ClaimResponse complete (cancelled) submitted -40.00, "
        "contractual -5.00, benefit -35.00 EUR",
    ),
    Step(
        "The next payment begins with it",
        paid("next payment"),
        "carried -35.00 EUR for 1",
    ),
)
