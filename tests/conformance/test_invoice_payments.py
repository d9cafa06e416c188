"""Payments that arrive balance an Invoice; a payment that is taken back opens it again.

http://hl7.org/fhir/R4/invoice.html, http://hl7.org/fhir/R4/paymentnotice.html, docs/invoices.md
"""

from dataclasses import replace

import pytest
from sqlalchemy import event

from app import create_app
from app.domain.canonical import extension
from app.fhir.validation import check
from app.store import tables
from tests.builders import a_delivery, a_payment_notice, a_task, an_input, identifier, money
from tests.conformance.accounts import Billing

LEFT = extension("left-to-pay")
BANK = {"display": "Bank transfer of 9 March"}


@pytest.fixture
def billing(wire, core) -> Billing:
    """A submitter whose payer keeps one price: 50.00 EUR."""
    billing = Billing(wire, core)
    billing.price()
    return billing


@pytest.fixture
def invoice(billing) -> str:
    """The reference of an issued Invoice of 50.00 EUR."""
    account = billing.account()
    billing.charge(account)
    return billing.invoice(account, "issued").reference


def paying(invoice, amount, **elements):
    """A notice that an Invoice was paid from outside."""
    about = {"payment": BANK, "request": {"reference": invoice}}
    return a_payment_notice("", amount) | about | elements


def standing(wire, invoice):
    """The status of an Invoice, and what it says is left."""
    document = wire.get(invoice).document
    assert check(document) == []
    left = [one["valueMoney"] for one in document.get("extension", ()) if one["url"] == LEFT]
    return document["status"], str(left[0]["value"]) if left else None


# --- refused


DIFFERENT = {
    "more than is left": {"amount": money("50.01")},
    "another currency": {"amount": money("50.00", "USD")},
    "nothing": {"amount": money("0.00")},
    "less than nothing": {"amount": money("-1.00")},
    "less than a cent": {"amount": money("1.005")},
}


@pytest.mark.parametrize("change", DIFFERENT.values(), ids=DIFFERENT)
def test_a_payment_that_does_not_fit_is_refused(wire, rows, invoice, change):
    notice = paying(invoice, "50.00") | change

    posted, delivered = wire.post("PaymentNotice", notice), wire.task(a_delivery(notice))

    assert (posted.status, posted.errors) == (422, ["ECG-INVOICE-PAYMENT"])
    assert delivered.document["status"] == "rejected"
    assert delivered.outputs == [("error", "ECG-INVOICE-PAYMENT")]
    assert rows.of(tables.resource, type="PaymentNotice") == []
    assert standing(wire, invoice) == ("issued", None)
    assert wire.post("PaymentNotice", paying(invoice, "50.00")).status == 201


@pytest.mark.parametrize("status", ["draft", "cancelled"])
def test_an_invoice_that_is_not_issued_takes_no_payment(billing, status):
    account = billing.account()
    billing.charge(account)
    draft = billing.invoice(account, "draft").reference
    before = {"draft": [], "cancelled": ["cancelled"]}[status]
    for each in before:
        changed = {**billing.wire.get(draft).document, "status": each, "cancelledReason": "Void"}
        assert billing.wire.put(draft, changed).status == 200

    refused = billing.wire.post("PaymentNotice", paying(draft, "50.00"))

    assert (refused.status, refused.errors) == (422, ["ECG-INVOICE-PAYMENT"])
    assert billing.status(draft) == status


def test_somebody_else_s_invoice_is_as_unknown_as_one_that_never_was(wire, other, invoice):
    theirs = other.post("PaymentNotice", paying(invoice, "50.00"))
    unknown = wire.post("PaymentNotice", paying("Invoice/none", "50.00"))

    assert (theirs.status, theirs.errors) == (422, ["ECG-PAYMENT-UNKNOWN"])
    assert (unknown.status, unknown.errors) == (422, ["ECG-PAYMENT-UNKNOWN"])
    assert standing(wire, invoice) == ("issued", None)
    assert wire.post("PaymentNotice", paying(invoice, "50.00")).status == 201


def test_a_payment_that_is_said_to_be_the_payer_s_has_to_be_one(wire, invoice, standings):
    named = {"payment": {"reference": "PaymentReconciliation/none"}}
    refused = wire.post("PaymentNotice", paying(invoice, "20.00") | named)
    assert refused.errors == ["ECG-PAYMENT-UNKNOWN"]

    standings.claim("paid")
    [entry] = wire.get("PaymentReconciliation").document["entry"]
    payment = {"payment": {"reference": f"PaymentReconciliation/{entry['resource']['id']}"}}
    less = wire.post("PaymentNotice", paying(invoice, "20.00") | payment)

    assert less.errors == ["ECG-PAYMENT-DIFFERENT"]
    assert wire.post("PaymentNotice", paying(invoice, "20.00")).status == 201


def test_another_notice_under_the_same_identifier_is_no_second_payment(wire, invoice):
    number = {"identifier": [identifier("http://bank.test", "T1")]}
    assert wire.post("PaymentNotice", paying(invoice, "20.00") | number).status == 201

    later = paying(invoice, "20.00", created="2026-03-03") | number
    refused = wire.post("PaymentNotice", later)

    assert (refused.status, refused.errors) == (409, ["ECG-PAYMENT-TWICE"])
    assert standing(wire, invoice) == ("issued", "30.00")
    other_number = {"identifier": [identifier("http://bank.test", "T2")]}
    assert wire.post("PaymentNotice", later | other_number).status == 201


