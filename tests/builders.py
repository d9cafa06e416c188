"""Plain functions that build valid documents; a test names only what matters to it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CLAIM_SYSTEM = "http://happyvalley.test/claim"
TASK_SYSTEM = "http://happyvalley.test/task"
ATTACHMENT_REQUIRED = "https://eclaims-gateway.org/fhir/StructureDefinition/attachment-required"
COVERAGE_SYSTEM = "http://payer.test/member"

_numbers = count(1)
_SERVICED = date(2026, 3, 1)
_DAYS_OF_THE_YEAR = 60


def a_claim(
    use: str = "claim",
    number: str | None = None,
    *,
    prices: Sequence[str] = ("100.00",),
    coverage: Mapping[str, Any] | None = None,
    provider: Mapping[str, Any] | None = None,
    serviced: str | None = None,
    **elements: Any,
) -> dict[str, Any]:
    """A Claim whose items cost `prices`; each has an identifier of its own unless `number` says.

    Without either, each is of a day of its own: a service that was claimed before is denied.
    """
    nth = 0 if number or serviced else next(_numbers)
    serviced = serviced or str(_SERVICED - timedelta(days=nth % _DAYS_OF_THE_YEAR))
    items = [
        {
            "sequence": sequence,
            "productOrService": {"coding": [{"system": "http://codes.test", "code": "1200"}]},
            "servicedDate": serviced,
            "unitPrice": money(price),
            "net": money(price),
        }
        for sequence, price in enumerate(prices, 1)
    ]
    claim = {
        "resourceType": "Claim",
        "identifier": [identifier(CLAIM_SYSTEM, number or f"C{nth or next(_numbers)}")],
        "status": "active",
        "type": _coded("http://terminology.hl7.org/CodeSystem/claim-type", "oral"),
        "use": use,
        "patient": {"reference": "Patient/1"},
        "created": "2026-03-02",
        "provider": dict(provider or {"identifier": identifier("sid", "Happy Valley")}),
        "priority": _coded("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
        "insurance": [
            {
                "sequence": 1,
                "focal": True,
                "coverage": dict(coverage or {"identifier": identifier(COVERAGE_SYSTEM, "M1")}),
            }
        ],
        "item": items,
        "total": money(str(sum(Decimal(price) for price in prices))),
    }
    return _with(claim, elements)


def a_service_of_its_own(**elements: Any) -> dict[str, Any]:
    """A Claim of a type that no other has, so that it asks for no service of another."""
    claim = a_claim(**elements)
    number = claim["identifier"][0]["value"]
    return {**claim, "type": _coded("http://happyvalley.test/type", number)}


def a_coverage(member: str = "M1", **elements: Any) -> dict[str, Any]:
    """A Coverage as the payer keeps it, in force without an end."""
    coverage = {
        "resourceType": "Coverage",
        "id": f"coverage-{member}",
        "identifier": [identifier(COVERAGE_SYSTEM, member)],
        "status": "active",
        "subscriberId": f"S-{member}",
        "beneficiary": {"reference": "Patient/1"},
        "period": {"start": "2020-01-01"},
        "payor": [{"display": "Payer"}],
    }
    return _with(coverage, elements)


def an_eligibility_request(member: str = "M1", **elements: Any) -> dict[str, Any]:
    """A question whether a coverage is in force."""
    request = {
        "resourceType": "CoverageEligibilityRequest",
        "identifier": [identifier("http://happyvalley.test/eligibility", f"E{next(_numbers)}")],
        "status": "active",
        "purpose": ["validation"],
        "patient": {"reference": "Patient/1"},
        "created": "2026-03-02",
        "insurer": {"display": "Payer"},
        "provider": {"identifier": identifier("sid", "Happy Valley")},
        "insurance": [
            {"focal": True, "coverage": {"identifier": identifier(COVERAGE_SYSTEM, member)}}
        ],
    }
    return _with(request, elements)


def an_enrollment_request(
    coverage: Mapping[str, Any] | None = None, **elements: Any
) -> dict[str, Any]:
    """A request to enroll; `coverage` is a reference, or a Coverage to contain."""
    request = {
        "resourceType": "EnrollmentRequest",
        "identifier": [identifier("http://happyvalley.test/enrollment", f"N{next(_numbers)}")],
        "status": "active",
        "created": "2026-03-02",
        "insurer": {"display": "Payer"},
        "provider": {"identifier": identifier("sid", "Happy Valley")},
        "candidate": {"reference": "Patient/1"},
        "coverage": coverage,
    }
    if coverage is not None and "resourceType" in coverage:
        request["contained"] = [{**coverage, "id": "coverage"}]
        request["coverage"] = {"reference": "#coverage"}
    return _with(request, elements)


def a_communication(**elements: Any) -> dict[str, Any]:
    """An attachment on its way to the payer."""
    communication = {
        "resourceType": "Communication",
        "identifier": [identifier("http://happyvalley.test/communication", f"M{next(_numbers)}")],
        "status": "completed",
        "sender": {"identifier": identifier("sid", "Happy Valley")},
        "payload": [{"contentString": "An x-ray is on its way."}],
    }
    return _with(communication, elements)


def a_communication_request(**elements: Any) -> dict[str, Any]:
    """A question of the payer's to a provider."""
    request = {
        "resourceType": "CommunicationRequest",
        "identifier": [identifier("http://payer.test/question", f"Q{next(_numbers)}")],
        "status": "active",
        "authoredOn": "2026-03-01",
        "payload": [{"contentString": "Please send the x-ray."}],
    }
    return _with(request, elements)


