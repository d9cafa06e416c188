"""Writing PaymentReconciliation and PaymentNotice: valid, complete, and readable by a person."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from fhir.resources.R4B import get_fhir_model_class

from app.domain.references import Identifier
from app.domain.settlement import Owed, settlement
from app.fhir import json_text
from app.fhir.answers.payment_notice import payment_notice
from app.fhir.answers.payment_reconciliation import Remittance, payment_reconciliation
from app.fhir.validation import check

PAYEE = {"type": "Organization", "display": "Zahnärzte <am> See & Co"}
ENTRIES = [
    Owed(1, "A", "RA", 12050, date(2026, 3, 1)),
    Owed(2, "B", "RB", -2000, date(2026, 3, 2)),
]
REMITTANCE = Remittance(
    id="PAY1",
    payer_name="Payer",
    payer_identifier=Identifier("pid", "1"),
    identifier=Identifier("payments", "PAY1"),
    created=datetime(2026, 3, 3, 1, tzinfo=UTC),
    paid_on=date(2026, 3, 3),
    payee=PAYEE,
    currency="EUR",
    settlement=settlement(ENTRIES, {"B": "PAY0.4"}),
)
RECIPIENT = {"type": "Organization", "display": "Happy Valley"}


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@pytest.mark.parametrize("payer", [None, Identifier(None, "1")])
def test_what_is_written_is_valid(currency, payer):
    remittance = replace(REMITTANCE, currency=currency, payer_identifier=payer)
    notice = payment_notice(remittance, Identifier("notices", "N1"), RECIPIENT)

    for document in (payment_reconciliation(remittance), notice):
        assert check(document) == []
        model = get_fhir_model_class(document["resourceType"])
        assert model.model_validate_json(json_text.write(document))


def test_a_reconciliation_is_its_details():
    document = payment_reconciliation(REMITTANCE)

    assert json_text.write(document["paymentAmount"]) == '{"value":100.50,"currency":"EUR"}'
    assert document["period"] == {"start": "2026-03-01", "end": "2026-03-03"}
    assert document["paymentIssuer"]["identifier"] == {"system": "pid", "value": "1"}
    first, second = document["detail"]
    assert first == {
        "identifier": {
            "system": "https://eclaims-gateway.org/fhir/paymentreconciliation-detail",
            "value": "PAY1.1",
        },
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/payment-type",
                    "code": "payment",
                    "display": "Payment",
                }
            ]
        },
        "request": {"reference": "Claim/A", "type": "Claim"},
        "response": {"reference": "ClaimResponse/RA", "type": "ClaimResponse"},
        "date": "2026-03-01",
        "payee": PAYEE,
        "amount": {"value": first["amount"]["value"], "currency": "EUR"},
    }
    assert str(first["amount"]["value"]) == "120.50"
    assert (second["predecessor"]["value"], str(second["amount"]["value"])) == ("PAY0.4", "-20.00")
    assert second["type"]["coding"][0]["code"] == "adjustment"


def test_a_person_reads_what_was_paid():
    div = payment_reconciliation(REMITTANCE)["text"]["div"]

    assert "Payment of 100.50 EUR on 2026-03-03 for 2 Claims." in div
    assert "Claim/B: adjustment of -20.00 EUR" in div


def test_of_many_claims_a_person_reads_the_first_and_how_many_more():
    many = [Owed(seq, f"C{seq}", "R", 1, date(2026, 3, 1)) for seq in range(1, 31)]
    document = payment_reconciliation(replace(REMITTANCE, settlement=settlement(many, {})))

    assert document["text"]["div"].count("<li>") == 21
    assert "and 10 more" in document["text"]["div"]
    assert len(document["detail"]) == 30


def test_a_notice_names_the_payment():
    notice = payment_notice(REMITTANCE, Identifier("notices", "N1"), RECIPIENT)

    assert notice["payment"] == {
        "reference": "PaymentReconciliation/PAY1",
        "type": "PaymentReconciliation",
        "identifier": {"system": "payments", "value": "PAY1"},
    }
    assert (notice["payee"], notice["recipient"]) == (PAYEE, RECIPIENT)
    assert notice["paymentStatus"]["coding"][0]["code"] == "paid"
    assert (notice["paymentDate"], str(notice["amount"]["value"])) == ("2026-03-03", "100.50")
