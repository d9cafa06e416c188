"""Worked claims, every figure by hand: categories that are paid on a preauthorization only."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.codes import ClaimUse
from tests.adjudicators.builders import (
    a_benefit,
    a_line,
    a_plan,
    a_price,
    decide,
    held,
    held_line,
)
from tests.adjudicators.worked.tables import assert_worked

JUNE_1 = date(2026, 6, 1)
HELD = held(held_line(amount="500.00"), starts_on=JUNE_1, ends_on=JUNE_1)
PLAN = a_plan(a_benefit(coinsurance="20", authorization_required=True))
FEE = (a_price("exam", "80.00"),)

PAID = """
    line  submitted  eligible  contractual  coinsurance  benefit
    1     100.00     80.00     20.00(45)    16.00(2)     64.00
    """


def test_without_a_preauthorization_it_is_the_providers_in_network():
    assert_worked(
        decide(a_line(1, "100.00"), plan=PLAN, prices=FEE),
        """
        line  submitted  contractual   benefit
        1     100.00     100.00(197)   0.00
        """,
    )


def test_without_a_preauthorization_it_is_the_members_out_of_network():
    # 20 above the price, 80 not authorized.
    assert_worked(
        decide(a_line(1, "100.00"), plan=PLAN, prices=FEE, in_network=False),
        """
        line  submitted  noncovered      benefit
        1     100.00     100.00(45,197)  0.00
        """,
    )


def test_on_both_days_of_a_preauthorization_it_is_paid():
    # 20 % of 80 = 16
    assert_worked(decide(a_line(1, "100.00"), plan=PLAN, prices=FEE, authorizations=(HELD,)), PAID)


ELSEWHERE = {
    "from the day after": replace(HELD, starts_on=date(2026, 6, 2), ends_on=None),
    "until the day before": replace(HELD, starts_on=None, ends_on=date(2026, 5, 31)),
    "another service": replace(HELD, lines=held(held_line(service="scan")).lines),
    "another currency": replace(HELD, currency="EUR"),
}


@pytest.mark.parametrize("elsewhere", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_preauthorization_of_something_else_does_not_hold(elsewhere):
    assert_worked(
        decide(a_line(1, "100.00"), plan=PLAN, prices=FEE, authorizations=(elsewhere,)),
        """
        line  submitted  contractual   benefit
        1     100.00     100.00(197)   0.00
        """,
    )
    both = (elsewhere, replace(HELD, starts_on=None, ends_on=None))
    assert_worked(decide(a_line(1, "100.00"), plan=PLAN, prices=FEE, authorizations=both), PAID)


def test_a_category_that_asks_for_none_needs_none():
    plan = a_plan(a_benefit("basic"), a_benefit("major", authorization_required=True))
    lines = a_line(1, "30.00", categories=("basic",)), a_line(2, "50.00", categories=("major",))

    assert_worked(
        decide(*lines, plan=plan),
        """
        line  submitted  eligible  contractual  benefit
        1     30.00      30.00     -            30.00
        2     50.00      -         50.00(197)   0.00
        """,
    )


@pytest.mark.parametrize("use", [ClaimUse.PREAUTHORIZATION, ClaimUse.PREDETERMINATION])
def test_what_asks_for_it_needs_none(use):
    assert_worked(decide(a_line(1, "100.00"), plan=PLAN, prices=FEE, use=use), PAID)
