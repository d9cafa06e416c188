"""Money: exact sums of one currency, rounded half up to the currency's minor unit."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from app.domain.arithmetic import EXACT, half_up
from app.domain.money import Money, minor_unit, rounded


def test_two_currencies_are_not_added():
    with pytest.raises(ValueError, match="EUR and USD are not added"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")
    with pytest.raises(ValueError, match="EUR and USD are not added"):
        Money(Decimal(1), "EUR") - Money(Decimal(1), "USD")


def test_one_currency_is_added_exactly():
    # As floats 0.10 + 0.20 is not 0.30.
    assert Money(Decimal("0.10"), "EUR") + Money(Decimal("0.20"), "EUR") == Money(
        Decimal("0.30"), "EUR"
    )
    assert Money(Decimal(1), "EUR") - Money(Decimal("0.9"), "EUR") == Money(Decimal("0.1"), "EUR")
    assert -Money(Decimal("5.00"), "EUR") == Money(Decimal("-5.00"), "EUR")


@pytest.mark.parametrize(
    ("currency", "unit"),
    [("EUR", "0.01"), ("JPY", "1"), ("KWD", "0.001"), ("CLF", "0.0001"), ("KRW", "1")],
)
def test_a_currency_has_its_minor_unit(currency, unit):
    assert str(minor_unit(currency)) == unit


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.005", "EUR", "0.01"),
        ("0.00499", "EUR", "0.00"),
        ("2.675", "EUR", "2.68"),
        ("-0.005", "EUR", "-0.01"),
        ("10", "EUR", "10.00"),
        ("370.5", "JPY", "371"),
        ("370.4999", "JPY", "370"),
        ("1.2345", "KWD", "1.235"),
    ],
)
def test_amounts_round_half_up(amount, currency, expected):
    assert str(rounded(Decimal(amount), currency)) == expected
    assert str(Money(Decimal(amount), currency).rounded().amount) == expected
    assert half_up(Fraction(amount), currency) == Decimal(expected)


@pytest.mark.parametrize(
    ("quotient", "currency", "expected"),
    [
        (Fraction(20, 3), "EUR", "6.67"),
        (Fraction(1, 3), "JPY", "0"),
        (Fraction(1, 2), "JPY", "1"),
        # One third of 0.015 is 0.005 exactly; as a decimal of 28 digits it would be below.
        (Fraction("0.015") * Fraction(1, 3), "EUR", "0.01"),
        (Fraction(-1, 200), "EUR", "-0.01"),
        (Fraction(-1, 1000), "EUR", "0.00"),
    ],
    ids=str,
)
def test_a_quotient_is_rounded_once_from_its_exact_value(quotient, currency, expected):
    assert str(half_up(quotient, currency)) == expected


def test_long_amounts_round_exactly_too():
    assert str(half_up(Fraction("98765432109876543210987654321.095"), "EUR")) == (
        "98765432109876543210987654321.10"
    )
    with localcontext(EXACT):
        long = rounded(Decimal("98765432109876543210987654321.095"), "EUR")
    assert str(long) == "98765432109876543210987654321.10"


@pytest.mark.parametrize(("currency", "zero"), [("EUR", "0.00"), ("JPY", "0"), ("KWD", "0.000")])
def test_nothing_has_the_currencys_decimals(currency, zero):
    assert str(Money.zero(currency).amount) == zero
