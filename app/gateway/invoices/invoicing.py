"""Account/{id}/$invoice: what is billable of an Account becomes an Invoice, once.

http://hl7.org/fhir/R4/invoice.html. Docs: docs/invoices.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.domain.invoices import BEGINNINGS, LIVE, InvoiceStatus
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.domain.pricing import Bill, bill
from app.fhir import json_text
from app.fhir.answers.invoices import Invoicing, charge_items_of, invoice
from app.fhir.answers.writing import filled, identifier_document
from app.fhir.business.charge_items import BILLABLE, BILLED
from app.fhir.documents import Document
from app.fhir.search.reading import read_query
from app.gateway.answers import added, own_identifier, with_status
from app.gateway.changes.target import Target, standing
from app.gateway.installation import Installation
from app.gateway.intake.outcome import Taken, there_already
from app.gateway.invoices.charges import Pricing
from app.gateway.once import TakenMeanwhile, once
from app.gateway.received import Keys, Received, keys_of
from app.store.audit import Event
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

# So many charges are billed at once; what is left is for the next invoice.
MOST_LINES = 500
_TOGETHER = 200
_INVOICED = frozenset({"active", "inactive"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request: the Account, and what the Parameters say."""

    client: Client
    account_id: str
    status: InvoiceStatus
    keys: Keys
    request_id: str | None

    @property
    def account(self) -> str:
        return f"Account/{self.account_id}"


def invoice_account(
    installation: Installation, client: Client, received: Received, account_id: str
) -> Taken:
    """Bill what is billable of an Account; what is there already, where nothing is.

    Raises Unacceptable with nothing stored.
    """
    status = _status(received.document)
    told = replace(received, sent={**received.document, "account": account_id}, if_none_exist=None)
    keys = keys_of(told, ("$invoice",), (), installation.hasher)
    asked = _Asked(client, account_id, status, keys, received.request_id)
    return once(
        installation,
        client,
        Target("Account", account_id, request_id=received.request_id),
        lambda work: _invoiced(asked, work),
        lambda work: _earlier(asked, work),
    )


def _status(parameters: Mapping[str, Any]) -> InvoiceStatus:
    """The parameter `status`: `issued`, which it is without one, or `draft`."""
    given = parameters.get("parameter", ())
    codes = [each.get("valueCode") for each in given if each.get("name") == "status"]
    if len(codes) < len(given) or len(codes) > 1 or not set(codes) <= set(BEGINNINGS):
        text = "The one parameter is 'status', a valueCode, 'draft' or 'issued'."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text, "Parameters.parameter"))
    return InvoiceStatus(codes[0]) if codes else InvoiceStatus.ISSUED


def _earlier(asked: _Asked, work: UnitOfWork) -> Taken | None:
    kept = asked.keys.found(work.replay_keys)
    stored = None if kept is None else work.resources.find(kept.type, kept.resource_id)
    return None if stored is None else there_already(stored, work.scope)


def _invoiced(asked: _Asked, work: UnitOfWork) -> Taken:
    earlier = _earlier(asked, work)
    if earlier is not None:
        return earlier
    account = _account(asked, work)
    charges = _billable(asked.account, work)
    if not charges:
        return _nothing_new(asked, work)
    id = work.new_id()
    if not asked.keys.take(work.replay_keys, "Invoice", id):
        raise TakenMeanwhile
    documents = [json_text.parsed(each.text or "{}") for each in charges]
    pricing = Pricing(work, asked.client.payer.settings.zone)
    priced = bill([pricing.charge(*each) for each in zip(charges, documents, strict=True)])
    stored = _added(asked, id, account, documents, priced, work)
    work.mentions.add("Invoice", id, [each.reference for each in charges])
    for each in charges:
        with_status(each, BILLED, work)
    event = Event(asked.client.id, "invoice", "created", "Invoice", id, request_id=asked.request_id)
    work.audit.add(event)
    # Its lines tell of charges that are labelled as it is.
    return Taken(stored, is_new=True, is_shown=work.scope.sees(stored.type, stored.label))


