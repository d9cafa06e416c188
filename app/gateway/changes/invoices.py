"""An Invoice, of which its owner changes the status and nothing else.

http://hl7.org/fhir/R4/valueset-invoice-status.html. Docs: docs/invoices.md.
"""

from app.domain.invoices import InvoiceStatus, require_next
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.answers.invoices import charge_items_of, posted
from app.fhir.business.charge_items import BILLABLE, BILLED
from app.gateway.administering.reference_data import content_of
from app.gateway.answers import with_status
from app.gateway.invoices.balances import balance_of
from app.gateway.received import Received
from app.store.audit import Event
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

_REASON = "cancelledReason"


def changed(
    previous: Stored, received: Received, client: Client, work: UnitOfWork, *, method: str
) -> Stored:
    """The Invoice as it is from now on; raises Unacceptable for any change but of its status."""
    before, meta = content_of(previous.text)
    after, asked_meta = content_of(json_text.write(received.document))
    was, asked = before.pop("status", None), after.pop("status", None)
    had, reason = before.pop(_REASON, None), after.pop(_REASON, None)
    if (before, meta) != (after, asked_meta):
        text = "Of an Invoice nothing changes but its status, and why it is cancelled."
        raise Unacceptable(Issue(ErrorCode.IMMUTABLE, text, "Invoice"))
    if (was, had) == (asked, reason):
        return previous
    status = InvoiceStatus(asked)
    require_next(InvoiceStatus(was), status, reason)
    if status is InvoiceStatus.CANCELLED:
        _require_unpaid(previous, work)
        work.mentions.forget("Invoice", [previous.id])
        _free_charges(charge_items_of(before), work)
    stored = _next_version(previous, status, reason, work, method)
    event = Event(
        client.id, "invoice", status.value, "Invoice", stored.id, request_id=received.request_id
    )
    work.audit.add(event)
    return stored


def _require_unpaid(invoice: Stored, work: UnitOfWork) -> None:
    """What was paid of a cancelled Invoice would be nobody's."""
    if balance_of(invoice, work).received.amount:
        text = "Something was paid of the Invoice: cancel the PaymentNotices about it before."
        raise Unacceptable(Issue(ErrorCode.INVOICE_STATUS, text, "Invoice.status"))


def _next_version(
    previous: Stored, status: InvoiceStatus, reason: str | None, work: UnitOfWork, method: str
) -> Stored:
    members: dict[str, str | None] = {"status": json_text.write(status.value)}
    if reason is not None:
        members[_REASON] = json_text.write(reason)
    if status is InvoiceStatus.ISSUED:
        members["date"] = json_text.write(posted(work.now))
    text = json_text.replaced(previous.text or "{}", members)
    stamped = json_text.stamped(text, previous.id, previous.version + 1, work.now)
    stored = work.resources.amend(previous, stamped, method=method)
    work.replay_keys.forget_conditions(stored.type, stored.id)
    return stored


def _free_charges(references: list[str], work: UnitOfWork) -> None:
    """What was billed is billable again; what its owner has changed or deleted since, is left."""
    for id in sorted(each.rpartition("/")[2] for each in references):
        found = work.resources.find("ChargeItem", id, lock=True)
        if found is None or found.text is None:
            continue
        if json_text.parsed(found.text).get("status") == BILLED:
            with_status(found, BILLABLE, work)
