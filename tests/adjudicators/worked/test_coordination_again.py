"""Worked claims decided again, every figure by hand: what earlier payers paid in total."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import EarlierAnswer, EarlierPayer
from app.domain.money import Money
from app.domain.plan import Coordination
from app.domain.reissue import Reissue
from tests.adjudicators.builders import a_benefit, a_line, a_plan, a_price, a_request, worked
from tests.adjudicators.worked.tables import assert_worked

HALF = (a_price("scan", "50.00"),)


def in_total(amount):
    return EarlierPayer(EarlierAnswer({}, Money(Decimal(amount), "USD")))


def of_item(amount):
    return EarlierPayer(EarlierAnswer({(1,): Money(Decimal(amount), "USD")}))


def two_lines(*payers, **plan):
    lines = a_line(1, "100.00"), a_line(2, "100.00", service="scan")
    return a_request(*lines, plan=a_plan(**plan), earlier_payers=payers)


def again(request, *paths, **changes):
    """The decision on a request, and the one made again of these lines after some changes."""
    decided = StandardAdjudicator().adjudicate(request)
    reissue = Reissue(decided, paths)
    return decided, StandardAdjudicator().adjudicate(replace(request, reissue=reissue, **changes))


@pytest.mark.parametrize(
    "payers", [(in_total("60"),), (in_total("45"), in_total("15"))], ids=["one", "two"]
)
def test_what_carried_lines_took_of_a_total_comes_off_it_first(payers):
    # 60 in total, 30 for each. Of the second 50 are now allowed: 60 - 30 = 30 are for it, and all
    # payers together pay 60 + 70 + 20 = 150, which is allowed of both.
    _, reissued = again(two_lines(*payers), (2,), prices=HALF)

    assert_worked(
        reissued,
        """
        line  submitted  eligible  contractual  cob-paid   benefit
        1     100.00     100.00    -            30.00(23)  70.00
        2     100.00     50.00     50.00(45)    30.00(23)  20.00
        """,
    )


def test_where_all_is_decided_again_a_total_is_split_anew():
    # 60 by 100 : 50.
    _, reissued = again(two_lines(in_total("60")), prices=HALF)

    assert_worked(
        reissued,
        """
        line  submitted  eligible  contractual  cob-paid   benefit
        1     100.00     100.00    -            40.00(23)  60.00
        2     100.00     50.00     50.00(45)    20.00(23)  30.00
        """,
    )


def test_a_total_that_has_grown_is_for_the_lines_that_are_decided_again():
    # 30 were taken of 60; of 100 now, 70 are left.
    _, reissued = again(two_lines(in_total("60")), (2,), earlier_payers=(in_total("100"),))

    assert_worked(
        reissued,
        """
        line  submitted  eligible  cob-paid   benefit
        1     100.00     100.00    30.00(23)  70.00
        2     100.00     100.00    70.00(23)  30.00
        """,
    )


def test_a_total_that_is_less_than_carried_lines_took_leaves_nothing():
    _, reissued = again(two_lines(in_total("60")), (2,), earlier_payers=(in_total("20"),))

    assert worked(reissued)["2"] == ["submitted 100.00", "eligible 100.00", "benefit 100.00"]


def test_what_was_told_of_a_carried_line_is_no_part_of_the_total():
    # The first: 20 told, 30 of 60 in total. The second has the other 30, at half the price too.
    _, reissued = again(two_lines(in_total("60"), of_item("20")), (2,), prices=HALF)

    assert_worked(
        reissued,
        """
        line  submitted  eligible  contractual  cob-paid   benefit
        1     100.00     100.00    -            50.00(23)  50.00
        2     100.00     50.00     50.00(45)    30.00(23)  20.00
        """,
    )


def test_what_an_item_was_paid_is_left_for_those_of_its_details_that_are_decided_again():
    # 60 of the item, 30 for each; the second detail is now allowed 50.
    parts = a_line((1, 1), "100.00"), a_line((1, 2), "100.00", service="scan")
    request = a_request(a_line(1, "200.00", *parts), earlier_payers=(of_item("60"),))

    _, reissued = again(request, (1, 2), prices=HALF)

    assert worked(reissued)["1.2"][2:] == [
        "contractual 50.00 (45)",
        "cob-paid 30.00 (23)",
        "benefit 20.00",
    ]


def test_where_nothing_changed_no_cent_moves():
    # 33.33, 33.33 and 33.34; the last two alone would share 66.67 as 33.34 and 33.33.
    lines = a_line(1, "90.00"), a_line(2, "90.00"), a_line(3, "90.00")

    decided, reissued = again(a_request(*lines, earlier_payers=(in_total("100"),)), (2,), (3,))

    assert worked(reissued) == worked(decided)
    assert worked(decided)["3"][2:] == ["cob-paid 33.34 (23)", "benefit 56.66"]


@pytest.mark.parametrize(
    ("method", "total", "first", "second"),
    [
        # 30 for each; the first has a benefit of 10 to give.
        (Coordination.CARVE_OUT, "60", "10.00", "30.00"),
        # 150 for each; each is allowed 100.
        (Coordination.STANDARD, "300", "100.00", "100.00"),
        (Coordination.MAINTENANCE_OF_BENEFITS, "300", "100.00", "100.00"),
    ],
)
def test_what_a_carried_line_had_no_room_for_is_not_for_the_others(method, total, first, second):
    benefits = a_benefit("basic", coinsurance="90"), a_benefit()
    lines = a_line(1, "100.00", categories=("basic",)), a_line(2, "100.00", service="scan")
    plan = a_plan(*benefits, coordination=method)
    request = a_request(*lines, plan=plan, earlier_payers=(in_total(total),))

    decided, reissued = again(request, (2,))

    assert worked(reissued) == worked(decided)
    assert f"cob-paid {first} (23)" in worked(decided)["1"]
    assert f"cob-paid {second} (23)" in worked(decided)["2"]
