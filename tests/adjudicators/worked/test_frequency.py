"""Worked claims, every figure by hand: so many of a service in so much time."""

from datetime import date
from decimal import Decimal

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Awaiting, Deferred
from app.domain.codes import ClaimUse
from app.domain.reissue import Reissue
from app.domain.restrictions import Per
from tests.adjudicators.builders import (
    a_benefit,
    a_frequency,
    a_line,
    a_plan,
    a_request,
    decide,
    posted,
    rendered,
    worked,
)
from tests.adjudicators.worked.tables import assert_worked

CLEANINGS = a_plan(a_benefit(frequencies=(a_frequency(2, "cleaning"),)))
CROWNS = a_frequency(1, "crown", "onlay", months=60, per=Per.BODY_SITE)
CROWN_PLAN = a_plan(a_benefit(coinsurance="50", frequencies=(CROWNS,)))
TOOTH = "rule  https://example.org/fhir/CodeSystem/tooth|14"
PAID = ["submitted 80.00", "eligible 80.00", "benefit 80.00"]
LOST = ["submitted 80.00", "noncovered 80.00 (119)", "benefit 0.00"]


def a_cleaning(sequence=1, **rest):
    return a_line(sequence, "80.00", service="cleaning", **rest)


def a_crown(sequence=1, tooth="14", **rest):
    return a_line(sequence, "600.00", service="crown", teeth=(tooth,) if tooth else (), **rest)


def test_a_third_cleaning_of_a_year_is_the_members():
    # Two of 2026 are within, the third is not; one of 2025 counts in its own year.
    lines = (
        a_cleaning(1, day=date(2026, 1, 10)),
        a_cleaning(2, day=date(2026, 3, 10)),
        a_cleaning(3, day=date(2026, 5, 10)),
        a_line(4, "30.00"),
    )
    decision = decide(*lines, plan=CLEANINGS, counters=rendered("2025-12-31", 2))

    assert_worked(
        decision,
        """
        line  submitted  eligible  noncovered  benefit
        1     80.00      80.00     -           80.00
        2     80.00      80.00     -           80.00
        3     80.00      -         80.00(119)  0.00
        4     30.00      30.00     -           30.00
        """,
    )
    counted = {key: units for key, units in posted(decision).items() if "frequency" in key}
    assert counted == {"frequency|2026-01-10": 1, "frequency|2026-03-10": 1}


def test_units_beyond_a_frequency_are_lost():
    # Two of three units: 2 x 80 = 160 eligible, 80 lost; 20 % of 160 = 32.
    plan = a_plan(a_benefit(coinsurance="20", frequencies=(a_frequency(2, "cleaning"),)))
    line = a_line(1, "240.00", service="cleaning", price="80.00", quantity="3")
    decision = decide(line, plan=plan)

    assert_worked(
        decision,
        """
        line  submitted  eligible  noncovered  coinsurance  benefit
        1     240.00     160.00    80.00(119)  32.00(2)     128.00
        """,
    )
    assert posted(decision)["frequency|2026-06-01"] == Decimal(2)


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        # One in 36 months: of 2 June 2023 it is covered again on 2 June 2026.
        ("2023-06-01", PAID),
        ("2023-06-02", LOST),
        # What was decided already may be the later one.
        ("2029-05-31", LOST),
        ("2029-06-01", PAID),
    ],
)
def test_a_span_of_months_slides_with_the_day_of_the_service(earlier, expected):
    plan = a_plan(a_benefit(frequencies=(a_frequency(1, "cleaning", months=36),)))

    assert worked(decide(a_cleaning(), plan=plan, counters=rendered(earlier))) == {"1": expected}


def test_no_span_holds_more_than_its_units_wherever_it_begins():
    # 2 in 6 months. Of 1 March and 1 August none is in a span with the other but with 1 June both.
    plan = a_plan(a_benefit(frequencies=(a_frequency(2, "cleaning", months=6),)))
    between = rendered("2026-03-01") | rendered("2026-08-01")
    # 1 March to 31 August holds 2 and would hold 3.
    assert worked(decide(a_cleaning(), plan=plan, counters=between)) == {"1": LOST}
    # 1 January to 30 June holds 1, 1 June to 30 November 1: none holds 3.
    apart = rendered("2026-01-01") | rendered("2026-07-01")
    assert worked(decide(a_cleaning(), plan=plan, counters=apart)) == {"1": PAID}


def test_a_span_of_days_is_counted_by_days():
    plan = a_plan(a_benefit(frequencies=(a_frequency(1, "cleaning", days=10),)))
    lines = (
        a_cleaning(1),
        a_cleaning(2, day=date(2026, 6, 10)),
        a_cleaning(3, day=date(2026, 6, 11)),
    )

    assert worked(decide(*lines, plan=plan)) == {"1": PAID, "2": LOST, "3": PAID}


