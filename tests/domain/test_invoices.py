"""Which status of an Invoice follows which, and what payments make of it."""

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest

from app.domain.invoices import Balance, InvoiceStatus, require_next
from app.domain.issues import ErrorCode, Unacceptable
from app.domain.money import Money, minor_unit

LAWFUL = {
    ("draft", "issued"),
    ("draft", "cancelled"),
    ("issued", "balanced"),
    ("issued", "cancelled"),
}


def errors_of(before, after, reason):
    try:
        require_next(InvoiceStatus(before), InvoiceStatus(after), reason)
    except Unacceptable as no:
        return [issue.error for issue in no.issues]
    return []


def test_of_all_pairs_four_are_lawful():
    told = {
        (before, after): errors_of(before, after, "by mistake" if after == "cancelled" else None)
        for before, after in product(map(str, InvoiceStatus), repeat=2)
    }

    assert {pair for pair, errors in told.items() if not errors} == LAWFUL
    assert {tuple(errors) for errors in told.values()} == {(), (ErrorCode.INVOICE_STATUS,)}


@pytest.mark.parametrize(
    ("after", "reason", "passes"),
    [
        ("cancelled", None, False),
        ("cancelled", "by mistake", True),
        ("balanced", "by mistake", False),
        ("balanced", None, True),
    ],
)
def test_a_cancelled_one_and_no_other_has_a_reason(after, reason, passes):
    assert errors_of("issued", after, reason) == ([] if passes else [ErrorCode.INVOICE_STATUS])


# --- payments

TOTALS = {"EUR": "50.00", "JPY": "50", "KWD": "50.000"}
TOO_SMALL = {"EUR": "0.005", "JPY": "0.5", "KWD": "0.0005"}


def owing(currency, received="0"):
    """An issued Invoice of fifty."""
    total, paid = (Money(Decimal(each), currency) for each in (TOTALS[currency], received))
    return Balance(InvoiceStatus.ISSUED, total, paid)


@pytest.mark.parametrize("currency", TOTALS)
def test_a_payment_is_above_zero_and_whole_and_not_more_than_is_left(currency):
    balance, unit = owing(currency, "10"), minor_unit(currency)
    refused = [Decimal(0), -unit, 40 + unit, Decimal(TOO_SMALL[currency])]

    assert [balance.refusal(Money(each, currency)) is None for each in refused] == [False] * 4
    assert balance.refusal(Money(Decimal(40), currency)) is None
    assert balance.refusal(Money(unit, currency)) is None
    assert balance.refusal(Money(unit, "USD")) is not None


@pytest.mark.parametrize("currency", TOTALS)
def test_the_last_unit_balances_an_invoice(currency):
    unit = minor_unit(currency)
    almost = owing(currency).with_payment(Money(50 - unit, currency))
    assert (almost.status, almost.left.amount) == (InvoiceStatus.ISSUED, unit)

    balanced = almost.with_payment(Money(unit, currency))

    assert (balanced.status, balanced.left.amount) == (InvoiceStatus.BALANCED, Decimal(0))
    assert balanced.reopened() == balanced
    assert replace(almost, status=InvoiceStatus.BALANCED).reopened() == almost


@pytest.mark.parametrize("status", sorted(set(InvoiceStatus) - {InvoiceStatus.ISSUED}))
def test_only_what_is_issued_takes_a_payment(status):
    payment = Money(Decimal(1), "EUR")

    assert replace(owing("EUR"), status=status).refusal(payment) is not None
    assert owing("EUR").refusal(payment) is None
