"""Payments that a PaymentNotice tells of balance an Invoice; a notice that ends takes it back.

What an Invoice has received is the sum of the notices that name it and stand: nothing else keeps
it. Docs: docs/invoices.md.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.invoices import Balance, InvoiceStatus
from app.domain.issues import ErrorCode, Issue
from app.domain.money import NO_CURRENCY, Money
from app.domain.references import Reference
from app.fhir import json_text
from app.fhir.answers.invoices import settled_members, total_of
from app.fhir.documents import Document, money_of, reference_of
from app.store.audit import Event
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

_TYPE = "Invoice"
_ACTOR = "payments"
_NAMED_BY = ("request", "response", "payment")


def names_invoice(notice: Mapping[str, Any], base: str) -> bool:
    """Whether a notice says of itself that it is about an Invoice."""
    return any(reference.type == _TYPE for reference in _references(notice, base))


def paid_invoice(notice: Mapping[str, Any], base: str, work: UnitOfWork) -> Stored | None:
    """The one Invoice that a notice is about, its row locked; None where it is not known here."""
    named = [each for each in _references(notice, base) if each.type == _TYPE]
    matches = {id for each in named for id in _matches(each, work)}
    found = {id for id in matches if work.visible.is_known(_TYPE, id)}
    if len(found) != 1:
        return None
    stored = work.resources.find(_TYPE, found.pop(), lock=True)
    return None if stored is None or stored.text is None else stored


def balance_of(invoice: Stored, work: UnitOfWork, *, without: str | None = None) -> Balance:
    """What an Invoice, whose row is locked, comes to and has received, but for one notice."""
    document = json_text.parsed(invoice.text or "{}")
    total = total_of(document)
    received = Money.zero(total.currency)
    for stored in work.payments.notices_about(invoice.id):
        if stored.id != without:
            received += _amount(json_text.parsed(stored.text or "{}"))
    return Balance(InvoiceStatus(document["status"]), total, received)


def invoice_issues(notice: Mapping[str, Any], base: str, work: UnitOfWork, at: str) -> list[Issue]:
    """Why the Invoice that a notice names does not take the payment; empty where it does."""
    invoice = paid_invoice(notice, base, work)
    if invoice is None:
        text = "The notice names no Invoice, or more than one, of this submitter."
        return [Issue(ErrorCode.PAYMENT_UNKNOWN, text, at)]
    refusal = balance_of(invoice, work).refusal(_amount(notice))
    return [Issue(ErrorCode.INVOICE_PAYMENT, refusal, at)] if refusal else []


def received(
    notice: Mapping[str, Any], submission: Submission, base: str, work: UnitOfWork
) -> None:
    """Enter a payment that an Invoice takes: it is balanced, or what is left of it is told.

    Which Invoice it is stands with the notice's row from then on, whatever its text means later.
    """
    invoice = paid_invoice(notice, base, work)
    if invoice is None:
        raise LookupError("the Invoice of a notice that was checked is there")
    balance = balance_of(invoice, work).with_payment(_amount(notice))
    if work.submissions.move(submission, about_id=invoice.id) is None:
        raise LookupError("a notice that is being taken in is nobody else's to move")
    _settled(invoice, balance, work)


def taken_back(submission: Submission, work: UnitOfWork) -> None:
    """A notice that was kept ends: what it paid is owed again."""
    if submission.about_id is None:
        return
    invoice = work.resources.find(_TYPE, submission.about_id, lock=True)
    if invoice is not None and invoice.text is not None:
        _settled(invoice, balance_of(invoice, work, without=submission.id).reopened(), work)


def _settled(invoice: Stored, balance: Balance, work: UnitOfWork) -> None:
    """The next version of an Invoice, with its status and what is left."""
    text = invoice.text or "{}"
    members = settled_members(json_text.parsed(text), balance)
    stamped = json_text.stamped(
        json_text.replaced(text, members), invoice.id, invoice.version + 1, work.now
    )
    work.resources.amend(invoice, stamped)
    work.replay_keys.forget_conditions(_TYPE, invoice.id)
    work.audit.add(Event(_ACTOR, "invoice", balance.status.value, _TYPE, invoice.id))


def _references(notice: Mapping[str, Any], base: str) -> Iterator[Reference]:
    for name in _NAMED_BY:
        if name in notice:
            yield reference_of(notice[name], base)


def _matches(reference: Reference, work: UnitOfWork) -> set[str]:
    if reference.id is not None:
        return {reference.id}
    if reference.identifier is None:
        return set()
    return {id for _, id in work.resources.identified((_TYPE,), reference.identifier)}


def _amount(notice: Document | Mapping[str, Any]) -> Money:
    return money_of(notice["amount"]) or Money.zero(NO_CURRENCY)
