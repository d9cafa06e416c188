"""Task.code `deliver` of a PaymentNotice, with payments put in the store until there are any."""

import pytest

from app.domain.codes import OutputType
from app.domain.issues import ErrorCode
from app.domain.parties import Scope
from app.gateway import answers
from tests.builders import a_payment_notice, identifier, money
from tests.gateway.deliveries import CONTAINED, delivers, kept, refusal


def issue_payment(desk, submitter=None, **elements):
    """Put a payment of 80.00 in the store, as a payment run will."""
    document = {
        "resourceType": "PaymentReconciliation",
        "identifier": [identifier("http://payer.test/payment", "PAY1")],
        "status": "active",
        "created": "2026-03-02",
        "paymentDate": "2026-03-02",
        "paymentAmount": money("80.00"),
        "requestor": {"identifier": identifier("sid", "Happy Valley")},
        **elements,
    }
    owner = (submitter or desk).client
    desk.installation.write(
        Scope(owner.payer.id), lambda work: answers.added(document, "PAY1", owner.id, work)
    )


def test_a_notice_of_a_payment_that_was_not_issued_is_refused(desk, stranger):
    notice = a_payment_notice("PaymentReconciliation/PAY1")
    issue_payment(desk, stranger)

    assert refusal(desk, CONTAINED, notice) is ErrorCode.PAYMENT_UNKNOWN
    assert refusal(desk, CONTAINED, a_payment_notice("Claim/PAY1")) is ErrorCode.PAYMENT_UNKNOWN
    assert kept(desk, "PaymentNotice") == []
    [output] = delivers(stranger, CONTAINED, sent_by(stranger, notice)).outputs
    assert output.type is OutputType.RESPONSE


def sent_by(desk, notice):
    return {**notice, "provider": {"identifier": identifier("sid", desk.client.name)}}


def test_a_notice_of_a_cancelled_payment_is_refused(desk):
    issue_payment(desk, status="cancelled")

    notice = a_payment_notice("PaymentReconciliation/PAY1")
    assert refusal(desk, CONTAINED, notice) is ErrorCode.PAYMENT_UNKNOWN


DIFFERENT = {
    "amount": {"amount": money("80.01")},
    "currency": {"amount": money("80.00", "USD")},
    "payee": {"payee": {"identifier": identifier("sid", "Somebody else")}},
    "date": {"paymentDate": "2026-03-01"},
}
AGREEING = {
    "nothing said": {},
    "payee": {"payee": {"identifier": identifier("sid", "Happy Valley")}},
    "a later date": {"paymentDate": "2026-03-03"},
    "by identifier": {"payment": {"identifier": identifier("http://payer.test/payment", "PAY1")}},
}


@pytest.mark.parametrize("change", DIFFERENT.values(), ids=DIFFERENT)
def test_a_notice_that_differs_from_the_payment_is_refused(desk, change):
    issue_payment(desk)
    notice = a_payment_notice("PaymentReconciliation/PAY1")

    assert refusal(desk, CONTAINED, {**notice, **change}) is ErrorCode.PAYMENT_DIFFERENT
    assert kept(desk, "PaymentNotice") == []


@pytest.mark.parametrize("change", AGREEING.values(), ids=AGREEING)
def test_a_notice_that_agrees_with_the_payment_is_stored(desk, change):
    issue_payment(desk)
    notice = {**a_payment_notice("PaymentReconciliation/PAY1"), **change}

    outcome = delivers(desk, CONTAINED, notice)

    [output] = outcome.outputs
    assert outcome.focus == ("PaymentNotice", output.value.id)
    assert kept(desk, "PaymentNotice") == [output.value.id]
