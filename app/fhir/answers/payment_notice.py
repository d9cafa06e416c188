"""Writing the PaymentNotice by which the payer tells that it has paid.

http://hl7.org/fhir/R4/paymentnotice.html
"""

from app.domain.codes import Coding
from app.domain.references import Identifier
from app.fhir.answers.adjudications import concept, money, spelled
from app.fhir.answers.payment_reconciliation import Remittance
from app.fhir.answers.writing import filled, identifier_document, narrative
from app.fhir.documents import Document

_PAYMENT_STATUS = "http://terminology.hl7.org/CodeSystem/paymentstatus"


def payment_notice(remittance: Remittance, identifier: Identifier, recipient: Document) -> Document:
    """Tell `recipient`, an organization, of a payment to the payee."""
    amount = spelled(remittance.amount)
    return filled(
        resourceType="PaymentNotice",
        text=narrative(f"{amount} was paid on {remittance.paid_on.isoformat()}."),
        identifier=[identifier_document(identifier)],
        status="active",
        created=remittance.created.isoformat(timespec="seconds"),
        payment={
            "reference": f"PaymentReconciliation/{remittance.id}",
            "type": "PaymentReconciliation",
            "identifier": identifier_document(remittance.identifier),
        },
        paymentDate=remittance.paid_on.isoformat(),
        payee=remittance.payee,
        recipient=recipient,
        amount=money(remittance.amount),
        paymentStatus=concept([Coding(_PAYMENT_STATUS, "paid", "Paid")]),
    )
