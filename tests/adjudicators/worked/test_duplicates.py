"""Worked claims, every figure by hand: services that an earlier Claim asked for already."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Awaiting, Deferred, EarlierClaim, Review
from app.domain.codes import ClaimUse
from app.domain.reissue import Reissue
from tests.adjudicators.builders import (
    DAY,
    a_benefit,
    a_claim,
    a_line,
    a_plan,
    a_price,
    a_request,
    decide,
    posted,
)
from tests.adjudicators.worked.tables import assert_worked


def earlier(*lines, denied=(), is_later=False):
    return (EarlierClaim(a_claim(*lines), DAY, frozenset(denied), is_later=is_later),)


def reissued(*lines, paid=(), **rest):
    """Decided again: before, these lines were paid, and the others denied as not covered."""
    covered = {path: a_benefit() if path in paid else a_benefit("other") for path in (1, 2)}
    before = [decide(line, plan=a_plan(covered[line.path[0]])).lines[0] for line in lines]
    reissue = Reissue(replace(decide(*lines), lines=tuple(before)))
    return answered(*lines, reissue=reissue, **rest)


def answered(*lines, **rest):
    return StandardAdjudicator().adjudicate(a_request(*lines, **rest))


def test_an_exact_duplicate_is_the_providers_and_the_rest_is_paid():
    # Line 1 was claimed before: all of its 100 is contractual, also the 20 above the price.
    lines = a_line(1, "100.00"), a_line(2, "60.00", service="scan")
    decision = decide(
        *lines,
        plan=a_plan(a_benefit(coinsurance="10")),
        prices=(a_price("exam", "80.00"),),
        earlier=earlier(a_line(7, "100.00")),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  coinsurance  benefit
        1     100.00     -         100.00(18)   -            0.00
        2     60.00      60.00     -            6.00(2)      54.00
        """,
    )
    assert posted(decision)["benefit|2026"] == Decimal("54.00")


def test_out_of_network_a_duplicate_is_the_providers_too():
    decision = decide(
        a_line(1, "100.00"),
        prices=(a_price("exam", "80.00"),),
        in_network=False,
        earlier=earlier(a_line(1, "100.00")),
    )

    assert_worked(
        decision,
        """
        line  submitted  contractual  benefit
        1     100.00     100.00(18)   0.00
        """,
    )


DIFFERENT = {
    "another service": a_line(1, "100.00", service="scan"),
    "another day": a_line(1, "100.00", day=date(2026, 6, 2)),
}


@pytest.mark.parametrize("other", DIFFERENT.values(), ids=DIFFERENT)
def test_another_service_or_day_is_no_duplicate(other):
    assert_worked(
        decide(a_line(1, "100.00"), earlier=earlier(other)),
        """
        line  submitted  eligible  benefit
        1     100.00     100.00    100.00
        """,
    )


NEAR = {
    "another net": a_line(1, "99.99"),
    "another currency": a_line(1, "100.00", currency="EUR"),
    "a modifier more": a_line(1, "100.00", modifiers=("LT",)),
}


@pytest.mark.parametrize("is_last_call", [False, True])
@pytest.mark.parametrize("other", NEAR.values(), ids=NEAR)
def test_the_same_but_for_net_or_modifiers_is_for_a_person(other, is_last_call):
    lines = a_line(1, "30.00", service="scan"), a_line(2, "100.00")

    assert answered(*lines, earlier=earlier(other), is_last_call=is_last_call) == Deferred(
        Awaiting.OPERATOR,
        "Another Claim has the same service at another price or modifier: line 2.",
    )


def test_of_an_exact_and_a_near_duplicate_the_exact_counts():
    # Sent again as a whole: each line is like one of the two exactly, and near the other.
    lines = a_line(1, "30.00"), a_line(2, "40.00")

    assert_worked(
        decide(*lines, earlier=earlier(*lines)),
        """
        line  submitted  contractual  benefit
        1     30.00      30.00(18)    0.00
        2     40.00      40.00(18)    0.00
        """,
    )


def test_lines_that_were_denied_have_no_duplicates():
    others = a_line(1, "100.00"), a_line(2, "60.00", service="scan")
    lines = a_line(1, "100.00"), a_line(2, "61.00", service="scan")

    assert_worked(
        decide(*lines, earlier=earlier(*others, denied=[(1,), (2,)])),
        """
        line  submitted  eligible  benefit
        1     100.00     100.00    100.00
        2     61.00      61.00     61.00
        """,
    )


def test_a_near_duplicate_that_is_not_covered_needs_nobody():
    decision = decide(
        a_line(1, "100.00"), plan=a_plan(a_benefit("other")), earlier=earlier(a_line(1, "90.00"))
    )

    assert_worked(
        decision,
        """
        line  submitted  noncovered  benefit
        1     100.00     100.00(96)  0.00
        """,
    )


