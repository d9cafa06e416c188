"""Accounts with charges, and the payer's prices for them."""

from dataclasses import dataclass
from typing import Any

from tests.builders import money
from tests.wire import Reply, Wire

CODES = "http://codes.test"


def coded(code: str) -> dict[str, Any]:
    """A code of the payer's price list."""
    return {"coding": [{"system": CODES, "code": code}]}


def an_account(**elements: Any) -> dict[str, Any]:
    """An active Account of a patient."""
    return {
        "resourceType": "Account",
        "status": "active",
        "subject": [{"reference": "Patient/p1"}],
        **elements,
    }


def a_charge(account: str, /, code: str = "1200", **elements: Any) -> dict[str, Any]:
    """A billable ChargeItem of an Account, served on 1 March 2026."""
    return {
        "resourceType": "ChargeItem",
        "status": "billable",
        "code": coded(code),
        "subject": {"reference": "Patient/p1"},
        "occurrenceDateTime": "2026-03-01",
        "account": [{"reference": account}],
        **elements,
    }


def a_definition(
    code: str = "1200",
    base: str | None = "50.00",
    *others: dict[str, Any],
    currency: str = "EUR",
    groups: list[dict[str, Any]] | None = None,
    **elements: Any,
) -> dict[str, Any]:
    """What the payer keeps of one service: a base price, and components beside it."""
    components = [{"type": "base", "amount": money(base, currency)}] if base else []
    all_of_it = [{"priceComponent": [*components, *others]}]
    return {
        "resourceType": "ChargeItemDefinition",
        "url": f"http://payer.test/price/{code}",
        "status": "active",
        "code": coded(code),
        "propertyGroup": all_of_it if groups is None else groups,
        **elements,
    }


def under(expression: str, *components: dict[str, Any]) -> dict[str, Any]:
    """A group of components under a condition."""
    condition = {"language": "text/fhirpath", "expression": expression}
    return {"applicability": [condition], "priceComponent": list(components)}


@dataclass(frozen=True)
class Billing:
    """A submitter who keeps accounts, and the payer who keeps prices."""

    wire: Wire
    core: Wire

    def price(self, *arguments: Any, **elements: Any) -> str:
        """A price of the payer's; its reference."""
        return made(self.core.post("ChargeItemDefinition", a_definition(*arguments, **elements)))

    def account(self, **elements: Any) -> str:
        """An Account; its reference."""
        return made(self.wire.post("Account", an_account(**elements)))

    def charge(self, account: str, /, *arguments: Any, **elements: Any) -> str:
        """A ChargeItem of an Account; its reference."""
        return made(self.wire.post("ChargeItem", a_charge(account, *arguments, **elements)))

    def invoice(self, account: str, status: str | None = None, **headers: str) -> Reply:
        """POST Account/{id}/$invoice."""
        if status is None:
            return self.wire.ask("POST", f"{account}/$invoice", **headers)
        given = [{"name": "status", "valueCode": status}]
        document = {"resourceType": "Parameters", "parameter": given}
        return self.wire.post(f"{account}/$invoice", document, **headers)

    def status(self, reference: str) -> str:
        """The status of a resource."""
        status: str = self.wire.get(reference).document["status"]
        return status


def made(reply: Reply) -> str:
    """The reference of what was created."""
    assert reply.status == 201, reply.text
    return reply.reference


def billed(invoice: Reply) -> list[str]:
    """The ChargeItems of an Invoice."""
    lines = invoice.document["lineItem"]
    return [line["chargeItemReference"]["reference"] for line in lines]