def test_an_invoice_of_which_something_was_paid_is_not_cancelled(wire, invoice):
    notice = wire.post("PaymentNotice", paying(invoice, "20.00")).reference
    reason = {"status": "cancelled", "cancelledReason": "Sent to the wrong address"}

    refused = wire.put(invoice, wire.get(invoice).document | reason)

    assert (refused.status, refused.errors) == (422, ["ECG-INVOICE-STATUS"])
    wire.task(a_task("cancel", focus=notice))
    assert wire.put(invoice, wire.get(invoice).document | reason).status == 200


# --- done


def test_payments_balance_an_invoice_once_nothing_is_left(wire, invoice):
    assert wire.post("PaymentNotice", paying(invoice, "20.00")).status == 201
    assert standing(wire, invoice) == ("issued", "30.00")
    div = wire.get(invoice).document["text"]["div"]
    assert "20.00 EUR was paid, 30.00 EUR is left" in div

    delivered = wire.task(a_delivery(paying(invoice, "30.0")))

    assert delivered.document["status"] == "completed"
    assert standing(wire, invoice) == ("balanced", None)
    assert len(wire.get(f"{invoice}/_history").document["entry"]) == 3
    assert wire.get("Invoice?status=balanced").document["total"] == 1


@pytest.mark.parametrize("by", ["request", "response", "payment", "identifier"])
def test_an_invoice_is_named_in_any_of_these_ways(wire, invoice, by):
    [own] = wire.get(invoice).document["identifier"]
    ways = {
        "request": {"request": {"reference": invoice}},
        "response": {"response": {"reference": invoice}},
        "payment": {"payment": {"reference": invoice}},
        "identifier": {"request": {"type": "Invoice", "identifier": own}},
    }

    posted = wire.post(
        "PaymentNotice", a_payment_notice("", "50.00") | {"payment": BANK} | ways[by]
    )

    assert posted.status == 201
    assert standing(wire, invoice) == ("balanced", None)


def test_a_payment_that_is_taken_back_opens_the_invoice_again(wire, invoice):
    first = wire.post("PaymentNotice", paying(invoice, "20.00")).reference
    second = wire.post("PaymentNotice", paying(invoice, "30.00")).reference
    assert standing(wire, invoice) == ("balanced", None)

    cancelled = wire.task(a_task("cancel", focus=first))

    assert cancelled.document["status"] == "completed"
    assert standing(wire, invoice) == ("issued", "20.00")
    wire.put(second, wire.get(second).document | {"status": "cancelled"})
    assert standing(wire, invoice) == ("issued", None)
    assert wire.post("PaymentNotice", paying(invoice, "50.00")).status == 201


def test_a_payment_is_taken_back_wherever_the_gateway_is_reached_by_then(
    wire, invoice, installation
):
    named = {"request": {"reference": f"{installation.base_url}/{invoice}"}}
    notice = wire.post("PaymentNotice", paying(invoice, "50.00") | named).reference
    assert standing(wire, invoice) == ("balanced", None)
    moved = create_app(replace(installation, base_url="https://moved.test/fhir/r4"))
    there = replace(wire, http=moved.test_client())

    cancelled = there.task(a_task("cancel", focus=notice))

    assert cancelled.document["status"] == "completed"
    assert standing(there, invoice) == ("issued", None)
    assert there.post("PaymentNotice", paying(invoice, "50.00")).status == 201


def test_what_an_invoice_has_received_is_read_at_once(wire, invoice, installation):
    statements = []

    def note(_connection, _cursor, statement, *_others):
        statements.append(statement)

    event.listen(installation.store.engine, "before_cursor_execute", note)
    counts = []
    for _ in range(4):
        statements.clear()
        assert wire.post("PaymentNotice", paying(invoice, "1.00")).status == 201
        counts.append(len(statements))

    # The first of them finds no earlier one; from then on it is the same for each.
    assert counts[1:] == [counts[1]] * 3
    assert standing(wire, invoice) == ("issued", "46.00")


def test_a_notice_that_is_nullified_has_paid_nothing(wire, invoice):
    kept = wire.post("PaymentNotice", paying(invoice, "20.00")).reference
    gone = wire.post("PaymentNotice", paying(invoice, "30.00")).reference

    assert wire.task(a_task("nullify", focus=gone)).document["status"] == "completed"

    assert wire.get(gone).status == 410
    assert standing(wire, invoice) == ("issued", "30.00")
    assert wire.get(kept).status == 200


def test_what_its_owner_says_is_balanced_is_opened_by_a_payment_taken_back(wire, invoice):
    notice = wire.post("PaymentNotice", paying(invoice, "20.00")).reference
    document = wire.get(invoice).document
    assert wire.put(invoice, document | {"status": "balanced"}).status == 200

    wire.task(a_task("cancel", focus=notice))

    assert standing(wire, invoice) == ("issued", None)


# --- twice


def test_the_same_notice_again_is_one_payment(wire, invoice):
    notice = paying(invoice, "20.00")

    first, second = wire.post("PaymentNotice", notice), wire.post("PaymentNotice", notice)
    delivered = wire.task(a_delivery(notice))
    stored = wire.task(
        a_task(
            "deliver", inputs=[an_input("resource", valueReference={"reference": first.reference})]
        )
    )

    assert (first.status, second.status) == (201, 200)
    assert first.reference == second.reference
    assert {delivered.document["status"], stored.document["status"]} == {"completed"}
    assert standing(wire, invoice) == ("issued", "30.00")


def test_a_notice_that_was_cancelled_is_not_delivered_again(wire, invoice):
    notice = wire.post("PaymentNotice", paying(invoice, "20.00")).reference
    wire.task(a_task("cancel", focus=notice))

    again = wire.task(
        a_task("deliver", inputs=[an_input("resource", valueReference={"reference": notice})])
    )

    assert again.document["status"] == "rejected"
    assert again.outputs == [("error", "ECG-DELIVER-STATUS")]
    assert standing(wire, invoice) == ("issued", None)
