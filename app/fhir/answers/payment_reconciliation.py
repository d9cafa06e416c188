"""Writing the PaymentReconciliation that tells a payee what one payment is made of.

http://hl7.org/fhir/R4/paymentreconciliation.html
"""

from dataclasses import dataclass
from datetime import date, datetime

from app.domain.canonical import CANONICAL
from app.domain.codes import Coding, Outcome
from app.domain.money import Money
from app.domain.references import Identifier
from app.domain.settlement import Detail, DetailType, Settlement
from app.fhir.answers.adjudications import concept, money, spelled
from app.fhir.answers.writing import filled, identifier_document, narrative
from app.fhir.documents import Document

DETAIL_SYSTEM = f"{CANONICAL}/paymentreconciliation-detail"

_TYPES = "http://terminology.hl7.org/CodeSystem/payment-type"
_DISPLAYS = {DetailType.PAYMENT: "Payment", DetailType.ADJUSTMENT: "Adjustment"}
# A person reads the first of them; all are in the details.
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Remittance:
    """One payment on its way to its payee: who pays whom, when, and in which currency.

    `id` is the PaymentReconciliation's; `created` has a zone; `paid_on` is the payer's day.
    """

    id: str
    payer_name: str
    payer_identifier: Identifier | None
    identifier: Identifier
    created: datetime
    paid_on: date
    payee: Document
    currency: str
    settlement: Settlement

    @property
    def amount(self) -> Money:
        """What is paid."""
        return self.money(self.settlement.units)

    def money(self, units: int) -> Money:
        """So many of the currency's minor unit."""
        return Money.of_minor_units(units, self.currency)

    @property
    def payer(self) -> Document:
        """The payer, by its own identifier and name."""
        identifier = self.payer_identifier
        return filled(
            type="Organization",
            identifier=identifier and identifier_document(identifier),
            display=self.payer_name,
        )


def payment_reconciliation(remittance: Remittance) -> Document:
    """The payment with one detail for each Claim; their sum is its amount."""
    settlement, sentence = remittance.settlement, _sentence(remittance)
    return filled(
        resourceType="PaymentReconciliation",
        text=narrative(sentence, _facts(remittance)),
        identifier=[identifier_document(remittance.identifier)],
        status="active",
        period={
            "start": min(settlement.first_day, remittance.paid_on).isoformat(),
            "end": remittance.paid_on.isoformat(),
        },
        created=remittance.created.isoformat(timespec="seconds"),
        paymentIssuer=remittance.payer,
        requestor=remittance.payee,
        outcome=Outcome.COMPLETE.value,
        disposition=sentence,
        paymentDate=remittance.paid_on.isoformat(),
        paymentAmount=money(remittance.amount),
        paymentIdentifier=identifier_document(remittance.identifier),
        detail=[
            _detail(detail, position, remittance)
            for position, detail in enumerate(settlement.details, 1)
        ],
    )


def _detail(detail: Detail, position: int, remittance: Remittance) -> Document:
    # Named by reference alone: what identifies a Claim at its sender goes when it is nullified.
    return filled(
        identifier=_name(f"{remittance.id}.{position}"),
        predecessor=detail.predecessor and _name(detail.predecessor),
        type=concept([Coding(_TYPES, detail.type.value, _DISPLAYS[detail.type])]),
        request={"reference": f"Claim/{detail.claim_id}", "type": "Claim"},
        response={"reference": f"ClaimResponse/{detail.response_id}", "type": "ClaimResponse"},
        date=detail.dated.isoformat(),
        payee=remittance.payee,
        amount=money(remittance.money(detail.units)),
    )


def _name(value: str) -> Document:
    return identifier_document(Identifier(DETAIL_SYSTEM, value))


def _sentence(remittance: Remittance) -> str:
    claims = len(remittance.settlement.details)
    return (
        f"Payment of {spelled(remittance.amount)} on {remittance.paid_on.isoformat()}"
        f" for {claims} {'Claim' if claims == 1 else 'Claims'}."
    )


def _facts(remittance: Remittance) -> list[str]:
    details = remittance.settlement.details
    told = [
        f"Claim/{detail.claim_id}: {_DISPLAYS[detail.type].lower()} of"
        f" {spelled(remittance.money(detail.units))}"
        for detail in details[:_MOST_TOLD]
    ]
    more = len(details) - len(told)
    return [*told, f"and {more} more"] if more else told