def a_quote(*preauthorizations: str, member: str = "M1") -> list[dict[str, Any]]:
    """Claim.insurance that quotes preauthorizations: their Claims' references, or any text."""
    quoted = [f"PA-{one.removeprefix('Claim/')}" for one in preauthorizations]
    return [
        {
            "sequence": 1,
            "focal": True,
            "coverage": {"identifier": identifier(COVERAGE_SYSTEM, member)},
            "preAuthRef": quoted,
        }
    ]


def a_delivery(resource: Mapping[str, Any], **elements: Any) -> dict[str, Any]:
    """A Task that delivers a resource contained in it."""
    inside = {**resource, "id": "delivered"}
    named = an_input("resource", valueReference={"reference": "#delivered"})
    return a_task("deliver", inputs=[named], contained=[inside], **elements)


def a_payment_notice(payment: str, amount: str = "80.00", **elements: Any) -> dict[str, Any]:
    """A provider's word that a payment has come; `payment` is its reference."""
    notice = {
        "resourceType": "PaymentNotice",
        "identifier": [identifier("http://happyvalley.test/notice", f"P{next(_numbers)}")],
        "status": "active",
        "created": "2026-03-02",
        "payment": {"reference": payment},
        "recipient": {"display": "Payer"},
        "amount": money(amount),
    }
    return _with(notice, elements)


def a_price(
    code: str = "1200", *, fee: str | None = None, needs_attachment: bool = False
) -> dict[str, Any]:
    """What the payer keeps of one service."""
    required = {"url": ATTACHMENT_REQUIRED, "valueBoolean": needs_attachment}
    base = {"type": "base", "amount": money(fee)} if fee else None
    priced = {"propertyGroup": [{"priceComponent": [base]}]} if base else {}
    return {
        **priced,
        "resourceType": "ChargeItemDefinition",
        "id": f"price-{code}",
        "url": f"http://payer.test/price/{code}",
        "status": "active",
        "code": _coded("http://codes.test", code),
        "extension": [required],
    }


def a_task(
    code: str,
    /,
    *,
    focus: str | Mapping[str, Any] | None = None,
    inputs: Sequence[Mapping[str, Any]] = (),
    number: str | None = None,
    **elements: Any,
) -> dict[str, Any]:
    """A Task without an identifier unless `number` gives one; `focus` a reference or its text."""
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": _coded("http://terminology.hl7.org/CodeSystem/financialtaskcode", code),
    }
    if number is not None:
        task["identifier"] = [identifier(TASK_SYSTEM, number)]
    if focus is not None:
        task["focus"] = {"reference": focus} if isinstance(focus, str) else dict(focus)
    if inputs:
        task["input"] = [dict(one) for one in inputs]
    return _with(task, elements)


def an_input(type: str, **value: Any) -> dict[str, Any]:
    """One Task.input: `an_input("count", valuePositiveInt=5)`."""
    system = "http://terminology.hl7.org/CodeSystem/financialtaskinputtype"
    return {"type": _coded(system, type), **value}


def identifier(system: str, value: str) -> dict[str, str]:
    """An Identifier."""
    return {"system": system, "value": value}


def money(amount: str, currency: str = "EUR") -> dict[str, Any]:
    """Money to its last zero."""
    return {"value": Decimal(amount), "currency": currency}


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _with(document: dict[str, Any], elements: Mapping[str, Any]) -> dict[str, Any]:
    """Put elements in; None takes one out."""
    merged = {**document, **elements}
    return {name: value for name, value in merged.items() if value is not None}
