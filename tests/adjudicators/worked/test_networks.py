"""Worked claims, every figure by hand: in and out of network on the day of each service."""

from datetime import date

import pytest

from app.domain.claims import Days
from tests.adjudicators.builders import a_benefit, a_line, a_plan, a_price, decide
from tests.adjudicators.worked.tables import assert_worked

JUNE = Days(date(2026, 6, 1), date(2026, 6, 30))
LAST_DAY, DAY_AFTER = date(2026, 6, 30), date(2026, 7, 1)
FEE = (a_price("exam", "80.00"),)


def plan(**figures):
    """20 % in network, 50 % out of it."""
    return a_plan(a_benefit(coinsurance="20", outside="50"), **figures)


def test_in_network_the_difference_to_the_price_is_written_off():
    # 100 - 80 = 20 written off; 20 % of 80 = 16; 80 - 16 = 64
    decision = decide(a_line(1, "100.00"), plan=plan(), prices=FEE)

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  coinsurance  benefit
        1     100.00     80.00     20.00(45)    16.00(2)     64.00
        """,
    )


def test_out_of_network_the_difference_is_the_members_and_the_share_higher():
    # 100 - 80 = 20 is the member's; 50 % of 80 = 40; 80 - 40 = 40
    decision = decide(a_line(1, "100.00"), plan=plan(), prices=FEE, in_network=False)

    assert_worked(
        decision,
        """
        line  submitted  eligible  noncovered  coinsurance  benefit
        1     100.00     80.00     20.00(45)   40.00(2)     40.00
        """,
    )


def test_each_line_is_in_network_on_its_own_day():
    # Affiliated in June: 30 June is in (64.00), 1 July is out (40.00).
    lines = a_line(1, "100.00", day=LAST_DAY), a_line(2, "100.00", day=DAY_AFTER)
    decision = decide(
        *lines,
        plan=plan(),
        prices=FEE,
        in_network=False,
        affiliations=(JUNE,),
        received_on=DAY_AFTER,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  noncovered  coinsurance  benefit
        1     100.00     80.00     20.00(45)    -           16.00(2)     64.00
        2     100.00     80.00     -            20.00(45)   40.00(2)     40.00
        """,
    )


@pytest.mark.parametrize(
    ("affiliations", "benefit"),
    [
        ((), "40.00"),
        ((JUNE,), "64.00"),
        ((Days(None, None),), "64.00"),
        ((Days(date(2026, 6, 2), None),), "40.00"),
        ((Days(None, date(2026, 5, 31)),), "40.00"),
        ((Days(None, date(2026, 5, 31)), Days(date(2026, 6, 1), None)), "64.00"),
    ],
    ids=["none", "within", "open", "from the day after", "until the day before", "the second"],
)
def test_an_affiliation_covers_the_service_date_both_ends_included(affiliations, benefit):
    decision = decide(a_line(1, "80.00"), plan=plan(), in_network=False, affiliations=affiliations)

    assert decision.totals[-2].money.amount.to_eng_string() == benefit


def test_the_deductible_is_common_to_in_and_out_of_network():
    # 50: 30 in network, 20 of the 80 out of it; 50 % of 60 = 30; 80 - 20 - 30 = 30.
    lines = a_line(1, "30.00", day=LAST_DAY), a_line(2, "80.00", day=DAY_AFTER)
    decision = decide(
        *lines,
        plan=plan(deductible_individual="50"),
        in_network=False,
        affiliations=(JUNE,),
        received_on=DAY_AFTER,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  deductible  coinsurance  benefit
        1     30.00      30.00     30.00(1)    -            0.00
        2     80.00      80.00     20.00(1)    30.00(2)     30.00
        """,
    )


def test_a_copay_may_be_asked_out_of_network_only():
    # 25 a day out of network, nothing in it.
    benefit = a_benefit(outside="0", copay_outside="25")
    lines = a_line(1, "60.00", day=LAST_DAY), a_line(2, "60.00", day=DAY_AFTER)
    decision = decide(
        *lines,
        plan=a_plan(benefit),
        in_network=False,
        affiliations=(JUNE,),
        received_on=DAY_AFTER,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  copay     benefit
        1     60.00      60.00     -         60.00
        2     60.00      60.00     25.00(3)  35.00
        """,
    )


def test_noncovered_out_of_network_does_not_count_towards_the_maximum():
    # Share 50 % of 80 = 40, of which the maximum leaves 30; the 20 above the price stay.
    decision = decide(
        a_line(1, "100.00"),
        plan=plan(out_of_pocket_individual="30"),
        prices=FEE,
        in_network=False,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  noncovered  coinsurance  benefit
        1     100.00     80.00     20.00(45)   30.00(2)     50.00
        """,
    )
