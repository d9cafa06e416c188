"""Worked claims, every figure by hand: who is covered for what and when, and who bears a denial."""

from dataclasses import replace
from datetime import date

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Awaiting, Coverage, Deferred
from app.domain.claims import Days
from app.domain.codes import ClaimUse
from tests.adjudicators.builders import (
    DAY,
    a_benefit,
    a_line,
    a_plan,
    a_price,
    a_request,
    decide,
    posted,
    rows,
    worked,
)

ALL_ELIGIBLE = ["submitted 100.00", "eligible 100.00", "benefit 100.00"]


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        (date(2026, 6, 2), None, ["submitted 100.00", "noncovered 100.00 (26)", "benefit 0.00"]),
        (None, date(2026, 5, 31), ["submitted 100.00", "noncovered 100.00 (27)", "benefit 0.00"]),
        (date(2026, 6, 1), date(2026, 6, 1), ALL_ELIGIBLE),
        (None, None, ALL_ELIGIBLE),
    ],
    ids=["before", "after", "on both its days", "open"],
)
@pytest.mark.parametrize("of", ["coverage", "plan"])
def test_a_service_is_within_the_coverage_and_the_plan(of, starts_on, ends_on, expected):
    days = {"starts_on": starts_on, "ends_on": ends_on}
    in_force = {
        "coverage": {"coverage": Coverage("member", "family", **days)},
        "plan": {"plan": a_plan(**days)},
    }

    assert worked(decide(a_line(1, "100.00"), **in_force[of])) == {"1": expected}


def test_coverage_is_asked_of_each_lines_own_date():
    lines = a_line(1, "10.00", day=date(2026, 5, 31)), a_line(2, "20.00")
    decision = decide(*lines, coverage=Coverage("member", "family", date(2026, 6, 1)))

    assert worked(decision) == {
        "1": ["submitted 10.00", "noncovered 10.00 (26)", "benefit 0.00"],
        "2": ["submitted 20.00", "eligible 20.00", "benefit 20.00"],
    }


@pytest.mark.parametrize(
    ("in_network", "denied"),
    [
        (True, ["contractual 20.00 (45)", "noncovered 80.00 (96)"]),
        (False, ["noncovered 100.00 (45, 96)"]),
    ],
    ids=["in network", "out of network"],
)
def test_what_is_denied_is_the_allowed_amount(in_network, denied):
    # 100 submitted, 80 allowed: 20 stay what they are in or out of network, 80 are not covered.
    decision = decide(
        a_line(1, "100.00"),
        plan=a_plan(a_benefit("other")),
        prices=(a_price("exam", "80.00"),),
        in_network=in_network,
    )

    assert worked(decision) == {"1": ["submitted 100.00", *denied, "benefit 0.00"]}
    assert decision.postings == ()


CATEGORIES = {
    "listed": (("basic",), None, "benefit 90.00"),
    "the line's goes before the price's": (("basic",), "major", "benefit 90.00"),
    "the price's": ((), "basic", "benefit 90.00"),
    "the first that is listed": (("odd", "basic"), None, "benefit 90.00"),
    "general for none": ((), None, "benefit 70.00"),
    "general for one not listed": (("odd",), None, "benefit 70.00"),
}


@pytest.mark.parametrize(("own", "priced", "benefit"), CATEGORIES.values(), ids=CATEGORIES)
def test_a_category_is_the_lines_or_its_prices_or_general(own, priced, benefit):
    plan = a_plan(
        a_benefit("basic", coinsurance="10"),
        a_benefit("major", coinsurance="50"),
        a_benefit("general", coinsurance="30"),
    )
    prices = (a_price("exam", None, category_code=priced),)
    decision = decide(a_line(1, "100.00", categories=own), plan=plan, prices=prices)

    assert worked(decision)["1"][-1] == benefit


@pytest.mark.parametrize("own", [(), ("odd",)], ids=["no category", "one not listed"])
def test_a_plan_without_general_covers_only_what_it_lists(own):
    decision = decide(a_line(1, "10.00", categories=own), plan=a_plan(a_benefit("basic")))

    assert worked(decision) == {
        "1": ["submitted 10.00", "noncovered 10.00 (96)", "benefit 0.00"],
    }


