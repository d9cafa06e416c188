"""Worked claims, every figure by hand: prices, networks, taxes, currencies and tiers."""

from datetime import date

import pytest

from app.domain.claims import Days
from app.domain.codes import ClaimUse
from tests.adjudicators.builders import (
    a_benefit,
    a_line,
    a_plan,
    a_price,
    decide,
    rows,
    worked,
)

TWENTY_PERCENT = a_plan(a_benefit(coinsurance="20"))


def test_without_a_price_the_submitted_price_is_allowed():
    # 100.00 allowed; 20 % = 20.00; 100.00 - 20.00 = 80.00
    decision = decide(a_line(1, "100.00"), plan=TWENTY_PERCENT)

    assert worked(decision) == {
        "1": ["submitted 100.00", "eligible 100.00", "coinsurance 20.00 (2)", "benefit 80.00"]
    }
    assert rows(decision.totals) == [
        "submitted 100.00",
        "eligible 100.00",
        "coinsurance 20.00",
        "benefit 80.00",
        "patient-share 20.00",
    ]
    assert decision.disposition == "80.00 USD are payable of 100.00 USD submitted."


def test_in_network_what_exceeds_the_price_is_written_off():
    # 3 x 50.00 = 150.00; 3 x 40.00 = 120.00 allowed; 30.00 written off; 20 % of 120 = 24.00
    line = a_line(1, "150.00", price="50.00", quantity="3")
    decision = decide(line, plan=TWENTY_PERCENT, prices=(a_price("exam", "40.00"),))

    assert worked(decision) == {
        "1": [
            "submitted 150.00",
            "eligible 120.00",
            "contractual 30.00 (45)",
            "coinsurance 24.00 (2)",
            "benefit 96.00",
        ]
    }
    assert rows(decision.totals)[-1] == "patient-share 24.00"


def test_out_of_network_what_exceeds_the_price_is_the_patients():
    # 30.00 above the price; outside 40 % of 120.00 = 48.00; 120 - 48 = 72; patient 30 + 48 = 78
    line = a_line(1, "150.00", price="50.00", quantity="3")
    decision = decide(
        line,
        plan=a_plan(a_benefit(coinsurance="20", outside="40")),
        prices=(a_price("exam", "40.00"),),
        in_network=False,
    )

    assert worked(decision) == {
        "1": [
            "submitted 150.00",
            "eligible 120.00",
            "noncovered 30.00 (45)",
            "coinsurance 48.00 (2)",
            "benefit 72.00",
        ]
    }
    assert rows(decision.totals)[-1] == "patient-share 78.00"


def test_a_price_above_the_submitted_one_changes_nothing():
    decision = decide(a_line(1, "100.00"), prices=(a_price("exam", "100.01"),))

    assert worked(decision) == {"1": ["submitted 100.00", "eligible 100.00", "benefit 100.00"]}


def test_the_first_price_whose_condition_holds_goes_before_the_default():
    prices = (
        a_price("exam", "40.00"),
        a_price("exam", "50.00", on=(3,)),
        a_price("exam", "60.00", on=(2,)),
        a_price("exam", "70.00", on=(2, 3)),
        a_price("exam", "80.00"),
    )
    decision = decide(a_line(1, "100.00"), a_line(2, "100.00"), prices=prices)

    assert worked(decision) == {
        "1": ["submitted 100.00", "eligible 40.00", "contractual 60.00 (45)", "benefit 40.00"],
        "2": ["submitted 100.00", "eligible 60.00", "contractual 40.00 (45)", "benefit 60.00"],
    }


def test_a_price_of_another_time_or_currency_is_no_price():
    prices = (
        a_price("exam", "10.00", ends_on=date(2026, 5, 31)),
        a_price("exam", "20.00", starts_on=date(2026, 6, 2)),
        a_price("exam", "30.00", currency="EUR"),
        a_price("scan", "40.00"),
    )
    in_time = (a_price("exam", "50.00", starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 1)),)

    assert worked(decide(a_line(1, "100.00"), prices=prices)) == {
        "1": ["submitted 100.00", "eligible 100.00", "benefit 100.00"]
    }
    assert worked(decide(a_line(1, "100.00"), prices=prices + in_time)) == {
        "1": ["submitted 100.00", "eligible 50.00", "contractual 50.00 (45)", "benefit 50.00"]
    }


def test_a_condition_that_holds_does_not_help_a_price_of_another_time_or_currency():
    # The first that holds, covers the day and is in dollars is 60.00.
    prices = (
        a_price("exam", "30.00", on=(1,), currency="EUR"),
        a_price("exam", "40.00", on=(1,), ends_on=date(2026, 5, 31)),
        a_price("exam", "50.00", on=(2,)),
        a_price("exam", "60.00", on=(1,)),
        a_price("exam", "70.00"),
    )

    assert worked(decide(a_line(1, "100.00"), prices=prices)) == {
        "1": ["submitted 100.00", "eligible 60.00", "contractual 40.00 (45)", "benefit 60.00"]
    }
    assert worked(decide(a_line(1, "100.00"), prices=prices[:3])) == {
        "1": ["submitted 100.00", "eligible 100.00", "benefit 100.00"]
    }


