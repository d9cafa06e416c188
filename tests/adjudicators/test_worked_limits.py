"""Worked claims, every figure by hand: limits of units, visits and amounts."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.adjudication import Counter
from tests.adjudicators.builders import (
    a_benefit,
    a_frequency,
    a_line,
    a_plan,
    a_price,
    category,
    decide,
    posted,
    rows,
    service,
    worked,
)

NEXT_DAY = date(2026, 6, 2)


def test_units_beyond_the_limit_of_a_claim_are_lost():
    # 5 units: 3 of line 1, 2 of the 4 of line 2. 2 x 10 = 20 eligible, 2 x 10 = 20 noncovered.
    lines = (
        a_line(1, "30.00", price="10.00", quantity="3"),
        a_line(2, "40.00", price="10.00", quantity="4"),
        a_line(3, "10.00"),
    )
    plan = a_plan(a_benefit(coinsurance="10", limits={"units-per-claim": "5"}))

    assert worked(decide(*lines, plan=plan)) == {
        "1": ["submitted 30.00", "eligible 30.00", "coinsurance 3.00 (2)", "benefit 27.00"],
        "2": [
            "submitted 40.00",
            "eligible 20.00",
            "noncovered 20.00 (119)",
            "coinsurance 2.00 (2)",
            "benefit 18.00",
        ],
        "3": ["submitted 10.00", "noncovered 10.00 (119)", "benefit 0.00"],
    }


@pytest.mark.parametrize(
    ("terms", "first"),
    [
        (
            {"frequencies": (a_frequency(1, "exam"),)},
            ["submitted 30.00", "eligible 10.00", "noncovered 20.00 (119)", "benefit 10.00"],
        ),
        (
            {"excluded": (service("exam"),)},
            ["submitted 30.00", "noncovered 30.00 (96)", "benefit 0.00"],
        ),
    ],
    ids=["a frequency", "an exclusion"],
)
def test_a_unit_that_something_else_takes_does_not_count_as_a_unit_of_the_claim(terms, first):
    # Four a Claim. Of the first line's three, one or none is covered: three are left.
    lines = (
        a_line(1, "30.00", price="10.00", quantity="3"),
        a_line(2, "30.00", price="10.00", quantity="3", service="scan"),
    )
    plan = a_plan(a_benefit(limits={"units-per-claim": "4"}, **terms))

    assert worked(decide(*lines, plan=plan)) == {
        "1": first,
        "2": ["submitted 30.00", "eligible 30.00", "benefit 30.00"],
    }


def test_a_unit_that_costs_nothing_does_not_count_as_a_unit_of_the_claim():
    lines = a_line(1, "30.00", price="10.00", quantity="3"), a_line(2, "10.00", service="scan")
    plan = a_plan(a_benefit(limits={"units-per-claim": "1"}))

    free = decide(*lines, plan=plan, prices=(a_price("exam", "0.00"),))
    paid = decide(*lines, plan=plan, prices=(a_price("exam", "1.00"),))

    assert worked(free)["2"] == ["submitted 10.00", "eligible 10.00", "benefit 10.00"]
    assert worked(paid)["2"] == ["submitted 10.00", "noncovered 10.00 (119)", "benefit 0.00"]


def test_units_within_the_limit_are_rounded_from_the_exact_price():
    # 10.00 for 3 units, 2 within: 2 x 3.333... = 6.666... -> 6.67; 3.33 are lost
    line = a_line(1, "10.00", price=None, quantity="3")
    plan = a_plan(a_benefit(limits={"units-per-claim": "2"}))

    assert worked(decide(line, plan=plan)) == {
        "1": ["submitted 10.00", "eligible 6.67", "noncovered 3.33 (119)", "benefit 6.67"]
    }


def test_visits_beyond_the_limit_are_lost():
    # 2 a year, 1 used. 1 June is the second visit, with two lines; 2 June would be the third.
    used = {Counter("member", "visit", category("general").key, "2026"): Decimal(1)}
    lines = a_line(1, "40.00"), a_line(2, "40.00", day=NEXT_DAY), a_line(3, "15.00")
    decision = decide(
        *lines, plan=a_plan(a_benefit(limits={"visits-per-year": "2"})), counters=used
    )

    assert worked(decision) == {
        "1": ["submitted 40.00", "eligible 40.00", "benefit 40.00"],
        "2": ["submitted 40.00", "noncovered 40.00 (119)", "benefit 0.00"],
        "3": ["submitted 15.00", "eligible 15.00", "benefit 15.00"],
    }


def test_a_day_that_is_a_visit_already_is_not_counted_again():
    used = {
        Counter("member", "visit", category("general").key, "2026"): Decimal(2),
        Counter("member", "visit", category("general").key, "2026-06-01"): Decimal(1),
    }
    plan = a_plan(a_benefit(limits={"visits-per-year": "2"}))
    decision = decide(a_line(1, "40.00"), plan=plan, counters=used)

    assert worked(decision) == {"1": ["submitted 40.00", "eligible 40.00", "benefit 40.00"]}
    assert "visit|general|2026" not in posted(decision)


@pytest.mark.parametrize(
    ("counter", "plan"),
    [
        (
            Counter("member", "benefit", category("general").key, "2026"),
            a_plan(a_benefit(coinsurance="20", limits={"amount-per-year": "1000"})),
        ),
        (
            Counter("member", "benefit", category("general").key, "lifetime"),
            a_plan(a_benefit(coinsurance="20", limits={"amount-per-lifetime": "1000"})),
        ),
        (
            Counter("member", "benefit", "", "2026"),
            a_plan(a_benefit(coinsurance="20"), amount_per_year="1000"),
        ),
    ],
    ids=["category and year", "category and lifetime", "plan and year"],
)
def test_a_benefit_above_an_amount_limit_is_the_patients(counter, plan):
    # 20 % of 100 = 20; benefit 80, of which 1000 - 950 = 50 are left; 30 noncovered. Then nothing.
    lines = a_line(1, "100.00"), a_line(2, "10.00")
    decision = decide(*lines, plan=plan, counters={counter: Decimal(950)})

    assert worked(decision) == {
        "1": [
            "submitted 100.00",
            "eligible 100.00",
            "noncovered 30.00 (119)",
            "coinsurance 20.00 (2)",
            "benefit 50.00",
        ],
        "2": [
            "submitted 10.00",
            "eligible 10.00",
            "noncovered 8.00 (119)",
            "coinsurance 2.00 (2)",
            "benefit 0.00",
        ],
    }
    # 30 + 8 noncovered and 20 + 2 coinsurance
    assert rows(decision.totals)[-1] == "patient-share 60.00"
