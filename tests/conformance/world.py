"""A payer and a submitter with a resource of every type, made over the wire where that leads."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.business.default_plan import default_plan
from app.fhir.offer.code_systems import published
from app.gateway import answers
from app.gateway.installation import Installation
from app.gateway.jobs.worker import Worker
from app.gateway.ownership import OUTGOING, REFERENCE_DATA, REQUESTS, SUPPORTING
from tests.builders import (
    COVERAGE_SYSTEM,
    a_claim,
    a_communication,
    a_communication_request,
    a_coverage,
    a_payment_notice,
    a_price,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    an_input,
    identifier,
    money,
)
from tests.conformance.accounts import a_charge
from tests.conformance.test_official_examples import EXAMPLES
from tests.wire import Reply, Wire

_numbers = count(1)
PAYMENT = "PaymentReconciliation/PAY1"
_OF_THE_PAYER = {
    "Coverage": a_coverage,
    "InsurancePlan": lambda: {
        **default_plan(),
        "identifier": [identifier("http://payer.test/plan", f"plan-{next(_numbers)}")],
    },
    "ChargeItemDefinition": lambda: a_price("1200", fee="80.00"),
    "OrganizationAffiliation": lambda: {"resourceType": "OrganizationAffiliation", "active": True},
}


@dataclass
class World:
    """Who speaks, and the reference of one resource of each type, once `filled`."""

    wire: Wire
    core: Wire
    worker: Worker
    installation: Installation
    submitter: Client
    payment: str = PAYMENT
    references: dict[str, str] = field(default_factory=dict)

    def creators(self, type: str) -> list[Wire]:
        """Who creates resources of a type."""
        both = [(self.wire, type in _BY_A_SUBMITTER), (self.core, type in _BY_THE_PAYER)]
        return [client for client, may in both if may]

    def body(self, type: str) -> dict[str, Any]:
        """A resource of a type that is accepted now."""
        claim = self.references.get("Claim", "Claim/none")
        insured = {"identifier": identifier(COVERAGE_SYSTEM, "M1")}
        made: dict[str, Any] = {
            "Claim": a_claim,
            "CoverageEligibilityRequest": an_eligibility_request,
            "EnrollmentRequest": lambda: an_enrollment_request(insured),
            "Communication": lambda: a_communication(about=[{"reference": claim}]),
            "CommunicationRequest": lambda: a_communication_request(about=[{"reference": claim}]),
            "PaymentNotice": lambda: a_payment_notice(self.payment),
            "Task": lambda: a_task("poll"),
            "ClaimResponse": _an_earlier_answer,
            **_OF_THE_PAYER,
        }
        document = made[type]() if type in made else _example(type)
        return {name: value for name, value in document.items() if name != "id"}

    def create(self, type: str) -> Reply:
        """A new resource of a type."""
        return self.creators(type)[0].post(type, self.body(type))

    def fill(self) -> None:
        """Have one resource of every type."""
        self.core.post("Coverage", self.body("Coverage"))
        self.fill_own(*REFERENCE_DATA)

    def fill_own(self, *others: str) -> None:
        """Have one of every type that comes of a submitter, and of `others`."""
        self._issue_payment()
        for type in ("Claim", "CoverageEligibilityRequest", "EnrollmentRequest"):
            self._keep(self.create(type))
        self.worker.drain()
        for type in sorted({*SUPPORTING, *others, "PaymentNotice", *_ABOUT_THE_CLAIM}):
            self._keep(self.create(type))
        self._keep(self._invoiced())
        poll = self.wire.task(a_task("poll", inputs=[an_input("count", valuePositiveInt=100)]))
        self._keep(poll)
        bundle = self.wire.get(f"Bundle/{poll.document['id']}")
        self._keep(bundle)
        for entry in bundle.document["entry"]:
            resource = entry["resource"]
            self.references[resource["resourceType"]] = _reference(resource)
        self.references |= {type: f"{type}/{id}" for type, id in published()}
        self.references |= {PAYMENT.partition("/")[0]: self.payment, "AuditEvent": "AuditEvent/1"}

    def _keep(self, reply: Reply) -> None:
        assert reply.status in {200, 201}, reply.text
        self.references[reply.document["resourceType"]] = reply.reference

    def _invoiced(self) -> Reply:
        account = self.references["Account"]
        price = {"priceOverride": money("40.00")}
        self.wire.post("ChargeItem", {**a_charge(account), **price})
        return self.wire.ask("POST", f"{account}/$invoice")

    def _issue_payment(self) -> None:
        document = {
            "resourceType": "PaymentReconciliation",
            "identifier": [identifier("http://payer.test/payment", "PAY1")],
            "status": "active",
            "created": "2026-03-02",
            "paymentDate": "2026-03-02",
            "paymentAmount": money("80.00"),
            "requestor": {"identifier": identifier("sid", "Happy Valley")},
        }
        client, id = self.submitter, self.payment.partition("/")[2]
        self.installation.write(
            client.scope, lambda work: answers.added(document, id, client.id, work)
        )


_ABOUT_THE_CLAIM = ("Communication", "CommunicationRequest")
_BY_A_SUBMITTER = REQUESTS | SUPPORTING | {"Task", "ClaimResponse"}
_BY_THE_PAYER = REFERENCE_DATA | OUTGOING


def _example(type: str) -> dict[str, Any]:
    path = min(EXAMPLES.glob(f"{type}-*.json"))
    document: dict[str, Any] = json_text.parsed(path.read_text(encoding="utf-8"))
    return document


def _an_earlier_answer() -> dict[str, Any]:
    """Of another payer, for coordination of benefits."""
    other = {"identifier": identifier("http://payer.test/id", "another")}
    return {**_example("ClaimResponse"), "insurer": other}


def _reference(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
