"""Worked claims, every figure by hand: what is left of a preauthorization, line by line (198)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import EarlierAnswer, EarlierPayer
from app.domain.authorizations import Use
from app.domain.codes import ClaimUse
from app.domain.money import Money
from app.domain.plan import Coordination
from app.domain.reissue import Reissue
from tests.adjudicators.builders import (
    DAY,
    a_benefit,
    a_line,
    a_plan,
    a_price,
    a_request,
    decide,
    held,
    held_line,
    posted,
    service,
    used,
    worked,
)
from tests.adjudicators.worked.tables import assert_worked, table

# Paid on a preauthorization only; 20 % are the member's.
BOUND = a_plan(a_benefit(coinsurance="20", authorization_required=True))
FREE = a_plan(a_benefit(coinsurance="20"))
FEE = (a_price("exam", "80.00"),)


def units(sequence, quantity, price, net, **rest):
    """A line of so many units."""
    return a_line(sequence, net, quantity=quantity, price=price, **rest)


def on(*lines, authorizations, plan=BOUND, **rest):
    """The decision on lines that quote these preauthorizations."""
    return decide(*lines, plan=plan, authorizations=authorizations, **rest)


# --- services


def test_of_the_units_the_part_that_is_left_is_eligible():
    # 5 x 100 = 500 submitted, 5 x 80 = 400 allowed. 3 units are left: 240 eligible, 160 used up;
    # 20 % of 240 = 48.
    decision = on(
        units(1, "5", "100.00", "500.00"),
        authorizations=(held(held_line(quantity="3")),),
        prices=FEE,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual     coinsurance  benefit
        1     500.00     240.00    260.00(45,198)  48.00(2)     192.00
        """,
    )
    assert used(decision) == ["P1 1 by 1: 3 units, 192.00"]
    assert [note.text for note in decision.notes] == [
        "What exceeds the contracted price is written off.",
        "More than was left of the preauthorization is written off.",
        "The member's percentage of the cost.",
    ]


def test_out_of_network_the_rest_is_the_members():
    decision = on(
        units(1, "5", "100.00", "500.00"),
        authorizations=(held(held_line(quantity="3")),),
        prices=FEE,
        in_network=False,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  noncovered      coinsurance  benefit
        1     500.00     240.00    260.00(45,198)  48.00(2)     192.00
        """,
    )
    assert used(decision) == ["P1 1 by 1: 3 units, 192.00"]


def test_units_and_money_may_both_be_short():
    # As above, and of the 192 only 150 are left: 100 above the price, 160 for two units, 42.
    decision = on(
        units(1, "5", "100.00", "500.00"),
        authorizations=(held(held_line(quantity="3", amount="150.00")),),
        prices=FEE,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual     coinsurance  benefit
        1     500.00     240.00    302.00(45,198)  48.00(2)     150.00
        """,
    )
    assert used(decision) == ["P1 1 by 1: 3 units, 150.00"]


@pytest.mark.parametrize(
    ("quantity", "left", "taken", "eligible"),
    [
        ("2.5", "2.5", "2.5", "25.00"),
        ("4", "2.5", "2.5", "25.00"),
        ("0.33333", "1", "0.3334", "3.33"),
    ],
    ids=["all of it", "a part", "counted up to the ten-thousandth"],
)
def test_a_quantity_may_be_a_fraction(quantity, left, taken, eligible):
    # 10.00 a unit; 0.33333 of it are 3.3333, half up to the cent.
    decision = on(
        units(1, quantity, "10.00", None),
        authorizations=(held(held_line(quantity=left)),),
        plan=a_plan(a_benefit(authorization_required=True)),
    )

    assert f"eligible {eligible}" in worked(decision)["1"]
    assert used(decision) == [f"P1 1 by 1: {taken} units, {eligible}"]


USED_UP = {
    True: """
        line  submitted  contractual  benefit
        1     100.00     100.00(198)  0.00
        """,
    False: """
        line  submitted  noncovered      benefit
        1     100.00     100.00(45,198)  0.00
        """,
}


@pytest.mark.parametrize("in_network", [True, False], ids=["in network", "out of network"])
@pytest.mark.parametrize(
    "nothing",
    [held_line(quantity="0"), held_line(quantity=None, amount="0")],
    ids=["no unit", "nothing of a sum without quantities"],
)
def test_of_what_is_used_up_a_line_is_denied(nothing, in_network):
    line, rules = a_line(1, "100.00"), {"prices": FEE, "in_network": in_network}

    denied = on(line, authorizations=(held(nothing),), **rules)

    assert_worked(denied, USED_UP[in_network])
    assert denied.uses == ()
    assert posted(denied) == {}
    another = held(held_line(), key="P2")
    paid = on(line, authorizations=(held(nothing), another), **rules)
    assert "benefit 64.00" in worked(paid)["1"]
    assert [(use.authorization, use.quantity) for use in paid.uses if use.quantity] == [("P2", 1)]


