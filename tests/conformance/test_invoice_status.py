"""An Invoice from draft to balanced: by its owner, by its status, and by nothing else."""

from itertools import product

import pytest

from app.fhir import json_text
from app.fhir.validation import check
from app.store import tables
from tests.builders import money
from tests.conformance.accounts import Billing, billed

JSON_PATCH = "application/json-patch+json"
LAWFUL = {
    ("draft", "issued"),
    ("draft", "cancelled"),
    ("issued", "balanced"),
    ("issued", "cancelled"),
}
WAYS = {
    "draft": ["draft"],
    "issued": ["issued"],
    "balanced": ["issued", "balanced"],
    "cancelled": ["issued", "cancelled"],
}
REASON = {"cancelledReason": "Sent to the wrong address"}


@pytest.fixture
def billing(wire, core) -> Billing:
    """A submitter whose payer keeps one price: 50.00 EUR."""
    billing = Billing(wire, core)
    billing.price()
    return billing


def an_invoice(billing, status="issued"):
    """The reference of an Invoice of one charge, in this status, and that of its charge."""
    account = billing.account()
    charge = billing.charge(account)
    first, *others = WAYS[status]
    invoice = billing.invoice(account, first).reference
    for each in others:
        assert put(billing, invoice, each).status == 200
    return invoice, charge


def put(billing, invoice, status, **elements):
    """PUT an Invoice with another status, and a reason where it takes one."""
    current = billing.wire.get(invoice).document
    reason = REASON if status == "cancelled" else {}
    return billing.wire.put(invoice, {**current, "status": status, **reason, **elements})


@pytest.mark.parametrize(
    ("before", "after"),
    [pair for pair in product(WAYS, [*WAYS, "entered-in-error"]) if pair[0] != pair[1]],
)
def test_of_all_changes_of_status_four_are_lawful(billing, before, after):
    invoice, _ = an_invoice(billing, before)
    current = billing.wire.get(invoice)

    changed = put(billing, invoice, after)

    if (before, after) in LAWFUL:
        assert (changed.status, changed.document["status"]) == (200, after)
        assert check(changed.document) == []
        assert billing.wire.get(invoice).text == changed.text
    else:
        assert (changed.status, changed.errors) == (422, ["ECG-INVOICE-STATUS"])
        assert billing.wire.get(invoice).text == current.text


@pytest.mark.parametrize("status", WAYS)
def test_the_same_again_is_no_new_version(billing, status):
    invoice, _ = an_invoice(billing, status)
    current = billing.wire.get(invoice)

    again = billing.wire.put(invoice, current.document)

    assert (again.status, again.text) == (200, current.text)


@pytest.mark.parametrize(
    "elements",
    [
        {"totalGross": money("49.99")},
        {"date": "2026-03-01"},
        {"note": [{"text": "Pay soon"}]},
        {"status": "balanced", "language": "en"},
    ],
)
def test_nothing_else_of_an_invoice_changes(billing, elements):
    invoice, _ = an_invoice(billing)
    current = billing.wire.get(invoice)

    refused = billing.wire.put(invoice, {**current.document, **elements})

    assert (refused.status, refused.errors) == (422, ["ECG-IMMUTABLE"])
    assert billing.wire.get(invoice).text == current.text
    assert put(billing, invoice, "balanced").status == 200


def test_a_cancel_needs_a_reason(billing):
    invoice, charge = an_invoice(billing)
    current = billing.wire.get(invoice).document

    refused = billing.wire.put(invoice, {**current, "status": "cancelled"})

    assert (refused.status, refused.errors) == (422, ["ECG-INVOICE-STATUS"])
    assert refused.expressions == ["Invoice.cancelledReason"]
    assert billing.status(charge) == "billed"
    done = billing.wire.put(invoice, {**current, "status": "cancelled", **REASON})
    assert (done.status, done.document["cancelledReason"]) == (200, REASON["cancelledReason"])


def test_only_its_owner_changes_an_invoice(billing, other):
    invoice, charge = an_invoice(billing)
    document = {**billing.wire.get(invoice).document, "status": "cancelled", **REASON}

    by_others = [client.put(invoice, document) for client in (other, billing.core)]
    unknown = other.put("Invoice/none", {**document, "id": "none"})

    assert [each.status for each in by_others] == [405, 405]
    assert by_others[0].text.replace(invoice, "") == unknown.text.replace("Invoice/none", "")
    assert billing.status(charge) == "billed"
    assert billing.wire.put(invoice, document).status == 200


