"""Writing an Invoice, and what is read of one again.

http://hl7.org/fhir/R4/invoice.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.canonical import LEFT_TO_PAY
from app.domain.invoices import Balance, InvoiceStatus
from app.domain.money import Money
from app.domain.permissions import CONFIDENTIALITY, label_of, label_that_counts
from app.domain.pricing import Bill, Component, PricedLine
from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.answers.writing import detached, filled, identifier_document, labelled, narrative
from app.fhir.documents import Document, money_of

_RECIPIENTS = frozenset({"Patient", "Group"})


@dataclass(frozen=True, slots=True)
class Invoicing:
    """What an Invoice is written from; `issuer` stands in where the Account has no owner."""

    account: Document
    account_reference: str
    charge_items: Sequence[Document]
    bill: Bill
    identifier: Identifier
    status: InvoiceStatus
    issuer: Document
    at: datetime


def invoice(invoicing: Invoicing) -> Document:
    """The Invoice for the charges of an Account."""
    account, bill = invoicing.account, invoicing.bill
    return filled(
        resourceType="Invoice",
        **_labelled(invoicing),
        text=_narrative(invoicing),
        identifier=[identifier_document(invoicing.identifier)],
        status=invoicing.status.value,
        subject=_subject(invoicing),
        recipient=_recipient(account),
        date=posted(invoicing.at),
        issuer=detached(account["owner"], account) if "owner" in account else invoicing.issuer,
        account={"reference": invoicing.account_reference, "type": "Account"},
        lineItem=[_line(number, line) for number, line in enumerate(bill.lines, 1)],
        totalPriceComponent=[_component(each) for each in bill.components],
        totalNet=_money(bill.net),
        totalGross=_money(bill.gross),
    )


def _labelled(invoicing: Invoicing) -> Document:
    """The labels of the Account, and the guarded one of its charges where that is higher."""
    kept = labelled(invoicing.account)
    own, *others = (label_of(each) for each in (invoicing.account, *invoicing.charge_items))
    highest = label_that_counts([each for each in (own, *others) if each is not None])
    if highest is None or highest == own:
        return kept
    codings = kept.get("meta", {}).get("security", [])
    return {"meta": {"security": [*codings, {"system": CONFIDENTIALITY, "code": highest}]}}


def posted(at: datetime) -> str:
    """When an Invoice was posted, as it is written."""
    return at.isoformat(timespec="seconds")


def charge_items_of(invoice: Document) -> list[str]:
    """The references to the ChargeItems that an Invoice bills."""
    lines = invoice.get("lineItem", [])
    return [line["chargeItemReference"]["reference"] for line in lines if _is_ours(line)]


def total_of(invoice: Mapping[str, Any]) -> Money:
    """What an Invoice comes to, tax included."""
    total = money_of(invoice["totalGross"])
    if total is None:
        raise ValueError("every Invoice has its total")
    return total


def settled_members(invoice: Document, balance: Balance) -> dict[str, str | None]:
    """The members, as JSON text, that tell how far an Invoice is paid."""
    others = [each for each in invoice.get("extension", ()) if each["url"] != LEFT_TO_PAY]
    is_partly = balance.left.amount and balance.received.amount
    left = [{"url": LEFT_TO_PAY, "valueMoney": _money(balance.left)}] if is_partly else []
    sentence = f"Invoice {invoice['identifier'][0]['value']}: {_told(balance.total)}, tax included."
    facts = [_lines(len(invoice["lineItem"]), total_net(invoice))]
    if balance.received.amount:
        facts.append(f"{_told(balance.received)} was paid, {_told(balance.left)} is left")
    return {
        "status": json_text.write(balance.status.value),
        "extension": json_text.write([*others, *left]) if [*others, *left] else None,
        "text": json_text.write(narrative(sentence, facts)),
    }


def total_net(invoice: Mapping[str, Any]) -> Money:
    """What an Invoice comes to without tax."""
    net = money_of(invoice["totalNet"])
    if net is None:
        raise ValueError("every Invoice has its total")
    return net


def _is_ours(line: Document) -> bool:
    return "reference" in line.get("chargeItemReference", {})


def _subject(invoicing: Invoicing) -> Document | None:
    """The Account's one patient or group, else the one that all charges name."""
    account = invoicing.account
    of_account = [
        detached(each, account) for each in account.get("subject", []) if _is_person(each)
    ]
    if len(of_account) == 1:
        return dict(of_account[0])
    named = _alike(detached(each["subject"], each) for each in invoicing.charge_items)
    return named[0] if len(named) == 1 else None


def _alike(references: Iterable[Document]) -> list[Document]:
    """The references that differ from each other; what they display does not count."""
    found: dict[str, Document] = {}
    for each in references:
        named = {name: value for name, value in each.items() if name != "display"} or each
        found.setdefault(json_text.write(named), each)
    return list(found.values())


def _is_person(reference: Document) -> bool:
    address, _, _ = reference.get("reference", "").partition("/_history/")
    type = reference.get("type") or address.rpartition("/")[0]
    return type.rpartition("/")[2] in _RECIPIENTS


def _recipient(account: Document) -> Document | None:
    """Who answers for the Account: its one guarantor that is not on hold."""
    parties = [each["party"] for each in account.get("guarantor", []) if not each.get("onHold")]
    return dict(detached(parties[0], account)) if len(parties) == 1 else None


def _line(number: int, line: PricedLine) -> Document:
    return {
        "sequence": number,
        "chargeItemReference": {"reference": line.reference, "type": "ChargeItem"},
        "priceComponent": [_component(each) for each in line.components],
    }


def _component(component: Component) -> Document:
    return filled(
        type=component.kind.value,
        code=None if component.code is None else json_text.parsed(component.code),
        factor=component.factor,
        amount=None if component.amount is None else _money(component.amount),
    )


def _money(money: Money) -> Document:
    return {"value": money.amount, "currency": money.currency}


def _narrative(invoicing: Invoicing) -> Document:
    bill = invoicing.bill
    sentence = f"Invoice {invoicing.identifier.value}: {_told(bill.gross)}, tax included."
    return narrative(sentence, [_lines(len(bill.lines), bill.net)])


def _lines(count: int, net: Money) -> str:
    return f"{count} line{'s' if count > 1 else ''}, without tax {_told(net)}"


def _told(money: Money) -> str:
    return f"{money.amount:f} {money.currency}"