def test_two_lines_draw_on_one_in_their_sequence():
    # 80 - 16 = 64 for each: 64 of the 100 for the first, the other 36 for the second; then no unit.
    lines = a_line(1, "100.00"), a_line(2, "100.00"), a_line(3, "100.00")
    authorizations = (held(held_line(quantity="2", amount="100.00")),)

    decision = on(*lines, authorizations=authorizations, prices=FEE)

    rows = """
        line  submitted  eligible  contractual     coinsurance  benefit
        1     100.00     80.00     20.00(45)       16.00(2)     64.00
        2     100.00     80.00     48.00(45,198)   16.00(2)     36.00
        3     100.00     -         100.00(198)     -            0.00
        """
    assert_worked(decision, rows)
    assert used(decision) == ["P1 1 by 1: 1 units, 64.00", "P1 1 by 2: 1 units, 36.00"]
    turned = on(*lines[::-1], authorizations=authorizations, prices=FEE)
    assert (worked(turned), turned.uses) == (table(rows), decision.uses)


def test_what_is_not_authorized_is_lost_before_what_a_limit_takes():
    # 5 x 10: 3 units authorized, 20 used up; 2 a Claim: of the 30 another 10 are beyond the limit.
    plan = a_plan(a_benefit(authorization_required=True, limits={"units-per-claim": "2"}))
    decision = on(
        units(1, "5", "10.00", "50.00"),
        authorizations=(held(held_line(quantity="3")),),
        plan=plan,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  noncovered  benefit
        1     50.00      20.00     20.00(198)   10.00(119)  20.00
        """,
    )
    assert used(decision) == ["P1 1 by 1: 2 units, 20.00"]


def test_a_line_that_a_limit_takes_whole_uses_nothing():
    plan = a_plan(a_benefit(authorization_required=True, limits={"units-per-claim": "0"}))
    decision = on(
        units(1, "5", "10.00", "50.00"),
        authorizations=(held(held_line(quantity="3")),),
        plan=plan,
    )

    assert_worked(
        decision,
        """
        line  submitted  contractual  noncovered  benefit
        1     50.00      20.00(198)   30.00(119)  0.00
        """,
    )
    assert decision.uses == ()


# --- money


@pytest.mark.parametrize(
    ("in_network", "bearer"), [(True, "contractual"), (False, "noncovered")], ids=["in", "out"]
)
@pytest.mark.parametrize("quantity", ["1", None], ids=["a unit", "a sum without quantities"])
def test_a_benefit_is_cut_to_what_is_left(in_network, bearer, quantity):
    # 80 - 16 = 64, and 50 are left: 14 more than the 20 above the price are borne.
    decision = on(
        a_line(1, "100.00"),
        authorizations=(held(held_line(amount="50.00", quantity=quantity)),),
        prices=FEE,
        in_network=in_network,
    )

    assert_worked(
        decision,
        f"""
        line  submitted  eligible  {bearer}       coinsurance  benefit
        1     100.00     80.00     34.00(45,198)  16.00(2)     50.00
        """,
    )
    assert used(decision) == [f"P1 1 by 1: {1 if quantity else 0} units, 50.00"]
    # Of a limit in money only what is paid counts.
    assert posted(decision)["benefit|general|2026"] == Decimal("50.00")
    assert posted(decision)["out-of-pocket-individual|2026"] == Decimal("16.00")


def test_where_only_the_money_is_gone_the_member_still_bears_a_share():
    decision = on(
        a_line(1, "100.00"),
        authorizations=(held(held_line(amount="0.00")),),
        prices=FEE,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual    coinsurance  benefit
        1     100.00     80.00     84.00(45,198)  16.00(2)     0.00
        """,
    )
    assert used(decision) == ["P1 1 by 1: 1 units, 0"]


