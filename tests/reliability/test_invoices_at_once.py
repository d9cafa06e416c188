"""Invoices and charges changed by many at once: a charge is on one live invoice at most."""

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from app.store import tables
from tests.builders import a_payment_notice, a_task, identifier, money
from tests.conformance.accounts import Billing, billed
from tests.reliability.crowd import together

SENDERS = 6
ROUNDS = 5
LIVE = {"draft", "issued", "balanced"}


@pytest.fixture
def crowd(app, wire, core) -> list[Billing]:
    """The same submitter many times, each with a client of its own; there is one price."""
    Billing(wire, core).price()
    return [Billing(replace(wire, http=app.test_client()), core) for _ in range(SENDERS)]


def until_answered(ask, *what, **headers):
    """As often as it is told to come back: the store was busy, and nothing was changed."""
    for _ in range(100):
        reply = ask(*what, **headers)
        if reply.status != 503:
            return reply
    raise AssertionError("never answered")


def on_live_invoices(billing):
    """How many live invoices bill each charge."""
    found = billing.wire.get("Invoice?_count=100").document.get("entry", ())
    live = [entry["resource"] for entry in found if entry["resource"]["status"] in LIVE]
    return Counter(
        line["chargeItemReference"]["reference"] for one in live for line in one["lineItem"]
    )


def test_of_many_requests_at_once_one_invoices(crowd, rows):
    billing = crowd[0]
    account = billing.account()
    charges = sorted(billing.charge(account) for _ in range(4))

    replies = together([partial(until_answered, one.invoice, account) for one in crowd])

    assert Counter(reply.status for reply in replies) == {201: 1, 200: SENDERS - 1}
    assert len({reply.text for reply in replies}) == 1
    assert sorted(billed(replies[0])) == charges
    assert len(rows.of(tables.resource, type="Invoice")) == 1
    assert {row["version"] for row in rows.of(tables.resource, type="ChargeItem")} == {2}


def test_of_two_accounts_at_once_one_bills_what_both_have(crowd):
    billing = crowd[0]
    for _ in range(ROUNDS):
        accounts = [billing.account(), billing.account()]
        both = [{"reference": account} for account in accounts]
        charge = billing.charge(accounts[0], account=both)

        replies = together(
            [
                partial(until_answered, one.invoice, account)
                for one, account in zip(crowd, accounts, strict=False)
            ]
        )

        assert sorted(reply.status for reply in replies) == [201, 422]
        assert on_live_invoices(billing)[charge] == 1


def test_a_cancel_and_a_new_invoice_at_once_bill_each_charge_once(crowd):
    billing = crowd[0]
    account = billing.account()
    charges = {billing.charge(account) for _ in range(3)}
    invoice = billing.invoice(account)
    cancelled = {**invoice.document, "status": "cancelled", "cancelledReason": "By mistake"}

    first, *others = crowd
    done, *invoiced = together(
        [
            partial(until_answered, first.wire.put, invoice.reference, cancelled),
            *(partial(until_answered, one.invoice, account) for one in others),
        ]
    )

    assert done.status == 200
    assert {reply.status for reply in invoiced} <= {200, 201, 422}
    assert [reply.status for reply in invoiced].count(201) <= 1
    until_answered(billing.invoice, account)
    assert on_live_invoices(billing) == dict.fromkeys(charges, 1)
    assert {billing.status(each) for each in charges} == {"billed"}


def test_a_charge_that_is_changed_while_it_is_billed_is_billed_as_it_was_or_as_it_is(crowd):
    billing = crowd[0]
    for _ in range(ROUNDS):
        account = billing.account()
        charge = billing.charge(account)
        two = {**billing.wire.get(charge).document, "quantity": {"value": 2}}

        changed, invoiced = together(
            [
                partial(until_answered, crowd[1].wire.put, charge, two, If_Match='W/"1"'),
                partial(until_answered, crowd[2].invoice, account),
            ]
        )

        assert invoiced.status == 201
        # Changed first, it is billed as changed; billed first, the change comes too late.
        net = invoiced.document["totalNet"]["value"]
        assert (changed.status, net) in {(200, 100), (412, 50)}
        assert billing.status(charge) == "billed"


