"""A provider's PaymentNotice names a payment that this payer has issued to it, or pays an Invoice.

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
from app.fhir.documents import Document, identifiers_of, money_of, reference_of
from app.gateway.invoices.balances import invoice_issues, names_invoice, received
from app.gateway.payments.payees import name_of
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

# Whatever makes a notice that is valid be refused.
REFUSALS = frozenset(
    {
        ErrorCode.PAYMENT_UNKNOWN,
        ErrorCode.PAYMENT_DIFFERENT,
        ErrorCode.PAYMENT_TWICE,
        ErrorCode.INVOICE_PAYMENT,
    }
)

_TYPE = "PaymentReconciliation"
_AT = "PaymentNotice.payment"


def payment_issues(
    document: Mapping[str, Any], base: str, work: UnitOfWork, at: str = _AT
) -> list[Issue]:
    """Why the notice is not taken; empty where it agrees with a payment, or pays an Invoice.

    One that names both a payment of this payer's and an Invoice has to agree with both.
    """
    if _is_told_already(document, work):
        return [_told_twice(at)]
    payment = _issued(document, base, work)
    pays_invoice = names_invoice(document, base)
    if payment is None and not (pays_invoice and _is_from_outside(document, base)):
        error = ErrorCode.PAYMENT_UNKNOWN
        return [Issue(error, error.entry.meaning, at)]
    compared = _compared(document, payment, base, work) if payment is not None else []
    differences = [name for name, agrees in compared if not agrees]
    if differences:
        text = f"The notice differs from the payment in {' and '.join(differences)}."
        return [Issue(ErrorCode.PAYMENT_DIFFERENT, text, at)]
    return invoice_issues(document, base, work, at) if pays_invoice else []


def _is_told_already(document: Mapping[str, Any], work: UnitOfWork) -> bool:
    """Whether another notice under an identifier of this one stands."""
    identifiers = identifiers_of(document)
    found = work.resources.identified(("PaymentNotice",), *identifiers) if identifiers else []
    kept = (work.submissions.find(*key) for key in found if key[1] != document.get("id"))
    return any(each is not None and each.state is State.STORED for each in kept)


def _hold_identifiers(document: Mapping[str, Any], id: str, work: UnitOfWork) -> bool:
    """Take the identifiers of a notice while it stands; whether no other notice has one of them.

    Of two at the same moment the database lets one have it, whichever Invoices they name.
    """
    hashes = {work.hasher("live-notice", each.key) for each in identifiers_of(document)}
    return not work.submissions.hold_identifiers(id, hashes)


def _told_twice(at: str = _AT) -> Issue:
    return Issue(ErrorCode.PAYMENT_TWICE, ErrorCode.PAYMENT_TWICE.entry.meaning, at)


def _is_from_outside(document: Mapping[str, Any], base: str) -> bool:
    """Whether the payment is not said to be one of this payer's."""
    return reference_of(document["payment"], base).type != _TYPE


def take(
    document: Mapping[str, Any],
    stored: Stored,
    client: Client,
    base: str,
    work: UnitOfWork,
    is_handed_over: bool,
) -> None:
    """Keep a notice that agrees with its payment; raises Unacceptable for any other."""
    # The identifiers before the Invoice, as a cancel lets go of them: nobody waits for each other.
    is_twice = not _hold_identifiers(document, stored.id, work)
    issues = [_told_twice()] if is_twice else payment_issues(document, base, work)
    if issues:
        raise Unacceptable(*issues)
    submission = Submission(
        type=stored.type,
        id=stored.id,
        label=stored.label,
        submitter_id=client.id,
        state=State.STORED,
        epoch=1,
        created_at=work.now,
        outcome=Outcome.COMPLETE,
    )
    work.submissions.add(submission)
    if names_invoice(document, base):
        received(document, submission, base, work)


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


def _compared(
    notice: Mapping[str, Any], payment: Mapping[str, Any], base: str, work: UnitOfWork
) -> list[tuple[str, bool]]:
    amount, paid = money_of(notice["amount"]), money_of(payment["paymentAmount"])
    dated = notice.get("paymentDate") or notice.get("created")
    return [
        ("amount", amount == paid),
        ("payee", _is_same_payee(notice, payment, base, work)),
        ("date", dated is not None and first_day(dated) >= first_day(payment["paymentDate"])),
    ]


def _is_same_payee(
    notice: Mapping[str, Any], payment: Mapping[str, Any], base: str, work: UnitOfWork
) -> bool:
    """A notice without a payee speaks of whom the payment was issued to."""
    payee, issued_to = notice.get("payee"), payment.get("requestor")
    if payee is None or issued_to is None:
        return True
    return name_of(notice, payee, base, work) == name_of(payment, issued_to, base, work)