def test_a_leaf_without_a_category_has_its_nearest_parents():
    # 1.1 by its parent 1 basic 10 %; 1.2.1 by its parent 1.2 major 50 %; 1.3 by its price.
    major = a_line((1, 2), "100.00", a_line((1, 2, 1), "100.00"), categories=("major",))
    priced = a_line((1, 3), "100.00", service="scan")
    item = a_line(1, "300.00", a_line((1, 1), "100.00"), major, priced, categories=("basic",))
    plan = a_plan(
        a_benefit("basic", coinsurance="10"),
        a_benefit("major", coinsurance="50"),
        a_benefit("scans", coinsurance="80"),
    )
    figures = worked(
        decide(item, plan=plan, prices=(a_price("scan", None, category_code="scans"),))
    )

    assert [figures[path][-1] for path in ("1.1", "1.2.1", "1.3")] == [
        "benefit 90.00",
        "benefit 50.00",
        "benefit 20.00",
    ]
    assert figures["1"][-1] == "benefit 160.00"


@pytest.mark.parametrize(
    ("waiting_days", "expected"),
    [
        # Insured since 1 May: 31 days to 1 June.
        (32, ["submitted 100.00", "noncovered 100.00 (179)", "benefit 0.00"]),
        (31, ALL_ELIGIBLE),
    ],
    ids=["a day to go", "on the day it is over"],
)
def test_a_service_within_the_waiting_period_is_denied(waiting_days, expected):
    decision = decide(
        a_line(1, "100.00"),
        plan=a_plan(a_benefit(waiting_days=waiting_days)),
        coverage=Coverage("member", "family", date(2026, 5, 1)),
    )

    assert worked(decision) == {"1": expected}


@pytest.mark.parametrize(
    ("starts_on", "months", "day", "expected"),
    [
        # Twelve months are a year to the day, also where it has 366 days.
        (date(2024, 1, 1), 12, date(2024, 12, 31), "noncovered 100.00 (179)"),
        (date(2024, 1, 1), 12, date(2025, 1, 1), "eligible 100.00"),
        # A month after the last of January is the last of February.
        (date(2026, 1, 31), 1, date(2026, 2, 27), "noncovered 100.00 (179)"),
        (date(2026, 1, 31), 1, date(2026, 2, 28), "eligible 100.00"),
    ],
)
def test_who_waits_months_waits_by_the_calendar(starts_on, months, day, expected):
    decision = decide(
        a_line(1, "100.00", day=day),
        plan=a_plan(a_benefit(waiting_months=months)),
        coverage=Coverage("member", "family", starts_on),
    )

    assert worked(decision)["1"][1] == expected


def test_without_a_start_of_coverage_nobody_waits():
    decision = decide(
        a_line(1, "100.00"),
        plan=a_plan(a_benefit(waiting_days=90)),
        coverage=Coverage("member", "family"),
    )

    assert worked(decision) == {"1": ALL_ELIGIBLE}


@pytest.mark.parametrize("in_network", [True, False])
def test_a_late_claim_is_the_providers_in_and_out_of_network(in_network):
    # The latest service is 1 June; 30 days later is 1 July, and it came on the 2nd.
    lines = a_line(1, "100.00", day=date(2026, 3, 1)), a_line(2, "50.00")
    prices = (a_price("exam", "80.00"),)
    plan = a_plan(timely_filing_days=30)

    def received(day):
        return decide(*lines, plan=plan, prices=prices, received_on=day, in_network=in_network)

    assert worked(received(date(2026, 7, 2))) == {
        "1": ["submitted 100.00", "contractual 100.00 (29)", "benefit 0.00"],
        "2": ["submitted 50.00", "contractual 50.00 (29)", "benefit 0.00"],
    }
    assert worked(received(date(2026, 7, 1)))["2"] == [
        "submitted 50.00",
        "eligible 50.00",
        "benefit 50.00",
    ]


@pytest.mark.parametrize(
    ("service", "in_time", "late"),
    [
        # Three months after the last of November is the last of February.
        (date(2025, 11, 30), date(2026, 2, 28), date(2026, 3, 1)),
        (date(2023, 11, 30), date(2024, 2, 29), date(2024, 3, 1)),
        (date(2026, 3, 15), date(2026, 6, 15), date(2026, 6, 16)),
    ],
)
def test_months_of_timely_filing_are_those_of_the_calendar(service, in_time, late):
    plan = a_plan(timely_filing_days=0, timely_filing_months=3)

    def outcome(day):
        line, insured = a_line(1, "100.00", day=service), Coverage("member", "family")
        return worked(decide(line, plan=plan, coverage=insured, received_on=day))["1"][1]

    assert outcome(in_time) == "eligible 100.00"
    assert outcome(late) == "contractual 100.00 (29)"


def test_timely_filing_counts_from_the_end_of_a_stay():
    stay = a_line(1, "100.00", serviced=Days(date(2026, 5, 1), DAY))
    plan = a_plan(timely_filing_days=30)

    assert worked(decide(stay, plan=plan, received_on=date(2026, 7, 1))) == {"1": ALL_ELIGIBLE}