def _account(asked: _Asked, work: UnitOfWork) -> Document:
    """The Account, locked, so that whoever else invoices it comes before or after."""
    target = Target("Account", asked.account_id)
    found = standing(target, asked.account_id, asked.client, work, None)
    if found is None:
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such resource."))
    if found.text is None:
        raise Unacceptable(Issue(ErrorCode.GONE, "The resource is gone."))
    account: Document = json_text.parsed(found.text)
    status = account.get("status")
    if status not in _INVOICED:
        text = f"An Account that is '{status}' is not invoiced."
        raise Unacceptable(Issue(ErrorCode.INVOICE_ACCOUNT, text, "Account.status"))
    return account


def _nothing_new(asked: _Asked, work: UnitOfWork) -> Taken:
    """The latest invoice of the Account, where everything is on one."""
    latest = _latest_invoice(asked.account, work)
    if latest is None:
        text = ErrorCode.INVOICE_NOTHING.entry.meaning
        raise Unacceptable(Issue(ErrorCode.INVOICE_NOTHING, text))
    asked.keys.bind(work.replay_keys, latest.type, latest.id)
    return there_already(latest, work.scope)


def _added(
    asked: _Asked,
    id: str,
    account: Document,
    charge_items: list[Document],
    priced: Bill,
    work: UnitOfWork,
) -> Stored:
    own = next(iter(asked.client.identifiers), None)
    issuer = filled(
        type="Organization",
        identifier=None if own is None else identifier_document(own),
        display=asked.client.name,
    )
    written = invoice(
        Invoicing(
            account=account,
            account_reference=asked.account,
            charge_items=charge_items,
            bill=priced,
            identifier=own_identifier("Invoice", id),
            status=asked.status,
            issuer=issuer,
            at=work.now,
        )
    )
    return added(written, id, work.scope.submitter_id, work)


def _billable(account: str, work: UnitOfWork) -> list[Stored]:
    """The Account's ChargeItems that are billable and on no live invoice, in the order of ids."""
    found: list[Stored] = []
    for page in _of_account("ChargeItem", account, work):
        billable = [each for each in page if _status_in(each) == BILLABLE]
        billed = _billed([each.reference for each in billable], work) if billable else set()
        found += [each for each in billable if each.reference not in billed]
        if len(found) >= MOST_LINES:
            break
    return found[:MOST_LINES]


def _billed(charges: list[str], work: UnitOfWork) -> set[str]:
    """Those that live invoices bill, whatever their owner has made of them since.

    What is cancelled names nothing any more.
    """
    ids = [id for type, id in work.mentions.of(charges) if type == "Invoice"]
    return {
        reference
        for stored in work.resources.find_all("Invoice", ids)
        for reference in charge_items_of(json_text.parsed(stored.text or "{}"))
    }


def _latest_invoice(account: str, work: UnitOfWork) -> Stored | None:
    """The Account's last Invoice that is not cancelled."""
    ids = (
        each.id
        for page in _of_account("Invoice", account, work)
        for each in page
        if _status_in(each) in LIVE
    )
    latest = max(ids, default=None)
    return None if latest is None else work.resources.find("Invoice", latest)


def _status_in(stored: Stored) -> str | None:
    member = json_text.member(stored.text or "{}", "status")
    status: str | None = None if member is None else json_text.parsed(member)
    return status


def _of_account(type: str, account: str, work: UnitOfWork) -> Iterator[list[Stored]]:
    """Everything of a type that refers to an Account, in the order of ids, some at a time."""
    query = read_query(type, [("account", account)], base=work.base, now=work.now)
    place = None
    while True:
        page = work.within(work.scope.unlimited).search.page(query.search, _TOGETHER, after=place)
        yield [stored for stored, _ in page.found]
        if not page.has_more:
            return
        place = page.found[-1][1]