def test_the_category_is_that_of_a_price_that_applies():
    plan = a_plan(a_benefit("basic", coinsurance="20"), a_benefit("major", coinsurance="50"))
    prices = (
        a_price("exam", "100.00", on=(2,), category_code="major"),
        a_price("exam", "100.00", category_code="basic"),
    )
    decision = decide(a_line(1, "100.00"), a_line(2, "100.00"), plan=plan, prices=prices)

    # 20 % of 100 and 50 % of 100.
    assert [rows[-1] for rows in worked(decision).values()] == ["benefit 80.00", "benefit 50.00"]


def test_without_a_unit_price_it_is_net_by_units():
    # 100.00 / 3 = 33.33...; 3 x min(33.33..., 30) = 90.00; at a price of 34 all 100.00
    line = a_line(1, "100.00", price=None, quantity="3")

    assert worked(decide(line, prices=(a_price("exam", "30"),))) == {
        "1": ["submitted 100.00", "eligible 90.00", "contractual 10.00 (45)", "benefit 90.00"]
    }
    assert worked(decide(line, prices=(a_price("exam", "34"),))) == {
        "1": ["submitted 100.00", "eligible 100.00", "benefit 100.00"]
    }


def test_tax_follows_the_price_in_proportion_and_is_shown():
    # 2 x 50.00 + 7.00 = 107.00; 40/50 of it: 80.00 + 5.60 = 85.60; 20 % of 85.60 = 17.12
    line = a_line(1, "107.00", price="50.00", quantity="2", tax="7.00")
    decision = decide(line, plan=TWENTY_PERCENT, prices=(a_price("exam", "40.00"),))

    assert worked(decision) == {
        "1": [
            "submitted 107.00",
            "eligible 85.60",
            "contractual 21.40 (45)",
            "coinsurance 17.12 (2)",
            "tax 5.60",
            "benefit 68.48",
        ]
    }


def test_allowed_and_its_tax_are_rounded_once_together():
    # unit 33.335 + tax 3.33 = 36.665 -> 36.67 submitted; no price: all of it is allowed
    line = a_line(1, "36.67", price="33.335", tax="3.33")

    assert worked(decide(line)) == {
        "1": ["submitted 36.67", "eligible 36.67", "tax 3.33", "benefit 36.67"]
    }


def test_yen_have_no_decimals():
    # 1235 x 30 % = 370.5 -> 371, half up; 1235 - 371 = 864
    line = a_line(1, "1235", currency="JPY")
    decision = decide(line, plan=a_plan(a_benefit(coinsurance="30"), currency="JPY"))

    assert worked(decision) == {
        "1": ["submitted 1235", "eligible 1235", "coinsurance 371 (2)", "benefit 864"]
    }


def test_kuwaiti_dinars_have_three_decimals():
    # 12.345 x 10 % = 1.2345 -> 1.235, half up; 12.345 - 1.235 = 11.110
    line = a_line(1, "12.345", currency="KWD")
    decision = decide(line, plan=a_plan(a_benefit(coinsurance="10"), currency="KWD"))

    assert worked(decision) == {
        "1": ["submitted 12.345", "eligible 12.345", "coinsurance 1.235 (2)", "benefit 11.110"]
    }


def test_a_copay_in_whole_dollars_is_shown_in_cents():
    decision = decide(a_line(1, "100"), plan=a_plan(a_benefit(copay="20")))

    assert worked(decision) == {
        "1": ["submitted 100.00", "eligible 100.00", "copay 20.00 (3)", "benefit 80.00"]
    }


def test_a_line_of_nothing_has_a_benefit_of_nothing():
    decision = decide(a_line(1, "0.00"), plan=TWENTY_PERCENT)

    assert worked(decision) == {"1": ["benefit 0.00"]}
    assert rows(decision.totals) == ["benefit 0.00"]
    assert decision.disposition == "Nothing is payable of 0.00 USD submitted."