def test_of_many_cancels_at_once_one_frees_the_charges(crowd):
    billing = crowd[0]
    account = billing.account()
    charge = billing.charge(account)
    invoice = billing.invoice(account)
    cancelled = {**invoice.document, "status": "cancelled", "cancelledReason": "By mistake"}

    replies = together(
        [partial(until_answered, one.wire.put, invoice.reference, cancelled) for one in crowd]
    )

    assert {(reply.status, reply.text) for reply in replies} == {(200, replies[0].text)}
    assert billing.wire.get(charge).document["meta"]["versionId"] == "3"


def test_a_balance_and_a_cancel_at_once_are_one_of_the_two(crowd):
    billing = crowd[0]
    for _ in range(ROUNDS):
        account = billing.account()
        charge = billing.charge(account)
        invoice = billing.invoice(account)
        balanced = {**invoice.document, "status": "balanced"}
        cancelled = {**invoice.document, "status": "cancelled", "cancelledReason": "By mistake"}

        replies = together(
            [
                partial(until_answered, one.wire.put, invoice.reference, document)
                for one, document in zip(crowd, (balanced, cancelled), strict=False)
            ]
        )

        assert sorted(reply.status for reply in replies) == [200, 422]
        is_cancelled = replies[1].status == 200
        assert billing.status(invoice.reference) == ("cancelled" if is_cancelled else "balanced")
        assert billing.status(charge) == ("billable" if is_cancelled else "billed")


def test_of_payments_at_once_no_more_are_taken_than_balance_the_invoice(crowd):
    billing = crowd[0]
    account = billing.account()
    billing.charge(account)
    invoice = billing.invoice(account, "issued").reference
    paid = {"payment": {"display": "Bank transfer"}, "request": {"reference": invoice}}
    notices = [a_payment_notice("", "20.00") | paid for _ in crowd]

    replies = together(
        [
            partial(until_answered, one.wire.post, "PaymentNotice", notice)
            for one, notice in zip(crowd, notices, strict=True)
        ]
    )

    # Of 50.00.
    assert Counter(reply.status for reply in replies) == {201: 2, 422: SENDERS - 2}
    [left] = billing.wire.get(invoice).document["extension"]
    assert left["valueMoney"] == money("10.00")
    taken = [reply.reference for reply in replies if reply.status == 201]
    last = partial(until_answered, billing.wire.post, "PaymentNotice")
    cancels = [
        partial(until_answered, one.wire.task, a_task("cancel", focus=each))
        for one, each in zip(crowd, taken, strict=False)
    ]
    together([*cancels, partial(last, a_payment_notice("", "10.00") | paid)])

    assert billing.status(invoice) == "issued"
    [left] = billing.wire.get(invoice).document["extension"]
    assert left["valueMoney"] == money("40.00")


def test_of_notices_under_one_identifier_at_once_one_is_booked(crowd, rows):
    billing = crowd[0]
    account = billing.account()
    billing.charge(account)
    invoice = billing.invoice(account, "issued").reference
    booking = {"identifier": [identifier("http://bank.test", "T1")]}
    paid = {"payment": {"display": "Bank transfer"}, "request": {"reference": invoice}} | booking
    notices = [
        a_payment_notice("", "5.00") | paid | {"created": f"2026-03-0{day}"}
        for day in range(1, SENDERS + 1)
    ]

    replies = together(
        [
            partial(until_answered, one.wire.post, "PaymentNotice", notice)
            for one, notice in zip(crowd, notices, strict=True)
        ]
    )

    assert Counter(reply.status for reply in replies) == {201: 1, 409: SENDERS - 1}
    [left] = billing.wire.get(invoice).document["extension"]
    assert left["valueMoney"] == money("45.00")
    # Once it is cancelled, the identifier is free again.
    [kept] = [reply.reference for reply in replies if reply.status == 201]
    billing.wire.task(a_task("cancel", focus=kept))
    another = a_payment_notice("", "7.00") | paid
    assert billing.wire.post("PaymentNotice", another).status == 201
    assert len(rows.of(tables.live_identifier)) == 1