def test_yen_have_no_smaller_unit():
    # 3 x 1235 = 3705, 3 x 1000 allowed; 2 units are left: 2000 - 400 = 1600, cut to 1500.
    # Written off: 705 above the price, 1000 for the third unit, 100 above what is left.
    decision = on(
        units(1, "3", "1235", "3705", currency="JPY"),
        authorizations=(held(held_line(quantity="2", amount="1500"), currency="JPY"),),
        plan=replace(BOUND, currency="JPY"),
        prices=(a_price("exam", "1000", currency="JPY"),),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual   coinsurance  benefit
        1     3705       2000      1805(45,198)  400(2)       1500
        """,
    )
    assert used(decision) == ["P1 1 by 1: 2 units, 1500"]


# --- coordination comes first


def paid(amount):
    return EarlierPayer(EarlierAnswer({(1,): Money(Decimal(amount), "USD")}))


@pytest.mark.parametrize(
    ("method", "left", "rows"),
    [
        # min(80, 100 - 30) = 70; 10 of the 30 are off the benefit and 20 off the coinsurance.
        (Coordination.STANDARD, "50.00", "50.00 20.00(198) - 30.00(23) 50.00"),
        # 100 - 30 = 70; 70 - 14 = 56
        (Coordination.MAINTENANCE_OF_BENEFITS, "50.00", "6.00 6.00(198) 14.00(2) 30.00(23) 50.00"),
        # 80 - 30 = 50
        (Coordination.CARVE_OUT, "40.00", "10.00 10.00(198) 20.00(2) 30.00(23) 40.00"),
    ],
    ids=["standard", "maintenance of benefits", "carve-out"],
)
def test_what_is_left_after_coordination_is_cut(method, left, rows):
    _, contractual, coinsurance, cob_paid, benefit = rows.split()
    decision = on(
        a_line(1, "100.00"),
        authorizations=(held(held_line(amount=left)),),
        plan=replace(BOUND, coordination=method),
        earlier_payers=(paid("30.00"),),
    )

    assert_worked(
        decision,
        f"""
        line  submitted  eligible  contractual    coinsurance    cob-paid    benefit
        1     100.00     100.00    {contractual}  {coinsurance}  {cob_paid}  {benefit}
        """,
    )
    assert used(decision) == [f"P1 1 by 1: 1 units, {left}"]


@pytest.mark.parametrize(
    ("other", "contractual", "coinsurance", "benefit"),
    [
        ("0.00", "50.00(198)", "10.00(2)", "40.00"),
        ("4.00", "50.00(198)", "6.00(2)", "40.00"),
        # 10 come off the coinsurance, then 20 off what was used up.
        ("30.00", "30.00(198)", "-", "40.00"),
        ("60.00", "-", "-", "40.00"),
        ("90.00", "-", "-", "10.00"),
    ],
)
def test_what_an_earlier_payer_paid_comes_off_what_is_used_up_at_last(
    other, contractual, coinsurance, benefit
):
    # 2 x 50, one unit left: 50 eligible less 10, 50 used up.
    decision = on(
        units(1, "2", "50.00", "100.00"),
        authorizations=(held(held_line(quantity="1")),),
        earlier_payers=(paid(other),),
    )

    cob_paid = "-" if other == "0.00" else f"{other}(23)"
    assert_worked(
        decision,
        f"""
        line  submitted  eligible  contractual    coinsurance    cob-paid    benefit
        1     100.00     50.00     {contractual}  {coinsurance}  {cob_paid}  {benefit}
        """,
    )


# --- which is used


def test_several_are_used_in_their_order_money_and_services_each_for_itself():
    # 2 x 80 = 160 less 32 = 128: P1 has one unit and 50, of P2 the first line has a unit and 60.
    second = held(
        held_line(1, quantity="1", amount="60.00"),
        held_line(2, quantity="9", amount="90.00"),
        held_line(3, service="scan"),
        key="P2",
    )
    first = held(held_line(quantity="1", amount="50.00"), key="P1")

    decision = on(units(1, "2", "80.00", "160.00"), authorizations=(second, first))

    assert_worked(
        decision,
        """
        line  submitted  eligible  coinsurance  benefit
        1     160.00     160.00    32.00(2)     128.00
        """,
    )
    assert used(decision) == [
        "P1 1 by 1: 1 units, 50.00",
        "P2 1 by 1: 1 units, 60.00",
        "P2 2 by 1: 0 units, 18.00",
    ]


def test_where_none_is_asked_for_it_is_used_as_far_as_it_goes_and_cuts_nothing():
    # 3 x 80 = 240 less 48 = 192; there are 2 units and 60.
    decision = on(
        units(1, "3", "80.00", "240.00"),
        a_line(2, "10.00", service="scan"),
        authorizations=(held(held_line(quantity="2", amount="60.00")),),
        plan=FREE,
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  coinsurance  benefit
        1     240.00     240.00    48.00(2)     192.00
        2     10.00      10.00     2.00(2)      8.00
        """,
    )
    assert used(decision) == ["P1 1 by 1: 2 units, 60.00"]