def test_each_tooth_has_one_crown_in_five_years():
    # 50 % of 600 = 300. Tooth 14 had an onlay in 2022; 15 gets one crown, its second is lost.
    decision = decide(
        a_crown(1, "14"),
        a_crown(2, "15"),
        a_crown(3, "15"),
        plan=CROWN_PLAN,
        counters=rendered("2022-06-01", counted_as=TOOTH),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  noncovered   coinsurance  benefit
        1     600.00     -         600.00(119)  -            0.00
        2     600.00     600.00    -            300.00(2)    300.00
        3     600.00     -         600.00(119)  -            0.00
        """,
    )


def test_a_tooth_is_free_again_when_its_span_is_over():
    decision = decide(a_crown(), plan=CROWN_PLAN, counters=rendered("2021-06-01", counted_as=TOOTH))

    assert worked(decision)["1"][-1] == "benefit 300.00"


def test_the_tooth_of_an_item_is_that_of_its_parts():
    parts = a_line((1, 1), "400.00", service="crown"), a_line((1, 2), "200.00", service="post")
    item = a_line(1, "600.00", *parts, teeth=("14",))
    decision = decide(item, plan=CROWN_PLAN, counters=rendered("2022-06-01", counted_as=TOOTH))

    # The crown is lost, the post is not limited: 50 % of 200.
    assert worked(decision)["1.1"][-1] == "benefit 0.00"
    assert worked(decision)["1.2"][-1] == "benefit 100.00"


def test_a_surface_is_counted_by_itself():
    # Surfaces M and O in one line; then O again is lost, D is not.
    rule = a_frequency(1, "filling", months=24, per=Per.SUB_SITE)

    def a_filling(sequence, *surfaces):
        return a_line(sequence, "80.00", service="filling", teeth=("14",), surfaces=surfaces)

    lines = a_filling(1, "M", "O"), a_filling(2, "O"), a_filling(3, "D")
    decision = decide(*lines, plan=a_plan(a_benefit(frequencies=(rule,))))

    assert worked(decision) == {"1": PAID, "2": LOST, "3": PAID}


def test_a_tooth_that_is_not_told_is_asked_for_and_after_the_wait_denied():
    untold = a_crown(tooth=None)
    answer = StandardAdjudicator().adjudicate(a_request(untold, plan=CROWN_PLAN))

    assert answer == Deferred(
        Awaiting.INFORMATION, "Please tell the tooth or surface, needed to decide on line 1."
    )
    assert worked(decide(untold, plan=CROWN_PLAN, is_last_call=True)) == {
        "1": ["submitted 600.00", "noncovered 600.00 (16)", "benefit 0.00"]
    }
    assert worked(decide(a_crown(), plan=CROWN_PLAN))["1"][-1] == "benefit 300.00"


def test_the_least_of_several_frequencies_counts():
    # 3 a year, and 1 in 4 months: the second, 3 months later, is lost.
    rules = a_frequency(3, "cleaning"), a_frequency(1, "cleaning", months=4)
    lines = a_cleaning(1, day=date(2026, 2, 1)), a_cleaning(2, day=date(2026, 5, 1))
    decision = decide(*lines, plan=a_plan(a_benefit(frequencies=rules)))

    assert worked(decision) == {"1": PAID, "2": LOST}
    # Of one name they count the same, and once.
    assert posted(decision)["frequency|2026-02-01"] == Decimal(1)


@pytest.mark.parametrize("use", [ClaimUse.PREAUTHORIZATION, ClaimUse.PREDETERMINATION])
def test_what_is_only_asked_for_sees_a_frequency_and_moves_none(use):
    decision = decide(a_cleaning(), plan=CLEANINGS, use=use, counters=rendered("2026-01-10", 2))

    assert worked(decision) == {"1": LOST}
    assert decide(a_cleaning(), plan=CLEANINGS, use=use).postings == ()


def test_a_line_that_is_carried_over_keeps_its_place_in_a_frequency():
    plan = a_plan(a_benefit(frequencies=(a_frequency(1, "cleaning"),)))
    request = a_request(a_cleaning(1), a_cleaning(2, day=date(2026, 7, 1)), plan=plan)
    adjudicator = StandardAdjudicator()
    first = adjudicator.adjudicate(request)

    again = adjudicator.adjudicate(
        a_request(*request.claim.lines, plan=plan, reissue=Reissue(first, ((2,),)))
    )

    assert worked(first) == worked(again) == {"1": PAID, "2": LOST}
    assert again.postings == first.postings


def test_a_service_on_the_last_day_of_the_calendar_is_counted_too():
    plan = a_plan(a_benefit(frequencies=(a_frequency(1, "cleaning", months=60, days=3),)))
    last = date(9999, 12, 31)
    lines = a_cleaning(1, day=last), a_cleaning(2, day=last)

    assert worked(decide(*lines, plan=plan)) == {"1": PAID, "2": LOST}
