"""Worked claims, every figure by hand: deductible, copay, coinsurance, maximum, counters."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.adjudication import Counter, Coverage
from app.domain.codes import ClaimUse
from tests.adjudicators.builders import (
    DAY,
    a_benefit,
    a_line,
    a_plan,
    category,
    counters,
    decide,
    posted,
    worked,
)

NEXT_DAY = date(2026, 6, 2)


def test_the_deductible_goes_down_as_lines_go_by():
    # 50: 30 of the first, 20 of the second; then (40 - 20) x 20 % = 4.00 and 25 x 20 % = 5.00
    lines = a_line(1, "30.00"), a_line(2, "40.00"), a_line(3, "25.00")
    plan = a_plan(a_benefit(coinsurance="20"), deductible_individual="50")

    assert worked(decide(*lines, plan=plan)) == {
        "1": ["submitted 30.00", "eligible 30.00", "deductible 30.00 (1)", "benefit 0.00"],
        "2": [
            "submitted 40.00",
            "eligible 40.00",
            "deductible 20.00 (1)",
            "coinsurance 4.00 (2)",
            "benefit 16.00",
        ],
        "3": ["submitted 25.00", "eligible 25.00", "coinsurance 5.00 (2)", "benefit 20.00"],
    }


def test_the_family_deductible_is_crossed_in_mid_claim():
    # Individual 100, 0 used; family 200, 170 used: 30 left. Line 1 takes 20, line 2 only 10.
    decision = decide(
        a_line(1, "20.00"),
        a_line(2, "50.00"),
        plan=a_plan(deductible_individual="100", deductible_family="200"),
        counters=counters(deductible_family="170"),
    )

    assert worked(decision) == {
        "1": ["submitted 20.00", "eligible 20.00", "deductible 20.00 (1)", "benefit 0.00"],
        "2": ["submitted 50.00", "eligible 50.00", "deductible 10.00 (1)", "benefit 40.00"],
    }


@pytest.mark.parametrize(
    ("figures", "deductible"),
    [
        ({"deductible_individual": "60"}, "60.00"),
        ({"deductible_family": "70"}, "70.00"),
        ({"deductible_individual": "60", "deductible_family": "50"}, "50.00"),
        ({"deductible_individual": "500"}, "100.00"),
    ],
    ids=["individual alone", "family alone", "the lower", "no more than eligible"],
)
def test_an_absent_deductible_does_not_bind(figures, deductible):
    decision = decide(a_line(1, "100.00"), plan=a_plan(**figures))

    assert f"deductible {deductible} (1)" in worked(decision)["1"]


def test_no_deductible_at_all_is_nothing():
    assert worked(decide(a_line(1, "100.00"))) == {
        "1": ["submitted 100.00", "eligible 100.00", "benefit 100.00"]
    }


def test_a_category_may_waive_the_deductible():
    plan = a_plan(
        a_benefit("preventive", waived=True), a_benefit("basic"), deductible_individual="50"
    )
    lines = (
        a_line(1, "80.00", categories=("preventive",)),
        a_line(2, "80.00", categories=("basic",)),
    )

    assert worked(decide(*lines, plan=plan)) == {
        "1": ["submitted 80.00", "eligible 80.00", "benefit 80.00"],
        "2": ["submitted 80.00", "eligible 80.00", "deductible 50.00 (1)", "benefit 30.00"],
    }


def test_a_copay_is_taken_once_per_category_and_day():
    # 20: 15 of the first (all it has), 5 of the second, none of the third; the next day again 20.
    lines = (
        a_line(1, "15.00"),
        a_line(2, "30.00"),
        a_line(3, "30.00"),
        a_line(4, "30.00", day=NEXT_DAY),
    )

    assert worked(decide(*lines, plan=a_plan(a_benefit(copay="20")))) == {
        "1": ["submitted 15.00", "eligible 15.00", "copay 15.00 (3)", "benefit 0.00"],
        "2": ["submitted 30.00", "eligible 30.00", "copay 5.00 (3)", "benefit 25.00"],
        "3": ["submitted 30.00", "eligible 30.00", "benefit 30.00"],
        "4": ["submitted 30.00", "eligible 30.00", "copay 20.00 (3)", "benefit 10.00"],
    }


def test_a_copay_counts_what_other_claims_of_the_day_took():
    taken = {Counter("member", "copay", category("general").key, "2026-06-01"): Decimal(12)}
    decision = decide(a_line(1, "50.00"), plan=a_plan(a_benefit(copay="20")), counters=taken)

    assert "copay 8.00 (3)" in worked(decision)["1"]


def test_deductible_then_copay_then_coinsurance():
    # 200: deductible 50; copay 20; 10 % of 130 = 13.00; 200 - 83 = 117.00
    plan = a_plan(a_benefit(copay="20", coinsurance="10"), deductible_individual="50")

    assert worked(decide(a_line(1, "200.00"), plan=plan)) == {
        "1": [
            "submitted 200.00",
            "eligible 200.00",
            "deductible 50.00 (1)",
            "copay 20.00 (3)",
            "coinsurance 13.00 (2)",
            "benefit 117.00",
        ]
    }


@pytest.mark.parametrize(
    ("maximum", "borne", "benefit"),
    [
        # The full share of the claim above is 50 + 20 + 13 = 83.
        ("83", ["deductible 50.00 (1)", "copay 20.00 (3)", "coinsurance 13.00 (2)"], "117.00"),
        ("75", ["deductible 50.00 (1)", "copay 20.00 (3)", "coinsurance 5.00 (2)"], "125.00"),
        ("60", ["deductible 50.00 (1)", "copay 10.00 (3)"], "140.00"),
        ("30", ["deductible 30.00 (1)"], "170.00"),
        ("0", [], "200.00"),
    ],
    ids=["just enough", "coinsurance first", "then copay", "then deductible", "nothing left"],
)
@pytest.mark.parametrize("kind", ["out_of_pocket_individual", "out_of_pocket_family"])
def test_the_maximum_takes_its_excess_off_in_order(kind, maximum, borne, benefit):
    plan = a_plan(
        a_benefit(copay="20", coinsurance="10"),
        deductible_individual="50",
        **{kind: "100"},
    )
    before = counters(**{kind: str(100 - int(maximum))})
    decision = decide(a_line(1, "200.00"), plan=plan, counters=before)

    expected = ["submitted 200.00", "eligible 200.00", *borne, f"benefit {benefit}"]
    assert worked(decision) == {"1": expected}


def test_the_maximum_is_crossed_in_mid_claim():
    # 50 % of 100 = 50 of the 70 left; then 20 of the next 50; then nothing.
    lines = a_line(1, "100.00"), a_line(2, "100.00"), a_line(3, "100.00")
    plan = a_plan(a_benefit(coinsurance="50"), out_of_pocket_individual="70")

    assert worked(decide(*lines, plan=plan)) == {
        "1": ["submitted 100.00", "eligible 100.00", "coinsurance 50.00 (2)", "benefit 50.00"],
        "2": ["submitted 100.00", "eligible 100.00", "coinsurance 20.00 (2)", "benefit 80.00"],
        "3": ["submitted 100.00", "eligible 100.00", "benefit 100.00"],
    }


def test_counters_move_by_the_rows_and_noncovered_never_counts():
    # 200: deductible 50, copay 20, 10 % of 130 = 13, less 3 by the maximum of 80 = 10; 120 left,
    # of which the plan pays 100.
    plan = a_plan(
        a_benefit(copay="20", coinsurance="10"),
        deductible_individual="50",
        out_of_pocket_individual="80",
        amount_per_year="100",
    )
    decision = decide(a_line(1, "200.00"), plan=plan)

    assert worked(decision)["1"][2:] == [
        "noncovered 20.00 (119)",
        "deductible 50.00 (1)",
        "copay 20.00 (3)",
        "coinsurance 10.00 (2)",
        "benefit 100.00",
    ]
    assert posted(decision) == {
        "deductible-individual|2026": 50,
        "deductible-family|2026": 50,
        "out-of-pocket-individual|2026": 80,
        "out-of-pocket-family|2026": 80,
        "copay|general|2026-06-01": 20,
        "visit|general|2026-06-01": 1,
        "visit|general|2026": 1,
        "benefit|2026": 100,
        "benefit|general|2026": 100,
        "benefit|general|lifetime": 100,
    }
    assert {posting.counter.holder for posting in decision.postings} == {"member", "family"}


@pytest.mark.parametrize("use", [ClaimUse.PREAUTHORIZATION, ClaimUse.PREDETERMINATION])
def test_what_is_only_asked_for_uses_counters_and_moves_none(use):
    plan = a_plan(deductible_individual="50")
    decision = decide(
        a_line(1, "30.00"),
        a_line(2, "30.00"),
        plan=plan,
        use=use,
        counters=counters(deductible_individual="15"),
    )

    # 50 - 15 = 35: 30 of the first line, 5 of the second.
    assert worked(decision)["2"][2:] == ["deductible 5.00 (1)", "benefit 25.00"]
    assert decision.postings == ()


def test_each_service_counts_in_its_own_year():
    # The deductible of 2025 is used up, that of 2026 is not.
    lines = a_line(1, "60.00", day=date(2025, 12, 31)), a_line(2, "60.00", day=date(2026, 1, 1))
    decision = decide(
        *lines,
        plan=a_plan(deductible_individual="50"),
        coverage=Coverage("member", "family", date(2025, 1, 1)),
        counters={Counter("member", "deductible-individual", "", "2025"): Decimal(50)},
        received_on=DAY,
    )

    assert worked(decision) == {
        "1": ["submitted 60.00", "eligible 60.00", "benefit 60.00"],
        "2": ["submitted 60.00", "eligible 60.00", "deductible 50.00 (1)", "benefit 10.00"],
    }