@pytest.mark.parametrize("use", [ClaimUse.PREAUTHORIZATION, ClaimUse.PREDETERMINATION])
def test_only_what_is_claimed_uses_anything(use):
    quoted = (held(held_line(quantity="0")),)

    assert on(a_line(1, "100.00"), authorizations=quoted, use=use).uses == ()
    assert worked(on(a_line(1, "100.00"), authorizations=quoted, use=use)) == table(
        """
        line  submitted  eligible  coinsurance  benefit
        1     100.00     100.00    20.00(2)     80.00
        """
    )


def test_the_leaves_of_a_group_use_each_its_own():
    group = a_line(
        1,
        "130.00",
        a_line((1, 1), "100.00"),
        a_line((1, 2), "30.00", service="scan"),
    )
    quoted = held(held_line((1, 1)), held_line((1, 2), service="scan", amount="20.00"))

    decision = on(group, authorizations=(quoted,))

    # 100 - 20 = 80; 30 - 6 = 24, cut to 20
    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  coinsurance  benefit
        1     130.00     130.00    4.00(198)    26.00(2)     100.00
        1.1   100.00     100.00    -            20.00(2)     80.00
        1.2   30.00      30.00     4.00(198)    6.00(2)      20.00
        """,
    )
    assert used(decision) == ["P1 1.1 by 1.1: 1 units, 80.00", "P1 1.2 by 1.2: 1 units, 20.00"]


# --- decided again


def again(decided, request, *paths):
    return StandardAdjudicator().adjudicate(replace(request, reissue=Reissue(decided, paths)))


def test_lines_that_are_carried_over_keep_what_they_use():
    # As they were decided, the first has one unit and 80, the second the other and the 20 left.
    request = a_request(
        a_line(1, "100.00"),
        a_line(2, "100.00"),
        plan=BOUND,
        authorizations=(held(held_line(quantity="2", amount="100.00")),),
    )
    decided = StandardAdjudicator().adjudicate(request)
    assert used(decided) == ["P1 1 by 1: 1 units, 80.00", "P1 1 by 2: 1 units, 20.00"]

    for paths in ((), ((1,),), ((2,),)):
        reissued = again(decided, request, *paths)
        assert (worked(reissued), reissued.uses) == (worked(decided), decided.uses)
    # Of one that holds for the Claim no more, a line that is carried over keeps its part.
    gone = again(decided, replace(request, authorizations=()), (2,))
    assert used(gone) == ["P1 1 by 1: 1 units, 80.00"]
    assert "contractual 100.00 (197)" in worked(gone)["2"]


def test_what_the_whole_claim_used_stays_as_far_as_its_carried_lines_are_paid():
    # Before lines were told: 100 for both lines, of which the first is paid 80.
    request = a_request(
        a_line(1, "100.00"),
        a_line(2, "100.00", day=DAY.replace(day=2)),
        plan=FREE,
        authorizations=(held(held_line((), quantity=None, amount="100.00")),),
    )
    decided = replace(
        StandardAdjudicator().adjudicate(request),
        uses=(Use("P1", (), (), Decimal("100.00")),),
    )

    assert used(again(decided, request, (2,))) == [
        "P1 - by -: 0 units, 80.00",
        "P1 - by 2: 0 units, 20.00",
    ]
    assert used(again(decided, request)) == [
        "P1 - by 1: 0 units, 80.00",
        "P1 - by 2: 0 units, 20.00",
    ]


def test_a_line_of_several_codes_takes_each_place_once_in_the_order_of_preauthorizations():
    # Held: P1 has a line of both codes (1 unit) and one of the second (1), P2 one of the first (2).
    # A line of both takes P1's two before P2's; a line of the first alone has what is left of P2.
    both = replace(
        held_line(1, amount="50.00"),
        services=frozenset({service("exam").key, service("x-ray").key}),
    )
    request = a_request(
        replace(a_line(1, "150.00", quantity="3"), services=(service("x-ray"), service("exam"))),
        a_line(2, "50.00"),
        plan=a_plan(a_benefit(authorization_required=True)),
        authorizations=(
            held(held_line(1, amount="100.00", quantity="2"), key="P2"),
            held(both, held_line(2, service="x-ray", amount="50.00"), key="P1"),
        ),
    )

    decided = StandardAdjudicator().adjudicate(request)

    assert used(decided) == [
        "P1 1 by 1: 1 units, 50.00",
        "P1 2 by 1: 1 units, 50.00",
        "P2 1 by 1: 1 units, 50.00",
        "P2 1 by 2: 1 units, 50.00",
    ]
