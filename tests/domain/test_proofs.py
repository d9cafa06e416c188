"""The proof of a payment: its equation, to the last unit of each currency."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.proofs import LeftOut, Line, Proof
from app.domain.settlement import DetailType, Fault, Unbalanced

PAYMENT, ADJUSTMENT = DetailType.PAYMENT, DetailType.ADJUSTMENT

# -80.00 and 40.00 had been carried; the 40.00 was cancelled since. New: -5.00 and 100.00.
PROOF = Proof(
    payment_id="P1",
    payee="Happy Valley",
    issued_on=date(2026, 3, 2),
    currency="EUR",
    units=1_500,
    carried=-4_000,
    withdrawn=-4_000,
    lines=(
        Line(1, "A", ADJUSTMENT, -8_000, brought=-8_000),
        Line(2, "B", ADJUSTMENT, -500),
        Line(3, "C", PAYMENT, 10_000),
    ),
    left_out=(LeftOut("D", Fault.SUM, 700),),
)


def told(proof):
    return [(name, str(money.amount)) for name, money in proof.equation]


def test_a_payment_that_is_not_its_details_has_no_proof():
    with pytest.raises(Unbalanced):
        replace(PROOF, units=1_501)
    assert replace(PROOF, units=1_500) == PROOF


def test_what_was_carried_and_is_neither_paid_nor_withdrawn_is_no_proof():
    with pytest.raises(Unbalanced):
        replace(PROOF, withdrawn=-3_999)
    assert replace(PROOF, withdrawn=-4_000) == PROOF


def test_what_was_carried_and_what_came_to_it_is_what_was_paid():
    assert told(PROOF) == [
        ("Carried forward before", "-40.00"),
        ("Of that withdrawn", "-40.00"),
        ("Payments", "100.00"),
        ("Adjustments", "-5.00"),
        ("Paid", "15.00"),
        ("Carried on", "0.00"),
    ]


@pytest.mark.parametrize(
    ("currency", "paid"), [("JPY", "1500"), ("EUR", "15.00"), ("KWD", "1.500")]
)
def test_a_proof_is_told_in_its_currency_s_own_unit(currency, paid):
    assert told(replace(PROOF, currency=currency))[4] == ("Paid", paid)


def test_of_a_claim_only_what_came_to_the_carried_is_new():
    # 40.00 had been carried of B and A's -80.00; B came to 50.00 since, and C's 60.00 to it.
    lines = (
        Line(1, "A", ADJUSTMENT, -8_000, brought=-8_000),
        Line(2, "B", PAYMENT, 5_000, brought=4_000),
        Line(3, "C", PAYMENT, 6_000),
    )

    proof = replace(PROOF, units=3_000, withdrawn=0, lines=lines)

    assert (proof.payments, proof.adjustments, proof.carried_on) == (7_000, 0, 0)