def test_of_two_denials_the_first_in_order_is_given():
    # Not in force before late, late before not covered, not covered before waiting.
    out = {"coverage": Coverage("member", "family", date(2026, 6, 2))}
    late = {"received_on": date(2026, 12, 1)}
    plan = a_plan(a_benefit("other"), timely_filing_days=30)

    def reason(**circumstances):
        return worked(decide(a_line(1, "1.00"), plan=plan, **circumstances))["1"][1]

    assert reason(**out, **late) == "noncovered 1.00 (26)"
    assert reason(**late) == "contractual 1.00 (29)"
    assert reason() == "noncovered 1.00 (96)"


def test_a_denied_line_uses_no_units_and_is_no_visit():
    lines = a_line(1, "10.00", day=date(2026, 5, 31)), a_line(2, "10.00")
    decision = decide(
        *lines,
        plan=a_plan(a_benefit(limits={"units-per-claim": "1", "visits-per-year": "1"})),
        coverage=Coverage("member", "family", date(2026, 6, 1)),
    )

    assert worked(decision)["2"] == ["submitted 10.00", "eligible 10.00", "benefit 10.00"]
    assert posted(decision)["visit|general|2026"] == 1


def answered(**circumstances):
    return StandardAdjudicator().adjudicate(a_request(a_line(1, "100.00"), **circumstances))


def test_without_a_coverage_it_waits_and_is_denied_at_last():
    deferred = answered(coverage=None)

    assert isinstance(deferred, Deferred)
    assert deferred.awaiting is Awaiting.COVERAGE
    last = decide(
        a_line(1, "100.00"),
        coverage=None,
        prices=(a_price("exam", "80.00"),),
        is_last_call=True,
    )
    assert worked(last) == {
        "1": [
            "submitted 100.00",
            "contractual 20.00 (45)",
            "noncovered 80.00 (31)",
            "benefit 0.00",
        ]
    }
    assert rows(last.totals)[-1] == "patient-share 80.00"
    assert last.postings == ()


def test_without_a_plan_it_waits_and_is_not_covered_at_last():
    request = a_request(a_line(1, "100.00"))
    deferred = StandardAdjudicator().adjudicate(replace(request, plan=None))

    assert isinstance(deferred, Deferred)
    assert deferred.awaiting is Awaiting.PLAN
    last = StandardAdjudicator().adjudicate(replace(request, plan=None, is_last_call=True))
    assert worked(last) == {"1": ["submitted 100.00", "noncovered 100.00 (96)", "benefit 0.00"]}


@pytest.mark.parametrize("is_last_call", [False, True])
def test_another_currency_than_the_plans_is_an_operators(is_last_call):
    deferred = answered(plan=a_plan(currency="EUR"), is_last_call=is_last_call)

    assert deferred == Deferred(Awaiting.OPERATOR, "The Claim is in USD, the plan in EUR.")


def test_a_plan_without_money_takes_the_claims_currency():
    decision = decide(a_line(1, "1000", currency="JPY"), plan=a_plan(currency=None))

    assert worked(decision) == {"1": ["submitted 1000", "eligible 1000", "benefit 1000"]}


def test_a_preauthorization_for_a_service_to_come_is_not_late():
    line = a_line(1, "100.00", day=date(2026, 9, 1))
    decision = decide(line, plan=a_plan(timely_filing_days=0), use=ClaimUse.PREAUTHORIZATION)

    assert worked(decision) == {"1": ALL_ELIGIBLE}


def test_a_line_of_nothing_is_no_visit():
    plan = a_plan(a_benefit(limits={"visits-per-year": "1"}))
    decision = decide(a_line(1, "0.00"), a_line(2, "10.00", day=date(2026, 6, 2)), plan=plan)

    assert worked(decision)["2"] == ["submitted 10.00", "eligible 10.00", "benefit 10.00"]
    assert posted(decision)["visit|general|2026"] == 1


def test_the_reasons_of_a_group_are_those_of_its_lines_in_sequence():
    # 1.1 is not on the plan; of the two units of 1.2 one is within the limit.
    denied = a_line((1, 1), "5.00", categories=("odd",))
    limited = a_line((1, 2), "20.00", price="10.00", quantity="2", categories=("basic",))
    plan = a_plan(a_benefit("basic", limits={"units-per-claim": "1"}))
    expected = ["submitted 25.00", "eligible 10.00", "noncovered 15.00 (96, 119)", "benefit 10.00"]

    for parts in ((denied, limited), (limited, denied)):
        assert worked(decide(a_line(1, "25.00", *parts), plan=plan))["1"] == expected