def test_a_patch_cancels_too(billing):
    invoice, charge = an_invoice(billing)
    body = [
        {"op": "test", "path": "/status", "value": "issued"},
        {"op": "replace", "path": "/status", "value": "cancelled"},
        {"op": "add", "path": "/cancelledReason", "value": "By mistake"},
    ]

    done = billing.wire.ask("PATCH", invoice, json_text.write(body), Content_Type=JSON_PATCH)

    assert (done.status, done.document["status"]) == (200, "cancelled")
    assert billing.status(charge) == "billable"
    history = billing.wire.get(f"{invoice}/_history").document["entry"]
    assert [entry["request"]["method"] for entry in history] == ["PATCH", "POST"]


def test_an_update_of_an_earlier_version_is_refused(billing):
    invoice, _ = an_invoice(billing, "draft")
    document = {**billing.wire.get(invoice).document, "status": "issued"}
    put(billing, invoice, "cancelled")

    late = billing.wire.put(invoice, document, If_Match='W/"1"')

    assert (late.status, late.errors) == (412, ["ECG-VERSION-CONFLICT"])
    assert billing.status(invoice) == "cancelled"


def test_a_draft_gets_the_date_of_its_issue(billing, clock):
    invoice, _ = an_invoice(billing, "draft")
    draft = billing.wire.get(invoice).document
    clock.forward(days=3)

    issued = put(billing, invoice, "issued").document

    assert (draft["date"], issued["date"]) == (
        "2026-03-02T09:30:00+00:00",
        "2026-03-05T09:30:00+00:00",
    )
    clock.forward(days=3)
    assert put(billing, invoice, "balanced").document["date"] == issued["date"]


def test_what_a_cancelled_invoice_billed_is_billable_again(billing, rows):
    account = billing.account()
    charges = sorted(billing.charge(account) for _ in range(2))
    first = billing.invoice(account)

    put(billing, first.reference, "cancelled")

    assert [billing.status(each) for each in charges] == ["billable"] * 2
    second = billing.invoice(account)
    assert (second.status, sorted(billed(second))) == (201, charges)
    assert second.reference != first.reference
    outcomes = [event["outcome"] for event in rows.of(tables.audit, action="invoice")]
    assert sorted(outcomes) == ["cancelled", "created", "created"]


def test_a_charge_that_changed_since_stays_as_it_is(billing):
    account = billing.account()
    kept, waived = billing.charge(account), billing.charge(account)
    invoice = billing.invoice(account).reference
    current = billing.wire.get(waived).document
    billing.wire.put(waived, {**current, "status": "not-billable"})

    put(billing, invoice, "cancelled")

    assert [billing.status(each) for each in (kept, waived)] == ["billable", "not-billable"]
    assert billed(billing.invoice(account)) == [kept]


def test_a_draft_holds_its_charges(billing):
    account = billing.account()
    charge = billing.charge(account)
    draft = billing.invoice(account, "draft")

    assert billing.status(charge) == "billed"
    assert billing.invoice(account).text == draft.text
    put(billing, draft.reference, "cancelled")
    assert billed(billing.invoice(account)) == [charge]


def test_cancelling_twice_is_once(billing):
    invoice, charge = an_invoice(billing, "cancelled")

    again = put(billing, invoice, "cancelled")

    assert (again.status, again.document["meta"]["versionId"]) == (200, "2")
    assert billing.wire.get(charge).document["meta"]["versionId"] == "3"


def test_an_invoice_is_cancelled_in_a_transaction(billing):
    invoice, charge = an_invoice(billing)
    document = {**billing.wire.get(invoice).document, "status": "cancelled", **REASON}
    entry = [{"resource": document, "request": {"method": "PUT", "url": invoice}}]

    done = billing.wire.post("", {"resourceType": "Bundle", "type": "transaction", "entry": entry})

    assert done.status == 200, done.text
    assert (billing.status(invoice), billing.status(charge)) == ("cancelled", "billable")
