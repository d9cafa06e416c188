"""Worked questions, every figure by hand: what is covered, used and left before a service."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.adjudicators.standard.telling import balances_told, plan_told, services_told
from app.domain.adjudication import Category, Counter, Coverage
from app.domain.claims import Days
from app.domain.codes import ClaimUse
from app.domain.persons import Person
from app.domain.restrictions import Restriction
from tests.adjudicators.builders import (
    DAY,
    NETWORK,
    a_benefit,
    a_line,
    a_plan,
    a_price,
    a_request,
    category,
    counters,
    decide,
    service,
)

ALWAYS = (Days(None, None),)


def spoken(told):
    """One line of what is told: 'general in: copay 10 used 4 left 6; coinsurance 20'."""
    side = {True: " in", False: " out", None: ""}[told.in_network]
    name = told.category.code if told.category else "plan"
    rows = [
        f"{each.kind} {each.allowed}"
        + ("" if each.used is None else f" used {each.used} left {each.left}")
        for each in told.allowances
    ]
    return f"{name}{side}: " + (told.exclusion or "; ".join(rows))


def of_the_plan(plan, **rest):
    return [spoken(each) for each in plan_told(a_request(plan=plan, **rest))]


def of_services(*lines, is_provider_known=True, **rest):
    told = services_told(a_request(*lines, **rest), is_provider_known=is_provider_known)
    return [spoken(each) for each in told]


# --- the plan as a whole


def test_what_a_claim_takes_of_deductible_and_maximum_is_told_as_used():
    # 120: 100 deductible, 20 % of 20 = 4. Out of pocket 104 of 500, benefit 16 of 2000.
    plan = a_plan(
        a_benefit(coinsurance="20"),
        deductible_individual="100",
        out_of_pocket_individual="500",
        amount_per_year="2000",
    )
    posted = decide(a_line(1, "120.00"), plan=plan).postings
    used = {posting.counter: posting.amount for posting in posted}

    [told] = of_the_plan(plan, counters=used)
    assert told.removeprefix("plan: ").split("; ") == [
        "deductible-individual 100 used 100 left 0",
        "out-of-pocket-individual 500 used 104.00 left 396.00",
        "amount-per-year 2000 used 16.00 left 1984.00",
    ]


def test_what_the_family_used_is_told_beside_what_the_member_used():
    # The member 40 of 100; the family 230 of 300: the family's 70 is what binds after 60 more.
    plan = a_plan(deductible_individual="100", deductible_family="300")
    used = counters(deductible_individual="40", deductible_family="230")

    assert of_the_plan(plan, counters=used) == [
        "plan: deductible-individual 100 used 40 left 60; deductible-family 300 used 230 left 70"
    ]


def test_another_years_use_is_not_told():
    used = counters(deductible_individual="40")
    plan = a_plan(deductible_individual="100")

    assert of_the_plan(plan, counters=used, received_on=date(2027, 1, 1)) == [
        "plan: deductible-individual 100 used 0 left 100"
    ]


def test_more_used_than_a_plan_allows_now_leaves_nothing():
    plan = a_plan(deductible_individual="100")

    assert of_the_plan(plan, counters=counters(deductible_individual="140")) == [
        "plan: deductible-individual 100 used 140 left 0"
    ]


def test_a_plan_without_figures_tells_nothing_of_itself():
    assert of_the_plan(a_plan()) == []


# --- services and categories


def a_sum(kind, period, amount, code="general"):
    return {Counter("member", kind, category(code).key, period): Decimal(amount)}


def test_visits_are_told_with_those_of_the_year():
    plan = a_plan(a_benefit(limits={"visits-per-year": "3"}))

    assert of_services(plan=plan, counters=a_sum("visit", "2026", 2)) == [
        "general in: ",
        "general: visits-per-year 3 used 2 left 1",
    ]


def test_a_year_and_a_lifetime_are_told_apart():
    # 150 paid this year and 700 in the years before: 850 of the lifetime's 1000.
    limits = {"amount-per-year": "500", "amount-per-lifetime": "1000"}
    used = a_sum("benefit", "2026", 150) | a_sum("benefit", "lifetime", 850)

    assert of_services(plan=a_plan(a_benefit(limits=limits)), counters=used)[1:] == [
        "general: amount-per-year 500 used 150 left 350; amount-per-lifetime 1000 used 850 left 150"
    ]


def test_a_copay_is_told_with_what_the_day_has_taken():
    plan = a_plan(a_benefit(copay="25", coinsurance="10", waived=True))
    used = a_sum("copay", DAY.isoformat(), 15) | a_sum("copay", "2026-05-31", 25)

    assert of_services(plan=plan, counters=used) == [
        "general in: copay 25 used 15 left 10; coinsurance 10; deductible 0"
    ]


DENTAL = a_plan(a_benefit("dental", coinsurance="20", outside="40"))
EXAM = a_line(1, categories=("dental",))


@pytest.mark.parametrize(
    ("affiliations", "expected"),
    [
        (ALWAYS, "dental in: coinsurance 20"),
        ((), "dental out: coinsurance 40"),
        ((Days(None, date(2026, 5, 31)),), "dental out: coinsurance 40"),
    ],
)
def test_a_known_provider_is_told_its_own_side_of_the_network(affiliations, expected):
    plan = replace(DENTAL, networks=(NETWORK,))

    assert of_services(EXAM, plan=plan, affiliations=affiliations) == [expected]


def test_without_a_provider_both_sides_are_told_where_they_differ():
    both = replace(DENTAL, networks=(NETWORK,))
    same = replace(a_plan(a_benefit("dental", coinsurance="20")), networks=(NETWORK,))

    assert of_services(EXAM, plan=both, is_provider_known=False) == [
        "dental in: coinsurance 20",
        "dental out: coinsurance 40",
    ]
    assert of_services(EXAM, plan=same, is_provider_known=False) == ["dental: coinsurance 20"]


def test_what_the_plan_does_not_list_is_not_covered():
    lines = a_line(1, categories=("dental",)), a_line(2, categories=("vision",))

    assert of_services(*lines, plan=DENTAL) == [
        "dental in: coinsurance 20",
        "plan: The plan does not cover this service.",
    ]


def test_a_service_is_told_by_the_category_of_its_price():
    prices = (a_price("exam", None, category_code="dental"),)

    assert of_services(a_line(1), plan=DENTAL, prices=prices) == ["dental in: coinsurance 20"]
    assert of_services(a_line(1), plan=DENTAL) == ["plan: The plan does not cover this service."]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 31), "general in: A waiting period: covered from 2026-04-01."),
        (date(2026, 4, 1), "general in: coinsurance 20"),
    ],
)
def test_a_waiting_period_is_told_with_the_day_it_is_over(day, expected):
    # In force from 1 January; 90 days later is 1 April (31 + 28 + 31 = 90).
    plan = a_plan(a_benefit(coinsurance="20", waiting_days=90))
    line = a_line(1, day=day)

    assert of_services(line, plan=plan, received_on=day) == [expected]


def test_a_waiting_period_longer_than_any_calendar_is_told_without_a_day():
    plan = a_plan(a_benefit(waiting_days=10**9))

    assert of_services(a_line(1), plan=plan) == ["general in: A waiting period that does not end."]


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (date(2008, 6, 1), "general in: coinsurance 20"),
        (
            date(2007, 6, 1),
            "general in: The plan does not cover this service at the patient's age.",
        ),
        (None, "general in: coinsurance 20"),
    ],
    ids=["18 on the day", "19 on the day", "not known"],
)
def test_a_service_for_an_age_is_told_by_the_age_on_the_day(born, expected):
    plan = a_plan(a_benefit(coinsurance="20", restrictions=(Restriction(maximum_age=18),)))
    patient = Person(born and Days(born, born))

    assert of_services(a_line(1), plan=plan, patient=patient) == [expected]


def test_a_service_that_a_category_leaves_out_is_not_covered():
    plan = a_plan(a_benefit(coinsurance="20", excluded=(service("exam"),)))

    assert of_services(a_line(1), a_line(2, service="filling"), plan=plan) == [
        "general in: The plan does not cover this service.",
        "general in: coinsurance 20",
    ]


def test_an_authorization_that_is_needed_excludes_nothing():
    plan = a_plan(a_benefit("dental", coinsurance="20", authorization_required=True))
    free = a_plan(a_benefit("dental", coinsurance="20"))

    [needed] = services_told(a_request(EXAM, plan=plan), is_provider_known=True)
    [not_needed] = services_told(a_request(EXAM, plan=free), is_provider_known=True)

    assert (needed.exclusion, needed.authorization_required) == (None, True)
    assert needed == replace(not_needed, authorization_required=True)


def test_an_attachment_that_is_needed_excludes_nothing():
    price = replace(a_price("exam", "80.00"), needs_attachment=True)
    asked = a_request(a_line(1), prices=(price,))

    [told] = services_told(asked, is_provider_known=True)

    assert (told.exclusion, told.attachment_required) == (None, True)


def test_every_category_is_told_where_nothing_is_asked():
    plan = a_plan(a_benefit("dental", coinsurance="20"), a_benefit("vision", copay="5"))

    assert of_services(plan=plan) == [
        "dental in: coinsurance 20",
        "vision in: copay 5 used 0 left 5",
    ]


# --- told and decided


@pytest.mark.parametrize("code", ["dental", "vision", "general"])
@pytest.mark.parametrize("waiting_days", [0, 200])
def test_what_is_told_covered_is_what_a_claim_of_the_day_is_paid(code, waiting_days):
    plan = a_plan(a_benefit("dental", waiting_days=waiting_days), a_benefit("vision"))
    line = a_line(1, "100.00", categories=(code,))

    told = services_told(a_request(line, plan=plan), is_provider_known=True)
    [row] = [row for row in decide(line, plan=plan).totals if row.category is Category.BENEFIT]

    assert (told[0].exclusion is None) == (row.money.amount == 100)


def test_what_is_told_left_is_what_a_claim_of_the_day_takes():
    # 100 - 40 = 60 of the member's, 300 - 270 = 30 of the family's: a claim of 80 takes 30.
    plan = a_plan(deductible_individual="100", deductible_family="300")
    used = counters(deductible_individual="40", deductible_family="270")
    coverage = Coverage("member", "family", date(2026, 1, 1))

    [told] = plan_told(a_request(plan=plan, counters=used, coverage=coverage))
    taken = decide(a_line(1, "80.00"), plan=plan, counters=used, coverage=coverage)

    assert min(each.left for each in told.allowances) == 30
    assert taken.total(Category.DEDUCTIBLE).amount == 30


# --- after a decision


def test_after_a_decision_the_balance_is_told_with_what_it_took():
    # Before: 40 of 100 and two visits. 150 on a day: 60 deductible, 20 % of 90 = 18, benefit 72.
    dental = a_benefit(
        "dental", coinsurance="20", limits={"visits-per-year": "5", "amount-per-year": "500"}
    )
    plan = a_plan(
        dental, a_benefit("vision", limits={"visits-per-year": "1"}), deductible_individual="100"
    )
    used = counters(deductible_individual="40") | a_sum("visit", "2026", 2, "dental")
    line = a_line(1, "150.00", categories=("dental",))
    asked = a_request(line, plan=plan, counters=used)

    told = balances_told(decide(line, plan=plan, counters=used), asked)

    assert [spoken(each) for each in told] == [
        "plan: deductible-individual 100 used 100.00 left 0.00",
        "dental: amount-per-year 500 used 72.00 left 428.00; visits-per-year 5 used 3 left 2",
    ]


def test_what_is_not_claimed_leaves_the_balance_as_it_was():
    plan = a_plan(a_benefit(coinsurance="20"), deductible_individual="100")
    asked = a_request(a_line(1, "150.00"), plan=plan, use=ClaimUse.PREDETERMINATION)
    decided = decide(a_line(1, "150.00"), plan=plan, use=ClaimUse.PREDETERMINATION)

    assert [spoken(each) for each in balances_told(decided, asked)] == [
        "plan: deductible-individual 100 used 0 left 100"
    ]
