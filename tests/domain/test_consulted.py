"""Which counters a question holds: those of the Claim's own days, years and categories."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.domain.adjudication import Counter
from app.domain.consulted import consulted, consulted_sums, is_of_many
from tests.adjudicators.builders import (
    GENERAL,
    a_benefit,
    a_frequency,
    a_line,
    a_plan,
    a_price,
    a_request,
    category,
)

BASIC, MAJOR = category("basic").key, category("major").key
# Items of 1 June 2026, one with a part of a category, and a service whose price names another.
CLAIM = (
    a_line(1, "10", service="exam"),
    a_line(2, None, a_line((2, 1), "5", categories=("basic",))),
)
PRICED = a_price("exam", "9", category_code="major")


def asked(*rules, **rest):
    plan = a_plan(a_benefit(frequencies=rules), a_benefit("psychotherapy"))
    return a_request(*CLAIM, plan=plan, **rest)


def counter(kind, period, key=""):
    return Counter("member", kind, key, period)


HELD = {
    "the year of an item": counter("deductible-individual", "2026"),
    "the day of an item": counter("copay", "2026-06-01", GENERAL.key),
    "the category of a part": counter("visit", "2026", BASIC),
    "for ever": counter("benefit", "lifetime", BASIC),
    "an adjudicator's own": counter("ours", "2025-01-01", "odd"),
    "a period of an adjudicator's own": counter("benefit", "2026-Q2", BASIC),
}
LEFT_OUT = {
    "another year": counter("deductible-individual", "2025"),
    "the day before": counter("copay", "2026-05-31", GENERAL.key),
    "another category on the day": counter("visit", "2026-06-01", category("psychotherapy").key),
    "another category for ever": counter("benefit", "lifetime", category("psychotherapy").key),
    "a frequency that the plan has not": counter("frequency", "2026-06-01", "rule"),
}


@pytest.mark.parametrize("other", LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_of_other_days_and_categories_is_no_part_of_the_question(other):
    assert not consulted(asked()).holds(other)


@pytest.mark.parametrize("own", HELD.values(), ids=HELD)
def test_what_is_of_the_claims_days_and_categories_is(own):
    assert consulted(asked()).holds(own)


def test_the_category_of_a_price_is_one_that_the_claim_may_be_of():
    counted = counter("benefit", "2026", MAJOR)

    assert consulted(asked(prices=(PRICED,))).holds(counted)
    assert not consulted(asked(prices=(a_price("exam", "9"),))).holds(counted)


# A service of 1 June 2026 is within a year and in two spans of three months: the one that ends on
# it begins on 2 March, the one that begins on it ends on 31 August.
WINDOWS = {
    "year": ({}, "2026-01-01", "2026-12-31"),
    "months": ({"months": 3}, "2026-03-02", "2026-08-31"),
    "days": ({"days": 10}, "2026-05-23", "2026-06-10"),
}


@pytest.mark.parametrize(("span", "first", "last"), WINDOWS.values(), ids=WINDOWS)
def test_a_frequency_is_looked_at_within_its_windows_alone(span, first, last):
    looked_at = consulted(asked(a_frequency(2, "exam", **span)))
    day = timedelta(1)

    for edge, outside in ((first, -day), (last, day)):
        assert looked_at.holds(counter("frequency", edge, "rule"))
        beyond = (date.fromisoformat(edge) + outside).isoformat()
        assert not looked_at.holds(counter("frequency", beyond, "rule"))


def test_a_frequency_of_other_services_is_not_looked_at():
    same_day = counter("frequency", "2026-06-01", "rule")

    assert not consulted(asked(a_frequency(2, "scan"))).holds(same_day)
    assert consulted(asked(a_frequency(2, "scan", "exam"))).holds(same_day)


def test_two_thousand_days_of_before_are_no_part_of_a_question():
    days = (date(2020, 1, 1) + timedelta(after) for after in range(2000))
    many = {counter("copay", day.isoformat(), GENERAL.key): Decimal(5) for day in days}
    kept = {HELD["the day of an item"]: Decimal(7), HELD["for ever"]: Decimal(9)}
    gone = {HELD["the category of a part"]: Decimal("0.00")}

    request = asked(counters=many | kept | gone)

    assert consulted_sums(request) == kept
    assert consulted_sums(replace(request, counters=None)) == {}


def test_a_sum_of_a_year_tells_of_no_single_claim_and_a_day_does():
    told = {name: is_of_many(each) for name, each in (HELD | LEFT_OUT).items()}

    assert {name for name, is_sum in told.items() if is_sum} == {
        "the year of an item",
        "the category of a part",
        "for ever",
        "another year",
        "another category for ever",
    }
