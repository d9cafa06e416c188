"""When an insurance is in force, and what is left of an allowance."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.adjudication import Coverage
from app.domain.claims import Days
from app.domain.eligibility import (
    Allowance,
    AllowanceKind,
    Term,
    Unit,
    insured_days,
    is_within,
)
from app.domain.plan import Plan

MARCH = (date(2026, 3, 1), date(2026, 3, 31))


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "is_in_force"),
    [
        (None, None, True),
        (*MARCH, True),
        (date(2026, 3, 2), None, False),
        (None, date(2026, 3, 30), False),
    ],
)
@pytest.mark.parametrize("is_of", ["coverage", "plan"])
def test_coverage_and_plan_are_both_in_force_on_both_days(starts_on, ends_on, is_of, is_in_force):
    days = (starts_on, ends_on)
    coverage = Coverage("m", "f", *(days if is_of == "coverage" else (None, None)))
    plan = Plan("p", "1", "EUR", *(days if is_of == "plan" else (None, None)))

    assert is_within(MARCH, insured_days(coverage, plan)) is is_in_force


def test_the_days_are_those_that_coverage_and_plan_have_in_common():
    coverage = Coverage("m", "f", date(2026, 1, 1), date(2026, 12, 31))
    plan = Plan("p", "1", "EUR", date(2026, 2, 1), date(2027, 1, 31))

    assert insured_days(coverage, plan) == Days(date(2026, 2, 1), date(2026, 12, 31))
    assert insured_days(coverage, None) == Days(date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("used", "left"), [(None, None), ("0", "100"), ("99.99", "0.01"), ("100.01", "0")]
)
def test_what_is_left_is_what_is_allowed_less_what_is_used(used, left):
    given = used and Decimal(used)
    allowance = Allowance(AllowanceKind.AMOUNT_PER_YEAR, Decimal(100), given, "EUR")

    assert allowance.left == (left and Decimal(left))


def test_every_kind_is_for_somebody_and_for_some_time():
    assert {(kind.unit, kind.term) for kind in AllowanceKind} == {
        (Unit.INDIVIDUAL, Term.ANNUAL),
        (Unit.FAMILY, Term.ANNUAL),
        (Unit.INDIVIDUAL, Term.DAY),
        (Unit.INDIVIDUAL, Term.LIFETIME),
        (Unit.INDIVIDUAL, None),
    }
