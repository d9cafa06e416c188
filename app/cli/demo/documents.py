"""What the demo's dentist sends, as FHIR: plain functions, only what matters is named.

http://hl7.org/fhir/R4/financial-module.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.cli.demo.temporary import SENDER

Document = dict[str, Any]

_OWN = "http://happyvalley.example"
_MEMBERS = "http://payer.example/member"
_SERVICES = "http://payer.example/service"
_TASK_CODES = "http://terminology.hl7.org/CodeSystem/financialtaskcode"
_TASK_INPUTS = "http://terminology.hl7.org/CodeSystem/financialtaskinputtype"
# In the past and in one year, so that every run meets the same deductible.
_SERVICED = "2024-03-04"
A_WEEK_LATER = "2024-03-11"


def today() -> str:
    """The day of this run, in the zone of the demo's payer."""
    return datetime.now(UTC).date().isoformat()


def eligibility(number: str, member: str) -> Document:
    """Is this member insured today?"""
    return {
        "resourceType": "CoverageEligibilityRequest",
        "identifier": [identifier(f"{_OWN}/eligibility", number)],
        "status": "active",
        "purpose": ["validation"],
        "patient": {"display": member},
        "created": today(),
        "provider": {"identifier": SENDER},
        "insurer": {"display": "Payer"},
        "insurance": [{"focal": True, "coverage": {"identifier": identifier(_MEMBERS, member)}}],
    }


def claim(
    number: str,
    *items: tuple[str, int, str],
    use: str = "claim",
    member: str = "ANA-1",
    total: str | None = None,
    provider: Mapping[str, str] = SENDER,
    serviced: str = _SERVICED,
    **elements: Any,
) -> Document:
    """A Claim of `items`: service, how many, and the price of one in EUR."""
    document = {
        "resourceType": "Claim",
        "identifier": [identifier(f"{_OWN}/claim", number)],
        "status": "active",
        "type": _coded("http://terminology.hl7.org/CodeSystem/claim-type", "oral"),
        "use": use,
        "patient": {"display": member},
        "created": today(),
        "provider": {"identifier": dict(provider)},
        "priority": _coded("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
        "insurance": [
            {
                "sequence": 1,
                "focal": True,
                "coverage": {"identifier": identifier(_MEMBERS, member)},
            }
        ],
        "item": [_item(sequence, serviced, *item) for sequence, item in enumerate(items, 1)],
        "total": _euros(total or _sum(items)),
    }
    return document | elements


def urgent() -> Document:
    """A priority: the patient waits for the answer."""
    return _coded("http://terminology.hl7.org/CodeSystem/processpriority", "stat")


def quoting(preauthorization: str, document: Document) -> Document:
    """A Claim with the preAuthRef of what was agreed before."""
    document["insurance"][0]["preAuthRef"] = [preauthorization]
    return document


def x_ray() -> Document:
    """A document that a Claim or a Communication carries."""
    return {"contentType": "text/plain", "data": b64encode(b"An x-ray").decode()}


def attached() -> list[Document]:
    """The x-ray as a Claim's own supporting information."""
    category = _coded(
        "http://terminology.hl7.org/CodeSystem/claiminformationcategory", "attachment"
    )
    return [{"sequence": 1, "category": category, "valueAttachment": x_ray()}]


def answer_to(question: str) -> Document:
    """A Communication to contain in a Task: the x-ray that the payer asked for."""
    return {
        "resourceType": "Communication",
        "id": "x-ray",
        "basedOn": [{"reference": question}],
        "status": "completed",
        "sender": {"identifier": dict(SENDER)},
        "payload": [{"contentAttachment": x_ray()}],
    }


def payment_notice(payment: str, amount: str) -> Document:
    """A PaymentNotice to contain in a Task: so much has arrived of a payment."""
    return {
        "resourceType": "PaymentNotice",
        "id": "notice",
        "status": "active",
        "created": today(),
        "provider": {"identifier": dict(SENDER)},
        "payment": {"reference": payment},
        "recipient": {"display": "Payer"},
        "amount": _euros(amount),
    }


def incorrect_claim(number: str) -> Document:
    """One filling at 90.00 whose net says 100.00, and a total that says neither."""
    document = claim(number, ("filling", 1, "90.00"), total="95.00")
    document["item"][0]["net"] = _euros("100.00")
    return document


def task(
    code: str,
    number: str | None = None,
    focus: str | None = None,
    inputs: Sequence[tuple[str, Mapping[str, Any]]] = (),
    contained: Document | None = None,
) -> Document:
    """A Task; with a number it has an identifier, and so the same again is answered the same."""
    document: Document = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": _coded(_TASK_CODES, code),
    }
    if number is not None:
        document["identifier"] = [identifier(f"{_OWN}/task", number)]
    if focus is not None:
        document["focus"] = {"reference": focus}
    if contained is not None:
        document["contained"] = [contained]
    if inputs:
        document["input"] = [
            {"type": _coded(_TASK_INPUTS, type), **value} for type, value in inputs
        ]
    return document


def _item(sequence: int, serviced: str, service: str, count: int, price: str) -> Document:
    return {
        "sequence": sequence,
        "productOrService": _coded(_SERVICES, service),
        "servicedDate": serviced,
        "quantity": {"value": count},
        "unitPrice": _euros(price),
        "net": _euros(count * Decimal(price)),
    }


def _sum(items: Sequence[tuple[str, int, str]]) -> Decimal:
    return sum((count * Decimal(price) for _, count, price in items), Decimal(0))


def identifier(system: str, value: str) -> dict[str, str]:
    """An Identifier."""
    return {"system": system, "value": value}


def _coded(system: str, code: str) -> Document:
    return {"coding": [{"system": system, "code": code}]}


def _euros(amount: Decimal | str) -> Document:
    return {"value": Decimal(amount), "currency": "EUR"}