@pytest.mark.parametrize("use", [ClaimUse.PREAUTHORIZATION, ClaimUse.PREDETERMINATION])
def test_what_is_only_asked_for_is_no_duplicate(use):
    others = earlier(a_line(1, "100.00"), a_line(2, "60.00", service="scan"))
    lines = a_line(1, "100.00"), a_line(2, "61.00", service="scan")

    assert_worked(
        decide(*lines, use=use, earlier=others),
        """
        line  submitted  eligible  benefit
        1     100.00     100.00    100.00
        2     61.00      61.00     61.00
        """,
    )


def test_the_leaves_of_a_group_are_compared_each_for_itself():
    # 1.1 of 10.00 was claimed before as an item of its own; 1.2 was not.
    parts = a_line((1, 1), "10.00"), a_line((1, 2), "25.00", service="scan")
    decision = decide(a_line(1, "35.00", *parts), earlier=earlier(a_line(4, "10.00")))

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  benefit
        1     35.00      25.00     10.00(18)    25.00
        1.1   10.00      -         10.00(18)    0.00
        1.2   25.00      25.00     -            25.00
        """,
    )


def test_a_duplicate_comes_before_every_other_denial():
    decision = decide(
        a_line(1, "100.00"),
        plan=a_plan(a_benefit("other"), timely_filing_days=0),
        received_on=date(2026, 7, 1),
        earlier=earlier(a_line(1, "100.00")),
    )

    assert_worked(
        decision,
        """
        line  submitted  contractual  benefit
        1     100.00     100.00(18)   0.00
        """,
    )


def test_a_near_duplicate_that_a_person_calls_distinct_is_paid_beside_the_exact_one():
    # Line 1 is exact and stays denied; line 2 is line 8 at another price: 60 - 10 % = 54.
    decision = decide(
        a_line(1, "100.00"),
        a_line(2, "60.00", service="scan"),
        plan=a_plan(a_benefit(coinsurance="10")),
        earlier=earlier(a_line(7, "100.00"), a_line(8, "61.00", service="scan")),
        review=Review.DISTINCT,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  coinsurance  benefit
        1     100.00     -         100.00(18)   -            0.00
        2     60.00      60.00     -            6.00(2)      54.00
        """,
    )


def test_a_near_duplicate_that_a_person_calls_one_is_denied_and_the_rest_is_paid():
    # Line 2 is line 8 at another price; line 1 is no duplicate of anything: 100 - 10 % = 90.
    decision = decide(
        a_line(1, "100.00"),
        a_line(2, "60.00", service="scan"),
        plan=a_plan(a_benefit(coinsurance="10")),
        earlier=earlier(a_line(8, "61.00", service="scan")),
        review=Review.DUPLICATE,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  coinsurance  benefit
        1     100.00     100.00    -            10.00(2)     90.00
        2     60.00      -         60.00(18)    -            0.00
        """,
    )


def test_decided_again_what_a_later_claim_was_paid_for_meanwhile_is_not_paid_twice():
    # Both lines are in a Claim that was received later: line 1 was denied then, line 2 was paid.
    lines = a_line(1, "100.00"), a_line(2, "60.00", service="scan")

    assert_worked(
        reissued(*lines, paid=(2,), earlier=earlier(*lines, is_later=True)),
        """
        line  submitted  eligible  contractual  benefit
        1     100.00     -         100.00(18)   0.00
        2     60.00      60.00     -            60.00
        """,
    )


def test_decided_again_what_a_later_claim_was_denied_is_paid():
    line = a_line(1, "100.00")

    assert_worked(
        reissued(line, earlier=earlier(line, denied=[(1,)], is_later=True)),
        """
        line  submitted  eligible  benefit
        1     100.00     100.00    100.00
        """,
    )


@pytest.mark.parametrize(("paid", "waits"), [((), True), ((1,), False)])
def test_decided_again_a_line_not_paid_before_and_near_a_later_one_is_for_a_person(paid, waits):
    later = earlier(a_line(1, "99.00"), is_later=True)

    answer = reissued(a_line(1, "100.00"), paid=paid, earlier=later)

    assert isinstance(answer, Deferred) is waits


def test_where_not_all_other_claims_were_looked_at_a_person_decides_what_would_be_paid():
    lines = a_line(1, "100.00"), a_line(2, "60.00", service="scan")
    some = {"earlier": earlier(a_line(1, "100.00")), "has_more_earlier": True}

    assert answered(*lines, **some) == Deferred(
        Awaiting.OPERATOR,
        "Too many other Claims have services of this one to look at all: line 2.",
    )
    assert_worked(
        decide(*lines, **some, review=Review.DISTINCT),
        """
        line  submitted  eligible  contractual  benefit
        1     100.00     -         100.00(18)   0.00
        2     60.00      60.00     -            60.00
        """,
    )
