"""Invoices as they are written: valid R4, whoever is named in the Account."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain.invoices import InvoiceStatus
from app.domain.money import Money
from app.domain.pricing import Charge, Component, ComponentKind, Group, Rule, bill
from app.domain.references import Identifier
from app.fhir.answers.invoices import Invoicing, charge_items_of, invoice
from app.fhir.validation import check
from tests.conformance.accounts import a_charge, an_account

K = ComponentKind
BASE = Component(K.BASE, amount=Money(Decimal("10.00"), "EUR"), code='{"text":"fee"}')
TAX = Component(K.TAX, factor=Decimal("0.190"))
POINTS = Component(K.INFORMATIONAL, factor=Decimal(633))
ISSUER = {"type": "Organization", "display": "Happy Valley"}
P1, P2 = {"reference": "Patient/p1"}, {"reference": "Patient/p2"}


def an_invoicing(**changes):
    rules = (Rule((Group((BASE, TAX, POINTS)),)),)
    charges = [
        Charge("ChargeItem/1", rules=rules, quantity=Decimal(2)),
        Charge("ChargeItem/2", rules=rules, factor=Decimal("1.5")),
    ]
    return replace(
        Invoicing(
            account=an_account(),
            account_reference="Account/1",
            charge_items=[a_charge("Account/1")] * 2,
            bill=bill(charges),
            identifier=Identifier("http://own", "i1"),
            status=InvoiceStatus.DRAFT,
            issuer=ISSUER,
            at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        ),
        **changes,
    )


def euros(amount):
    return {"value": Decimal(amount), "currency": "EUR"}


def line(sequence, amount, tax, **factor):
    return {
        "sequence": sequence,
        "chargeItemReference": {"reference": f"ChargeItem/{sequence}", "type": "ChargeItem"},
        "priceComponent": [
            {"type": "base", "code": {"text": "fee"}, **factor, "amount": euros(amount)},
            {"type": "tax", "factor": Decimal("0.190"), "amount": euros(tax)},
            {"type": "informational", "factor": Decimal(633)},
        ],
    }


def test_an_invoice_says_all_of_it():
    written = invoice(an_invoicing())

    assert check(written) == []
    div = written.pop("text")["div"]
    assert "41.65 EUR" in div
    assert written == {
        "resourceType": "Invoice",
        "identifier": [{"system": "http://own", "value": "i1"}],
        "status": "draft",
        "subject": P1,
        "date": "2026-03-02T09:30:00+00:00",
        "issuer": ISSUER,
        "account": {"reference": "Account/1", "type": "Account"},
        "lineItem": [line(1, "20.00", "3.80"), line(2, "15.00", "2.85", factor=Decimal("1.5"))],
        "totalPriceComponent": [
            {"type": "base", "code": {"text": "fee"}, "amount": euros("35.00")},
            {"type": "tax", "factor": Decimal("0.190"), "amount": euros("6.65")},
        ],
        "totalNet": euros("35.00"),
        "totalGross": euros("41.65"),
    }
    assert charge_items_of(written) == ["ChargeItem/1", "ChargeItem/2"]


DEVICE = {"reference": "Device/1"}


def charged_to(*subjects):
    return [a_charge("Account/1", subject=each) for each in subjects]


@pytest.mark.parametrize(
    ("of_account", "charged", "subject"),
    [
        ([P2], [P1, P1], P2),
        ([P2, DEVICE], [P1, P1], P2),
        ([{"reference": "Patient/p2/_history/3"}], [], {"reference": "Patient/p2/_history/3"}),
        ([{"type": "Group", "display": "a team"}], [P1], {"type": "Group", "display": "a team"}),
        (
            [{"reference": "http://x.test/Patient/p3"}],
            [],
            {"reference": "http://x.test/Patient/p3"},
        ),
        ([P1, P2], [P1, P1], P1),
        ([DEVICE], [P1, {**P1, "display": "Ann"}], P1),
        ([DEVICE], [P1, P2], None),
    ],
)
def test_the_subject_is_the_account_s_else_what_every_charge_names(of_account, charged, subject):
    written = invoice(
        an_invoicing(account=an_account(subject=of_account), charge_items=charged_to(*charged))
    )

    assert written.get("subject") == subject
    assert check(written) == []


def test_a_subject_that_is_contained_is_told_by_its_name():
    within = {"resourceType": "Patient", "id": "p", "name": [{"family": "Ng"}]}
    account = an_account(contained=[within], subject=[{"reference": "#p", "type": "Patient"}])

    assert invoice(an_invoicing(account=account))["subject"] == {"type": "Patient", "display": "Ng"}


ANN, BOB = {"party": {"display": "Ann"}}, {"party": {"display": "Bob"}}


@pytest.mark.parametrize(
    ("guarantors", "recipient"),
    [
        ([ANN], {"display": "Ann"}),
        ([ANN, {**BOB, "onHold": True}], {"display": "Ann"}),
        ([ANN, BOB], None),
        ([{**ANN, "onHold": True}], None),
    ],
)
def test_the_recipient_is_the_one_guarantor_that_is_not_on_hold(guarantors, recipient):
    written = invoice(an_invoicing(account=an_account(guarantor=guarantors)))

    assert written.get("recipient") == recipient


def test_the_owner_of_the_account_issues():
    owner = {"reference": "Organization/1"}

    assert invoice(an_invoicing(account=an_account(owner=owner)))["issuer"] == owner


def test_a_charge_without_a_reference_is_none_of_ours():
    inline = {"chargeItemCodeableConcept": {"text": "by hand"}}
    named = {"chargeItemReference": {"identifier": {"value": "c1"}}}

    assert charge_items_of({"lineItem": [inline, named]}) == []
    assert charge_items_of({}) == []
