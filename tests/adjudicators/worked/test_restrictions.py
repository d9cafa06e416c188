"""Worked claims, every figure by hand: services for an age, or for a sex."""

from datetime import date

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Awaiting, Deferred
from app.domain.claims import Days
from app.domain.persons import NOBODY_KNOWN, Person, Sex
from app.domain.restrictions import Restriction
from tests.adjudicators.builders import (
    a_benefit,
    a_line,
    a_plan,
    a_price,
    a_request,
    decide,
    posted,
    service,
    worked,
)
from tests.adjudicators.worked.tables import assert_worked

PAID = ["submitted 40.00", "eligible 40.00", "benefit 40.00"]
MISSING = ["submitted 40.00", "noncovered 40.00 (16)", "benefit 0.00"]
FLUORIDE = a_plan(a_benefit(restrictions=(Restriction((service("fluoride"),), maximum_age=18),)))
ADULTS = a_plan(a_benefit(restrictions=(Restriction(minimum_age=19),)))
MAMMOGRAM = a_plan(
    a_benefit(
        restrictions=(
            Restriction((service("mammogram"),), minimum_age=40),
            Restriction((service("mammogram"),), sex=Sex.FEMALE),
        )
    )
)


def born(year, month=6, day=1, *, sex=None):
    return Person(Days(date(year, month, day), date(year, month, day)), sex)


def denied(code):
    return ["submitted 40.00", f"noncovered 40.00 ({code})", "benefit 0.00"]


def test_a_service_for_children_is_an_adults_own():
    # Nineteen on the day. Fluoride 40, priced at 35: 5 written off, 35 noncovered. Exam: 50.
    decision = decide(
        a_line(1, "40.00", service="fluoride"),
        a_line(2, "50.00"),
        plan=FLUORIDE,
        prices=(a_price("fluoride", "35.00"),),
        patient=born(2007),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  noncovered  benefit
        1     40.00      -         5.00(45)     35.00(6)    0.00
        2     50.00      50.00     -            -           50.00
        """,
    )
    assert decision.notes[1].text == "The plan does not cover this service at the patient's age."
    assert "benefit|general|2026" in posted(decision)


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        # The day of the service is 1 June 2026; up to 18 years, the nineteenth birthday is over.
        (born(2007, 6, 1), denied(6)),
        (born(2007, 6, 2), PAID),
        (born(2026, 6, 1), PAID),
        # Only the year is known, and both ages are possible, or only one is.
        (Person(Days(date(2007, 1, 1), date(2007, 12, 31))), MISSING),
        (Person(Days(date(2008, 1, 1), date(2008, 12, 31))), PAID),
        (Person(Days(date(2006, 1, 1), date(2006, 12, 31))), denied(6)),
        # Born after the service: something is wrong, nothing is known.
        (born(2026, 6, 2), MISSING),
    ],
)
def test_a_highest_age_is_included(person, expected):
    line = a_line(1, "40.00", service="fluoride")

    assert worked(decide(line, plan=FLUORIDE, patient=person, is_last_call=True)) == {"1": expected}


def test_a_lowest_age_is_reached_on_the_birthday_of_each_lines_own_day():
    # Nineteen on 1 June.
    lines = a_line(1, "40.00", day=date(2026, 5, 31)), a_line(2, "40.00")
    decision = decide(*lines, plan=ADULTS, patient=born(2007))

    assert worked(decision) == {"1": denied(6), "2": PAID}


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (born(1986, sex=Sex.FEMALE), PAID),
        (born(1986, sex=Sex.MALE), denied(7)),
        (born(1986, sex=Sex.OTHER), denied(7)),
        (born(1986, 6, 2, sex=Sex.FEMALE), denied(6)),
        # Both: age comes first.
        (born(1987, sex=Sex.MALE), denied(6)),
        # What is known decides where it can.
        (Person(sex=Sex.MALE), denied(7)),
        (born(1987), denied(6)),
        (Person(sex=Sex.FEMALE), MISSING),
        (born(1986), MISSING),
    ],
)
def test_a_service_may_be_for_one_sex_from_an_age_on(person, expected):
    line = a_line(1, "40.00", service="mammogram")

    assert worked(decide(line, plan=MAMMOGRAM, patient=person, is_last_call=True)) == {
        "1": expected
    }


def test_who_is_not_known_is_asked_for_once_for_all_lines():
    lines = (
        a_line(1, "40.00", service="fluoride"),
        a_line(2, "9.00"),
        a_line(3, "40.00", service="fluoride"),
    )
    answer = StandardAdjudicator().adjudicate(a_request(*lines, plan=FLUORIDE))

    assert answer == Deferred(
        Awaiting.INFORMATION,
        "Please tell the patient's birth date and sex, needed to decide on line 1, 3.",
    )


def test_what_is_not_restricted_is_decided_for_anybody():
    assert worked(decide(a_line(1, "40.00"), plan=FLUORIDE, patient=NOBODY_KNOWN)) == {"1": PAID}


def test_all_that_is_missing_is_asked_for_together():
    plan = a_plan(a_benefit(restrictions=(Restriction(maximum_age=18),)))
    request = a_request(
        a_line(1, "40.00"), plan=plan, prices=(a_price("exam", None, needs_attachment=True),)
    )

    assert StandardAdjudicator().adjudicate(request) == Deferred(
        Awaiting.INFORMATION,
        "Please send the attachment that is needed to decide on line 1."
        " Please tell the patient's birth date and sex, needed to decide on line 1.",
    )


def test_a_line_that_is_denied_anyhow_is_not_asked_about():
    benefit = a_benefit(restrictions=(Restriction(maximum_age=18),), waiting_days=365)

    assert worked(decide(a_line(1, "40.00"), plan=a_plan(benefit))) == {"1": denied(179)}