def test_three_tiers_are_decided_at_the_leaves_and_summed():
    # The leaves: 1.1 lab 30, priced 25; 1.2.1 exam 2 x 10 = 20; 1.2.2 drug 8, not on the plan.
    # Deductible 40: 25 of 1.1, 15 of 1.2.1. 1.2.1: 20 % of (20 - 15) = 1.00, benefit 4.00.
    # 1.2: 20 + 8 = 28. 1: 30 + 28 = 58; its own quantity and price count for nothing.
    lab = a_line((1, 1), "30.00", service="lab")
    exam = a_line((1, 2, 1), "20.00", price="10.00", quantity="2")
    drug = a_line((1, 2, 2), "8.00", categories=("drugs",))
    group = a_line((1, 2), "28.00", exam, drug)
    item = a_line(1, "58.00", lab, group, price="1.00", quantity="9", categories=("basic",))
    decision = decide(
        item,
        plan=a_plan(a_benefit("basic", coinsurance="20"), deductible_individual="40"),
        prices=(a_price("lab", "25.00"),),
    )

    assert worked(decision) == {
        "1": [
            "submitted 58.00",
            "eligible 45.00",
            "contractual 5.00 (45)",
            "noncovered 8.00 (96)",
            "deductible 40.00 (1)",
            "coinsurance 1.00 (2)",
            "benefit 4.00",
        ],
        "1.1": [
            "submitted 30.00",
            "eligible 25.00",
            "contractual 5.00 (45)",
            "deductible 25.00 (1)",
            "benefit 0.00",
        ],
        "1.2": [
            "submitted 28.00",
            "eligible 20.00",
            "noncovered 8.00 (96)",
            "deductible 15.00 (1)",
            "coinsurance 1.00 (2)",
            "benefit 4.00",
        ],
        "1.2.1": [
            "submitted 20.00",
            "eligible 20.00",
            "deductible 15.00 (1)",
            "coinsurance 1.00 (2)",
            "benefit 4.00",
        ],
        "1.2.2": ["submitted 8.00", "noncovered 8.00 (96)", "benefit 0.00"],
    }
    assert rows(decision.totals)[-2:] == ["benefit 4.00", "patient-share 49.00"]


def test_sequence_decides_and_the_claims_own_order_is_kept():
    # A deductible of 50: line 1 takes 30 and line 2 the remaining 20, wherever they stand.
    lines = a_line(2, "40.00"), a_line(1, "30.00")
    plan = a_plan(deductible_individual="50")

    assert list(worked(decide(*lines, plan=plan)).items()) == [
        ("2", ["submitted 40.00", "eligible 40.00", "deductible 20.00 (1)", "benefit 20.00"]),
        ("1", ["submitted 30.00", "eligible 30.00", "deductible 30.00 (1)", "benefit 0.00"]),
    ]
    assert worked(decide(*lines[::-1], plan=plan)) == worked(decide(*lines, plan=plan))


def test_a_predetermination_has_the_same_figures():
    lines = a_line(1, "100.00"), a_line(2, "33.33")
    asked = decide(*lines, plan=TWENTY_PERCENT, use=ClaimUse.PREDETERMINATION)
    claimed = decide(*lines, plan=TWENTY_PERCENT)

    assert (asked.lines, asked.totals) == (claimed.lines, claimed.totals)


def test_notes_say_each_reason_once_and_lines_refer_to_them():
    lines = a_line(1, "100.00"), a_line(2, "50.00", categories=("drugs",)), a_line(3, "10.00")
    plan = a_plan(a_benefit("basic", coinsurance="20"))
    prices = (a_price("exam", "80.00", category_code="basic"),)
    decision = decide(*lines, plan=plan, prices=prices)

    assert [(note.number, note.text) for note in decision.notes] == [
        (1, "What exceeds the contracted price is written off."),
        (2, "The member's percentage of the cost."),
        (3, "The plan does not cover this service."),
    ]
    assert [line.notes for line in decision.lines] == [(1, 2), (3,), (2,)]


APRIL, MAY, JUNE = date(2026, 4, 9), date(2026, 5, 9), date(2026, 6, 9)


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        ({"serviced": Days(APRIL, JUNE), "billable": Days(MAY, MAY)}, APRIL),
        ({"serviced": Days(None, JUNE), "billable": Days(MAY, MAY)}, JUNE),
        ({"serviced": None, "billable": Days(MAY, JUNE)}, MAY),
        ({"serviced": None, "billable": Days(None, JUNE), "created": Days(APRIL, APRIL)}, APRIL),
        ({"serviced": None, "created": Days(JUNE, JUNE)}, JUNE),
    ],
    ids=["service", "service's end", "bill", "created, the bill being open", "created"],
)
def test_a_line_is_of_the_first_day_that_is_told_of_it(dates, day):
    line = a_line(1, "100.00", serviced=dates["serviced"])
    bill = {name: days for name, days in dates.items() if name != "serviced"}
    that_day = (a_price("exam", "10.00", starts_on=day, ends_on=day),)

    assert worked(decide(line, prices=that_day, **bill)) == {
        "1": ["submitted 100.00", "eligible 10.00", "contractual 90.00 (45)", "benefit 10.00"]
    }
