"""What differs between the questions of two decisions: each input by its own cause."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.adjudication import (
    AdjudicationRequest,
    Authorization,
    Counter,
    Coverage,
    EarlierClaim,
    EarlierPayer,
    Posting,
)
from app.domain.changes import TOLD, Change, changes, rules_changed
from app.domain.claims import Days
from app.domain.codes import Cause
from app.domain.reissue import Reissue
from tests.adjudicators.builders import (
    DAY,
    GENERAL,
    a_benefit,
    a_claim,
    a_line,
    a_plan,
    a_price,
)
from tests.domain.test_reissue import a_decision, line

SPENT = Counter("member", "deductible-individual", "", "2026")
# Item 1 is an exam; item 2 a group of an exam and a scan.
CLAIM = a_claim(
    a_line((1,), service="exam"),
    a_line((2,), None, a_line((2, 1), service="exam"), a_line((2, 2), service="scan")),
)
PLAN = a_plan(deductible_individual="9", out_of_pocket_family="9")
DECIDED = a_decision(line((1,), "80.00"), line((2,), "20.00"))


def asked(**inputs):
    defaults = {
        "claim": CLAIM,
        "received_on": DAY,
        "coverage": Coverage("member", "family"),
        "plan": PLAN,
        "prices": (a_price("exam", "9"),),
        "counters": {SPENT: Decimal("5.00")},
    }
    return AdjudicationRequest(**defaults | inputs)


# Each input as it was and as it is, and what is told of it.
ONE = {
    "claim": (
        {},
        {"claim": replace(CLAIM, priority="stat")},
        "request",
        "the request is read otherwise",
    ),
    "received": (
        {},
        {"received_on": DAY.replace(day=2)},
        "received",
        "the day of receipt is another",
    ),
    "coverage came": ({"coverage": None}, {}, "coverage", "a Coverage matches now"),
    "coverage went": (
        {},
        {"coverage": None},
        "coverage",
        "no Coverage of the payer matches any more",
    ),
    "another member": (
        {},
        {"coverage": Coverage("other", "family")},
        "coverage",
        "another Coverage matches",
    ),
    "coverage ended": (
        {},
        {"coverage": Coverage("member", "family", ends_on=date(2026, 5, 31))},
        "coverage",
        "the days of the Coverage are others",
    ),
    "beneficiary": ({}, {"is_beneficiary": False}, "coverage", "whose the Coverage is"),
    "plan version": (
        {},
        {"plan": replace(PLAN, version="2")},
        "plan",
        "the plan is plan version 2, was plan version 1",
    ),
    "plan went": ({}, {"plan": None}, "plan", "the plan is none, was plan version 1"),
    "plan read": (
        {},
        {"plan": a_plan(deductible_individual="1")},
        "plan",
        "plan plan version 1 is read otherwise",
    ),
    "network": (
        {},
        {"affiliations": (Days(DAY, None),)},
        "network",
        "the provider's days in the network are others",
    ),
    "duplicates": (
        {},
        {"earlier": (EarlierClaim(CLAIM, DAY),)},
        "other-claims",
        "other requests for the same services",
    ),
    "too many duplicates": (
        {},
        {"has_more_earlier": True},
        "other-claims",
        "whether all such requests were looked at",
    ),
    "authorization": (
        {},
        {"authorizations": (Authorization("PA-1", "USD", ()),)},
        "authorization",
        "what the quoted preauthorizations grant",
    ),
    "other payer": (
        {},
        {"earlier_payers": (EarlierPayer(None),)},
        "other-payer",
        "what earlier payers answered",
    ),
    "counters": (
        {},
        {"counters": {SPENT: Decimal("5.01")}},
        "counters",
        "what was used before of deductible-individual",
    ),
    "attachments came": ({}, {"attachments": 2}, "attachments", "attachments that came: 2"),
    "attachments went": ({"attachments": 1}, {}, "attachments", "attachments that were cancelled"),
    "last call": ({}, {"is_last_call": True}, "last-call", "what was waited for did not come"),
    "no last call": ({"is_last_call": True}, {}, "last-call", "it can wait again"),
    "some lines": (
        {},
        {"reissue": Reissue(DECIDED, ((1,),))},
        "lines",
        "lines that are carried over come before the others",
    ),
}


@pytest.mark.parametrize(("was", "now", "cause", "text"), ONE.values(), ids=ONE)
def test_one_input_that_changed_is_told_by_its_cause(was, now, cause, text):
    assert changes(asked(**was), asked(**now)) == (Change(Cause(cause), text),)
    assert changes(asked(**was), asked(**was)) == ()


def test_every_input_has_a_cause_of_its_own():
    assert {each.name for each in fields(AdjudicationRequest)} - TOLD == set()


PRICES = {
    "new": ((), (a_price("scan", "7"),), "the price of scan is new", ((2,), (2, 2))),
    "gone": ((a_price("scan", "7"),), (), "the price of scan is gone", ((2,), (2, 2))),
    "another": (
        (a_price("exam", "9"),),
        (a_price("exam", "8"),),
        "the price of exam is another",
        ((1,), (2,), (2, 1)),
    ),
    "in digits": (
        (a_price("exam", "9"),),
        (a_price("exam", "9", category_code="basic"),),
        "the price of exam is another",
        ((1,), (2,), (2, 1)),
    ),
}


@pytest.mark.parametrize(("was", "now", "text", "paths"), PRICES.values(), ids=PRICES)
def test_a_price_is_told_of_the_lines_of_its_service_and_their_groups(was, now, text, paths):
    [change] = changes(asked(prices=was), asked(prices=now))

    assert change == Change(Cause.PRICE, text, paths)
    every = [(1,), (2,), (2, 1), (2, 2)]
    assert tuple(path for path in every if change.matters_to(path)) == paths


def test_prices_in_another_order_are_the_same_prices():
    prices = (a_price("exam", "9"), a_price("scan", "7"))

    assert changes(asked(prices=prices), asked(prices=prices[::-1])) == ()


def test_a_counter_that_nobody_used_is_as_one_that_is_not_there():
    assert changes(asked(counters=None), asked(counters={SPENT: Decimal("0.00")})) == ()


def test_a_counter_that_neither_plan_looks_at_is_not_told():
    used = Counter("member", "benefit", "", "2026")
    limited = replace(PLAN, amount_per_year=Decimal(100))
    before = asked()
    after = asked(counters={SPENT: Decimal("5.00"), used: Decimal(7)})

    assert changes(before, after) == ()
    told = changes(replace(before, plan=limited), replace(after, plan=limited))
    assert [change.text for change in told] == ["what was used before of benefit"]


def test_of_counters_no_figure_and_no_person_is_told():
    family = Counter("family-key", "out-of-pocket-family", "", "2026")
    [change] = changes(asked(), asked(counters={SPENT: Decimal(77), family: Decimal(88)}))

    assert change.text == ("what was used before of deductible-individual, out-of-pocket-family")


def test_of_counters_no_day_and_no_name_of_an_adjudicators_own_is_told():
    copays = a_plan(a_benefit(copay="5"))
    own_day, other_day = (
        Counter("member", "copay", GENERAL.key, day) for day in ("2026-06-01", "2026-01-17")
    )
    kept = Counter("member", "psychotherapy", "psychotherapy", "2026-01-17")

    def texts(*counters):
        after = asked(plan=copays, counters=dict.fromkeys(counters, Decimal(5)))
        return [change.text for change in changes(asked(plan=copays, counters={}), after)]

    assert texts(own_day) == ["what was used before of copay"]
    # Kept by an earlier version, which asked with every day: no decision looked at it.
    assert texts(other_day) == []
    assert texts(kept) == ["what was used before of other counters"]


def test_what_the_earlier_decision_was_is_no_change_of_the_inputs():
    posted = replace(DECIDED, postings=(Posting(SPENT, Decimal(1)),))
    before, after = Reissue(DECIDED, reference="R1"), Reissue(posted, reference="R2")

    assert changes(asked(reissue=before), asked(reissue=after)) == ()
    assert changes(asked(), asked(reissue=after)) == ()


# What is named of lines 1 and 2, and whether line 2 then comes before line 1.
NAMED = {"the first": (((1,),), True), "the last": (((2,),), False), "all": ((), False)}


@pytest.mark.parametrize(("paths", "is_told"), NAMED.values(), ids=NAMED)
def test_lines_in_another_order_are_told_where_the_plan_has_anything_to_use_up(paths, is_told):
    again = asked(reissue=Reissue(DECIDED, paths))
    bare = a_plan()

    assert [change.cause for change in changes(asked(), again)] == [Cause.LINES] * is_told
    assert changes(asked(plan=bare), replace(again, plan=bare)) == ()


def test_several_changes_are_told_in_one_order():
    now = asked(attachments=1, plan=None, prices=(), coverage=None)

    causes = [change.cause for change in changes(asked(), now)]

    assert causes == [Cause.COVERAGE, Cause.PLAN, Cause.PRICE, Cause.ATTACHMENTS]


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("ours-1", "ours-2", ["the rules are ours-2, were ours-1"]),
        ("ours-1", "ours-1", []),
        (None, "ours-2", []),
        ("ours-1", None, []),
    ],
    ids=str,
)
def test_other_rules_are_told_by_their_names(before, after, text):
    assert [change.text for change in rules_changed(before, after)] == text
