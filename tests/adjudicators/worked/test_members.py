"""Worked claims, every figure by hand: whose coverage it is, and on which days."""

from datetime import date

from app.domain.adjudication import Coverage
from tests.adjudicators.builders import a_benefit, a_line, a_plan, a_price, decide
from tests.adjudicators.worked.tables import assert_worked

FEE = (a_price("exam", "80.00"),)


def test_a_coverage_of_somebody_else_covers_nothing():
    # The 20 above the price stay written off; the 80 are the patient's.
    decision = decide(a_line(1, "100.00"), prices=FEE, is_beneficiary=False)

    assert_worked(
        decision,
        """
        line  submitted  contractual  noncovered  benefit
        1     100.00     20.00(45)    80.00(31)   0.00
        """,
    )
    assert decision.postings == ()


def test_the_patients_own_coverage_covers_the_same_line():
    assert_worked(
        decide(a_line(1, "100.00"), prices=FEE, is_beneficiary=True),
        """
        line  submitted  eligible  contractual  benefit
        1     100.00     80.00     20.00(45)    80.00
        """,
    )


def test_of_three_days_only_those_in_force_are_covered():
    # In force from 31 May to 1 June: 30 May is before (26), 2 June after (27). 10 % of 60 = 6.
    days = date(2026, 5, 30), date(2026, 5, 31), date(2026, 6, 2)
    lines = [a_line(number, "60.00", day=day) for number, day in enumerate(days, 1)]
    decision = decide(
        *lines,
        plan=a_plan(a_benefit(coinsurance="10")),
        coverage=Coverage("member", "family", date(2026, 5, 31), date(2026, 6, 1)),
        received_on=date(2026, 6, 2),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  noncovered  coinsurance  benefit
        1     60.00      -         60.00(26)   -            0.00
        2     60.00      60.00     -           6.00(2)      54.00
        3     60.00      -         60.00(27)   -            0.00
        """,
    )
