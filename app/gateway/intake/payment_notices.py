"""A provider's PaymentNotice must name a payment that this payer has issued to it.

http://hl7.org/fhir/R4/paymentnotice.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.codes import Outcome
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.lifecycle import State
from app.domain.parties import Client
from app.domain.period import first_day
from app.fhir import json_text
from app.fhir.documents import Document, identifier_of, money_of, reference_of
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

_TYPE = "PaymentReconciliation"


def payment_issues(
    document: Mapping[str, Any], base: str, work: UnitOfWork, at: str = "PaymentNotice.payment"
) -> list[Issue]:
    """Why the notice is not taken; empty where it agrees with an issued payment."""
    payment = _issued(document, base, work)
    if payment is None:
        error = ErrorCode.PAYMENT_UNKNOWN
        return [Issue(error, error.entry.meaning, at)]
    differences = [name for name, agrees in _compared(document, payment) if not agrees]
    if not differences:
        return []
    text = f"The notice differs from the payment in {' and '.join(differences)}."
    return [Issue(ErrorCode.PAYMENT_DIFFERENT, text, at)]


def take(
    document: Mapping[str, Any],
    stored: Stored,
    client: Client,
    base: str,
    work: UnitOfWork,
    is_handed_over: bool,
) -> None:
    """Keep a notice that agrees with its payment; raises Unacceptable for any other."""
    issues = payment_issues(document, base, work)
    if issues:
        raise Unacceptable(*issues)
    work.submissions.add(
        Submission(
            type=stored.type,
            id=stored.id,
            submitter_id=client.id,
            state=State.STORED,
            epoch=1,
            created_at=work.now,
            outcome=Outcome.COMPLETE,
        )
    )


def _issued(document: Mapping[str, Any], base: str, work: UnitOfWork) -> Document | None:
    """The payment that the notice names, among those of this submitter."""
    reference = reference_of(document["payment"], base)
    if reference.type not in (None, _TYPE):
        return None
    if reference.id is not None:
        stored = work.resources.find(_TYPE, reference.id)
    elif reference.identifier is not None:
        matches = work.resources.identified((_TYPE,), reference.identifier)
        stored = work.resources.find(*matches[0]) if len(matches) == 1 else None
    else:
        stored = None
    if stored is None or stored.text is None:
        return None
    payment: Document = json_text.parsed(stored.text)
    return payment if payment["status"] == "active" else None


def _compared(notice: Mapping[str, Any], payment: Mapping[str, Any]) -> list[tuple[str, bool]]:
    amount, paid = money_of(notice["amount"]), money_of(payment["paymentAmount"])
    payee, issued_to = notice.get("payee"), payment.get("requestor")
    dated = notice.get("paymentDate") or notice.get("created")
    return [
        ("amount", amount == paid),
        ("payee", _is_same(payee, issued_to)),
        ("date", dated is not None and first_day(dated) >= first_day(payment["paymentDate"])),
    ]


def _is_same(payee: Mapping[str, Any] | None, issued_to: Mapping[str, Any] | None) -> bool:
    """A notice without a payee speaks of whom the payment was issued to."""
    if payee is None or issued_to is None:
        return True
    named, meant = (
        identifier_of(payee.get("identifier")),
        identifier_of(issued_to.get("identifier")),
    )
    if named is not None and meant is not None:
        return named == meant
    return payee.get("reference") is not None and payee.get("reference") == issued_to.get(
        "reference"
    )
