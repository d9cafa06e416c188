"""Worked claims, every figure by hand: services that a plan leaves out of a category."""

from tests.adjudicators.builders import (
    a_benefit,
    a_line,
    a_plan,
    a_price,
    decide,
    posted,
    rows,
    service,
)
from tests.adjudicators.worked.tables import assert_worked

BLEACHING = a_benefit(coinsurance="20", excluded=(service("bleaching"),))


def test_an_excluded_service_is_the_members_and_the_rest_is_paid():
    # Bleaching 150, priced at 120: 30 written off, 120 the member's. Exam: 20 % of 50 = 10.
    decision = decide(
        a_line(1, "150.00", service="bleaching"),
        a_line(2, "50.00"),
        plan=a_plan(BLEACHING),
        prices=(a_price("bleaching", "120.00"),),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  noncovered  coinsurance  benefit
        1     150.00     -         30.00(45)    120.00(96)  -            0.00
        2     50.00      50.00     -            -           10.00(2)     40.00
        """,
    )
    # 120 + 10
    assert rows(decision.totals)[-1] == "patient-share 130.00"
    assert [note.text for note in decision.notes][1] == "The plan does not cover this service."


def test_what_is_excluded_of_one_category_is_covered_by_another():
    plan = a_plan(BLEACHING, a_benefit("basic"))
    lines = (
        a_line(1, "100.00", service="bleaching", categories=("basic",)),
        a_line(2, "100.00", service="bleaching"),
    )

    assert_worked(
        decide(*lines, plan=plan),
        """
        line  submitted  eligible  noncovered  benefit
        1     100.00     100.00    -           100.00
        2     100.00     -         100.00(96)  0.00
        """,
    )


def test_an_excluded_service_counts_towards_nothing():
    decision = decide(a_line(1, "100.00", service="bleaching"), plan=a_plan(BLEACHING))

    assert posted(decision) == {}


def test_an_exclusion_goes_before_a_waiting_period():
    # 96 and not 179, as the order of denials has it.
    benefit = a_benefit(excluded=(service("bleaching"),), waiting_days=365)
    lines = a_line(1, "100.00", service="bleaching"), a_line(2, "100.00")

    assert_worked(
        decide(*lines, plan=a_plan(benefit)),
        """
        line  submitted  noncovered   benefit
        1     100.00     100.00(96)   0.00
        2     100.00     100.00(179)  0.00
        """,
    )
