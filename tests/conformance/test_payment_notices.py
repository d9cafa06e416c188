"""PaymentNotices both ways: the payer's of what it paid, a provider's of what arrived.

http://hl7.org/fhir/R4/paymentnotice.html, docs/payments.md
"""

import pytest

from app.domain.lifecycle import State
from app.store import tables
from tests.builders import a_delivery, a_payment_notice, a_task, identifier, money

TYPE = "PaymentReconciliation"
PAYEE = {"identifier": identifier("sid", "Happy Valley")}


@pytest.fixture
def payment(wire, standings):
    """What was issued for a Claim of 80.00: the document as it is read."""
    standings.claim("paid")
    [entry] = wire.get(TYPE).document["entry"]
    return entry["resource"]


DIFFERENT = {
    "amount": {"amount": money("80.01")},
    "less": {"amount": money("79.99")},
    "currency": {"amount": money("80.00", "USD")},
    "payee": {"payee": {"identifier": identifier("sid", "Sister Clinic")}},
    "date": {"paymentDate": "2026-03-01"},
}
AGREEING = {
    "nothing but the payment": {},
    "other digits": {"amount": money("80.0")},
    "payee": {"payee": PAYEE},
    "the day": {"paymentDate": "2026-03-02"},
    "a later day": {"paymentDate": "2026-03-09"},
}


@pytest.mark.parametrize("change", DIFFERENT.values(), ids=DIFFERENT)
def test_a_notice_that_differs_from_what_was_issued_is_refused(wire, rows, payment, change):
    before = len(rows.of(tables.resource, type="PaymentNotice"))
    notice = a_payment_notice(f"{TYPE}/{payment['id']}") | change

    posted, delivered = wire.post("PaymentNotice", notice), wire.task(a_delivery(notice))

    assert (posted.status, posted.errors) == (422, ["ECG-PAYMENT-DIFFERENT"])
    assert delivered.document["status"] == "rejected"
    assert delivered.outputs == [("error", "ECG-PAYMENT-DIFFERENT")]
    assert len(rows.of(tables.resource, type="PaymentNotice")) == before


@pytest.mark.parametrize("change", AGREEING.values(), ids=AGREEING)
def test_a_notice_that_agrees_with_what_was_issued_is_kept(wire, payment, change):
    posted = wire.post("PaymentNotice", a_payment_notice(f"{TYPE}/{payment['id']}") | change)
    delivered = wire.task(a_delivery(a_payment_notice(f"{TYPE}/{payment['id']}") | change))

    assert posted.status == 201
    assert delivered.document["status"] == "completed"
    assert wire.get(posted.reference).document["amount"] == change.get("amount", money("80.00"))


def test_a_payment_is_named_by_its_identifier_too(wire, payment):
    [own] = payment["identifier"]

    named = a_payment_notice("") | {"payment": {"identifier": own}}
    unknown = named | {"payment": {"identifier": own | {"value": "another"}}}

    assert wire.post("PaymentNotice", unknown).errors == ["ECG-PAYMENT-UNKNOWN"]
    assert wire.post("PaymentNotice", named).status == 201


def test_a_payment_to_somebody_else_is_as_unknown_as_one_that_never_was(wire, other, payment):
    notice = a_payment_notice(f"{TYPE}/{payment['id']}")

    assert other.post("PaymentNotice", notice).errors == ["ECG-PAYMENT-UNKNOWN"]
    assert other.get(f"{TYPE}/{payment['id']}").status == 404
    assert wire.post("PaymentNotice", notice).status == 201


@pytest.fixture
def kept(wire, payment):
    """A notice of the provider's own."""
    return wire.post("PaymentNotice", a_payment_notice(f"{TYPE}/{payment['id']}")).reference


def test_a_notice_is_cancelled_once(wire, standings, kept):
    first = wire.task(a_task("cancel", focus=kept))

    assert first.document["status"] == "completed"
    assert wire.get(kept).document["status"] == "cancelled"
    assert standings.state(kept) is State.CANCELLED
    again = wire.task(a_task("cancel", focus=kept))
    assert again.outputs == [("error", "ECG-CANCEL-ALREADY-CANCELLED")]


def test_a_notice_is_cancelled_by_its_status(wire, standings, kept):
    document = wire.get(kept).document

    changed = wire.put(kept, document | {"status": "cancelled"})

    assert (changed.status, standings.state(kept)) == (200, State.CANCELLED)


def test_the_payers_own_notice_is_not_the_providers_to_cancel(wire, payment):
    [entry] = wire.get("PaymentNotice").document["entry"]
    ours = entry["resource"]
    assert ours["payment"]["reference"] == f"{TYPE}/{payment['id']}"

    asked = wire.task(a_task("cancel", focus=f"PaymentNotice/{ours['id']}"))
    put = wire.put(f"PaymentNotice/{ours['id']}", ours | {"status": "cancelled"})

    assert asked.outputs == [("error", "ECG-FOCUS-NOT-FOUND")]
    assert (put.status, put.errors) == (422, ["ECG-IMMUTABLE"])
    assert wire.get(f"PaymentNotice/{ours['id']}").document["status"] == "active"


def test_a_payment_is_handed_over_once_with_its_notice(wire, payment):
    asked = a_task("poll", inputs=[])
    types = []
    for _ in range(6):
        answered = wire.task({**asked, "identifier": [identifier("t", str(len(types)))]})
        reference = answered.output("response")
        if reference is None:
            break
        types.append(reference.partition("/")[0])
    assert types == ["ClaimResponse", "ExplanationOfBenefit", TYPE, "PaymentNotice"]


SEARCHES = {
    "status=active": 1,
    "status=cancelled": 0,
    "outcome=complete": 1,
    "created=2026-03-02": 1,
    "created=2026-03-03": 0,
    "disposition=Payment": 1,
    "requestor:identifier=sid|Happy Valley": 1,
    "requestor:identifier=sid|Sister Clinic": 0,
}


@pytest.mark.parametrize(("query", "found"), SEARCHES.items())
def test_a_payment_is_found_by_what_r4_defines_for_it(wire, payment, query, found):
    assert wire.get(f"{TYPE}?{query}").document.get("total") == found
