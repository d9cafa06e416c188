"""What charges come to: each figure worked out by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.issues import ErrorCode, Unacceptable
from app.domain.money import Money
from app.domain.pricing import Bill, Charge, Component, ComponentKind, Group, PricedLine, Rule, bill

K = ComponentKind
VAT = '{"text":"VAT"}'
CITY = '{"text":"city tax"}'


def money(amount, currency="EUR"):
    return Money(Decimal(amount), currency)


def flat(kind, amount, currency="EUR", code=None):
    return Component(kind, amount=money(amount, currency), code=code)


def share(kind, factor, code=None):
    return Component(kind, factor=Decimal(factor), code=code)


def group(*components, is_conditional=False):
    return Group(components, is_conditional)


def a_charge(*components, reference="ChargeItem/1", rules=None, **changes):
    """One unit of what has one rule, of one group."""
    given = {name: Decimal(value) for name, value in changes.items() if isinstance(value, str)}
    own = (Rule((group(*components),)),) if components else ()
    return Charge(reference, rules=own if rules is None else rules, **{**changes, **given})


BASE = flat(K.BASE, "50.00")
# A rule, how much of it, and then: the base, what goes beside it and the taxes; net; gross.
WORKED = {
    # 50.00
    "a base price alone": (a_charge(BASE), ["50.00"], "50.00", "50.00"),
    # 3 x 33.33 = 99.99
    "of three": (a_charge(flat(K.BASE, "33.33"), quantity="3"), ["99.99"], "99.99", "99.99"),
    # 0.333 x 10.00 = 3.330
    "of a third": (a_charge(flat(K.BASE, "10.00"), quantity="0.333"), ["3.33"], "3.33", "3.33"),
    # of nothing
    "of none": (a_charge(BASE, quantity="0"), ["0.00"], "0.00", "0.00"),
    # 2.5 x 1.01 = 2.525, half up
    "half a cent is rounded up": (
        a_charge(flat(K.BASE, "1.01"), quantity="2.5"),
        ["2.53"],
        "2.53",
        "2.53",
    ),
    # 5.8887 cents a point x 633 points = 3727.5471 cents: 0.058887 x 633 = 37.275471
    "a point value times points": (
        a_charge(replace(flat(K.BASE, "0.058887"), factor=Decimal(633))),
        ["37.28"],
        "37.28",
        "37.28",
    ),
    # 2.3 for the rule's own 1.8: 20.11 x 2.3 = 46.253
    "another factor than the rule's": (
        a_charge(replace(flat(K.BASE, "20.11"), factor=Decimal("1.8")), factor="2.3"),
        ["46.25"],
        "46.25",
        "46.25",
    ),
    # 50.00 x 0.19 = 9.50
    "a tax": (a_charge(BASE, share(K.TAX, "0.19")), ["50.00", "9.50"], "50.00", "59.50"),
    # 10.05 x 0.05 = 0.5025; 10.05 + 0.50
    "a tax that is rounded down": (
        a_charge(flat(K.BASE, "10.05"), share(K.TAX, "0.05")),
        ["10.05", "0.50"],
        "10.05",
        "10.55",
    ),
    # 100.00 + 25.00 - 10.00 - 5.00 = 110.00; 110.00 x 0.07 = 7.70; each share is of the base
    "all of them": (
        a_charge(
            flat(K.BASE, "100.00"),
            share(K.SURCHARGE, "0.25"),
            share(K.DEDUCTION, "0.1"),
            share(K.DISCOUNT, "0.05"),
            share(K.TAX, "0.07"),
        ),
        ["100.00", "25.00", "10.00", "5.00", "7.70"],
        "110.00",
        "117.70",
    ),
    # 4 x 25.00 + 4 x 2.50 - 4 x 1.25 = 105.00; 4 x 0.30 = 1.20 of tax
    "amounts are for each unit": (
        a_charge(
            flat(K.BASE, "25.00"),
            flat(K.SURCHARGE, "2.50"),
            flat(K.DISCOUNT, "1.25"),
            flat(K.TAX, "0.30"),
            quantity="4",
        ),
        ["100.00", "10.00", "5.00", "1.20"],
        "105.00",
        "106.20",
    ),
    # 19.99 x 0.19 = 3.7981 and 19.99 x 0.025 = 0.49975: both of the net, none of the other
    "two taxes": (
        a_charge(flat(K.BASE, "19.99"), share(K.TAX, "0.19", VAT), share(K.TAX, "0.025", CITY)),
        ["19.99", "3.80", "0.50"],
        "19.99",
        "24.29",
    ),
    # 40.00 for all of it, whatever the rule says of three: + 20 % = 48.00
    "a price that was agreed": (
        a_charge(
            BASE,
            share(K.SURCHARGE, "0.5"),
            share(K.TAX, "0.2"),
            quantity="3",
            factor="0.8",
            price=money("40.00"),
        ),
        ["40.00", "8.00"],
        "40.00",
        "48.00",
    ),
    "a price that was agreed, and no rule": (
        a_charge(price=money("12.345")),
        ["12.35"],
        "12.35",
        "12.35",
    ),
    # the whole base is taken off
    "for nothing": (
        a_charge(BASE, share(K.DISCOUNT, "1"), share(K.TAX, "0.19")),
        ["50.00", "50.00", "0.00"],
        "0.00",
        "0.00",
    ),
    # 3 x 333.5 yen = 1000.5, half up; 1001 x 0.1 = 100.1
    "yen": (
        a_charge(flat(K.BASE, "333.5", "JPY"), share(K.TAX, "0.10"), quantity="3"),
        ["1001", "100"],
        "1001",
        "1101",
    ),
    # 1500 x 0.085 = 127.5, half up
    "half a yen": (
        a_charge(flat(K.BASE, "1500", "JPY"), share(K.SURCHARGE, "0.085")),
        ["1500", "128"],
        "1628",
        "1628",
    ),
    # 1.2345 dinars x 3 = 3.7035, half up; 3.704 x 0.05 = 0.1852
    "dinars": (
        a_charge(flat(K.BASE, "1.2345", "KWD"), share(K.TAX, "0.05"), quantity="3"),
        ["3.704", "0.185"],
        "3.704",
        "3.889",
    ),
    # 10.000 - 0.0005 rounded to 0.001
    "a thousandth of a dinar": (
        a_charge(flat(K.BASE, "10.000", "KWD"), flat(K.DEDUCTION, "0.0005", "KWD")),
        ["10.000", "0.001"],
        "9.999",
        "9.999",
    ),
}


@pytest.mark.parametrize(("charge", "parts", "net", "gross"), WORKED.values(), ids=WORKED)
def test_a_line_is_what_it_comes_to_by_hand(charge, parts, net, gross):
    [line] = bill([charge]).lines

    currency = line.net.currency
    assert [each.amount for each in line.components] == [money(part, currency) for part in parts]
    assert (line.net, line.gross) == (money(net, currency), money(gross, currency))
    assert line.net.amount.as_tuple().exponent == Decimal(net).as_tuple().exponent


def test_totals_are_sums_of_what_is_rounded():
    # 0.125 is 0.13 three times, which is 0.39 and not 0.38.
    charges = [a_charge(flat(K.BASE, "0.125"), reference=f"ChargeItem/{n}") for n in range(3)]

    done = bill(charges)

    assert done.net == done.gross == money("0.39")
    assert done.components == (flat(K.BASE, "0.39"),)


def test_a_bill_adds_up_what_is_alike_and_keeps_apart_what_is_not():
    taxed = (flat(K.BASE, "10.00"), share(K.TAX, "0.19", VAT))
    reduced = (flat(K.BASE, "20.00"), share(K.TAX, "0.07", VAT), share(K.TAX, "0.02", CITY))
    cheaper = (flat(K.BASE, "30.00"), flat(K.DISCOUNT, "3.00"), share(K.TAX, "0.19", VAT))
    points = Component(K.INFORMATIONAL, factor=Decimal(633))

    done = bill(
        [
            a_charge(*cheaper, points, reference="ChargeItem/1"),
            a_charge(*reduced, reference="ChargeItem/2"),
            a_charge(*taxed, reference="ChargeItem/3"),
        ]
    )

    # 27.00 x 0.19 = 5.13; 20.00 x 0.07 = 1.40 and x 0.02 = 0.40; 10.00 x 0.19 = 1.90
    assert done.components == (
        flat(K.BASE, "60.00"),
        flat(K.DISCOUNT, "3.00"),
        replace(share(K.TAX, "0.19", VAT), amount=money("7.03")),
        replace(share(K.TAX, "0.07", VAT), amount=money("1.40")),
        replace(share(K.TAX, "0.02", CITY), amount=money("0.40")),
    )
    assert (done.net, done.gross) == (money("57.00"), money("65.83"))
    assert done.lines[0].components[-1] == points


def test_one_charge_makes_a_whole_bill():
    base = replace(flat(K.BASE, "9.00"), factor=Decimal(2))

    done = bill([a_charge(base)])

    line = PricedLine(
        "ChargeItem/1", (replace(base, amount=money("18.00")),), money("18.00"), money("18.00")
    )
    assert done == Bill((line,), (flat(K.BASE, "18.00"),), money("18.00"), money("18.00"))


CONDITIONAL = group(flat(K.BASE, "80.00"), share(K.TAX, "0.10"), is_conditional=True)
DEFAULT = group(flat(K.BASE, "50.00"), share(K.TAX, "0.20"))
BESIDE = group(flat(K.SURCHARGE, "1.00"))
CHOSEN = {
    # 80.00 + 1.00 + 8.10
    "a condition that is met comes before the default": (
        [Rule((DEFAULT, CONDITIONAL, BESIDE))],
        "89.10",
    ),
    # 50.00 + 1.00 + 10.20
    "the default": ([Rule((DEFAULT, BESIDE))], "61.20"),
    # of two that are met the first
    "the first that is met": (
        [Rule((CONDITIONAL, group(flat(K.BASE, "70.00"), is_conditional=True)))],
        "88.00",
    ),
    # the second rule's price does not count, nor what stands beside it
    "the first rule with a price": (
        [Rule((DEFAULT,)), Rule((CONDITIONAL, BESIDE))],
        "60.00",
    ),
    # a rule without a price is beside whichever has one: 50.00 + 1.00 + 10.20
    "a rule without a price": ([Rule((BESIDE,)), Rule((DEFAULT,))], "61.20"),
}


@pytest.mark.parametrize(("rules", "gross"), CHOSEN.values(), ids=CHOSEN)
def test_which_groups_count(rules, gross):
    assert bill([a_charge(rules=tuple(rules))]).gross == money(gross)


UNPRICED = {
    "no rule": (a_charge(), a_charge(BASE)),
    "no base price": (a_charge(share(K.TAX, "0.19")), a_charge(BASE, share(K.TAX, "0.19"))),
    "two base prices in a group": (a_charge(BASE, BASE), a_charge(BASE, flat(K.SURCHARGE, "50"))),
    "a base price without an amount": (a_charge(share(K.BASE, "2")), a_charge(BASE)),
    "factor and amount": (
        a_charge(BASE, replace(flat(K.TAX, "1.00"), factor=Decimal("0.1"))),
        a_charge(BASE, flat(K.TAX, "1.00")),
    ),
    "neither factor nor amount": (
        a_charge(BASE, Component(K.DISCOUNT)),
        a_charge(BASE, share(K.DISCOUNT, "0.1")),
    ),
    "a tax of all and more": (
        a_charge(BASE, share(K.TAX, "1.19")),
        a_charge(BASE, share(K.TAX, "0.19")),
    ),
    "a negative quantity": (a_charge(BASE, quantity="-1"), a_charge(BASE, quantity="1")),
    "a negative price": (a_charge(price=money("-0.01")), a_charge(price=money("0.00"))),
    "a negative share": (
        a_charge(BASE, share(K.DISCOUNT, "-0.1")),
        a_charge(BASE, share(K.DISCOUNT, "0.1")),
    ),
    "more taken off than there is": (
        a_charge(BASE, flat(K.DEDUCTION, "50.01")),
        a_charge(BASE, flat(K.DEDUCTION, "50.00")),
    ),
    "an amount that is too large": (
        a_charge(flat(K.BASE, "1000000"), quantity="1000000.01"),
        a_charge(flat(K.BASE, "1000000"), quantity="1000000"),
    ),
    "a gross that is too large": (
        a_charge(flat(K.BASE, "1000000000000"), flat(K.TAX, "0.01")),
        a_charge(flat(K.BASE, "999999999999.99"), flat(K.TAX, "0.01")),
    ),
}
OTHER = {
    "two currencies in a line": (
        a_charge(BASE, flat(K.TAX, "1.00", "USD")),
        a_charge(BASE, flat(K.TAX, "1.00")),
    ),
    "no currency": (a_charge(price=money("1.00", "XXX")), a_charge(price=money("1.00"))),
}


@pytest.mark.parametrize(
    ("refused", "accepted", "error"),
    [
        *((*twins, ErrorCode.INVOICE_PRICE) for twins in UNPRICED.values()),
        *((*twins, ErrorCode.INVOICE_CURRENCY) for twins in OTHER.values()),
    ],
    ids=[*UNPRICED, *OTHER],
)
def test_what_cannot_be_priced_is_refused(refused, accepted, error):
    with pytest.raises(Unacceptable) as no:
        bill([refused])

    assert [issue.error for issue in no.value.issues] == [error]
    assert "ChargeItem/1" in no.value.issues[0].text
    assert bill([accepted]).lines[0].reference == "ChargeItem/1"


def test_two_currencies_are_refused_and_one_is_not():
    euros, yen = a_charge(BASE), a_charge(flat(K.BASE, "500", "JPY"), reference="ChargeItem/2")

    with pytest.raises(Unacceptable) as no:
        bill([euros, yen])

    assert [issue.error for issue in no.value.issues] == [ErrorCode.INVOICE_CURRENCY]
    assert bill([yen, yen]).gross == money("1000", "JPY")


def test_every_charge_that_cannot_be_priced_is_told():
    with pytest.raises(Unacceptable) as no:
        bill([a_charge(), a_charge(BASE), a_charge(reference="ChargeItem/2")])

    assert [issue.text.split()[0] for issue in no.value.issues] == ["ChargeItem/1", "ChargeItem/2"]


def test_a_total_that_is_too_large_is_refused():
    half = a_charge(flat(K.BASE, "500000000000"))

    with pytest.raises(Unacceptable) as no:
        bill([half, a_charge(flat(K.BASE, "500000000000.01"))])

    assert [issue.error for issue in no.value.issues] == [ErrorCode.INVOICE_PRICE]
    assert bill([half, half]).net == money("1000000000000.00")
