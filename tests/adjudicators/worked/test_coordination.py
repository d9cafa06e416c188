"""Worked claims, every figure by hand: what earlier payers paid, by the three methods."""

from decimal import Decimal

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Awaiting, Deferred, EarlierAnswer, EarlierPayer
from app.domain.money import Money
from app.domain.plan import Coordination
from tests.adjudicators.builders import (
    a_benefit,
    a_line,
    a_plan,
    a_price,
    a_request,
    decide,
    posted,
    worked,
)
from tests.adjudicators.worked.tables import assert_worked

FEE = (a_price("exam", "80.00"),)


def plan(method=Coordination.STANDARD, **figures):
    """50 deductible and 20 %."""
    figures.setdefault("deductible_individual", "50")
    return a_plan(a_benefit(coinsurance="20"), coordination=method, **figures)


def paid(total=None, currency="USD", **lines):
    """An earlier payer that paid so much: by item (`item_1="30"`), or in total."""
    by_line = {
        tuple(int(part) for part in name.split("_")[1:]): Money(Decimal(amount), currency)
        for name, amount in lines.items()
    }
    money = None if total is None else Money(Decimal(total), currency)
    return EarlierPayer(EarlierAnswer(by_line, money))


def coordinated(method, *payers, lines=None, **figures):
    lines = lines or (a_line(1, "250.00"),)
    return decide(*lines, plan=plan(method, **figures), earlier_payers=payers)


ALONE = """
    line  submitted  eligible  deductible  coinsurance  benefit
    1     250.00     250.00    50.00(1)    40.00(2)     160.00
    """


@pytest.mark.parametrize("method", Coordination)
def test_without_an_earlier_payer_every_method_pays_the_same(method):
    # 250 - 50 = 200; 20 % of 200 = 40; 250 - 90 = 160
    assert_worked(coordinated(method), ALONE)


@pytest.mark.parametrize("method", Coordination)
def test_an_earlier_payer_that_paid_nothing_changes_nothing(method):
    assert_worked(coordinated(method, paid(item_1="0")), ALONE)


def test_standard_pays_up_to_what_is_left_of_the_allowed_amount():
    # Alone 160; 250 - 120 = 130 are left: benefit 130, cob-paid 120. The benefit gave 30 of the
    # 120, the member's share the other 90: 40 coinsurance and 50 deductible.
    assert_worked(
        coordinated(Coordination.STANDARD, paid(item_1="120")),
        """
        line  submitted  eligible  cob-paid    benefit
        1     250.00     250.00    120.00(23)  130.00
        """,
    )


def test_standard_takes_a_small_payment_off_coinsurance_first():
    # 250 - 30 = 220 are left, 160 is due: all of it. 30 off the 40 coinsurance.
    assert_worked(
        coordinated(Coordination.STANDARD, paid(item_1="30")),
        """
        line  submitted  eligible  deductible  coinsurance  cob-paid   benefit
        1     250.00     250.00    50.00(1)    10.00(2)     30.00(23)  160.00
        """,
    )


def test_standard_takes_the_next_off_the_deductible():
    # 250 - 70 = 180 are left: 160. 40 off coinsurance, 30 off the deductible.
    assert_worked(
        coordinated(Coordination.STANDARD, paid(item_1="70")),
        """
        line  submitted  eligible  deductible  cob-paid   benefit
        1     250.00     250.00    20.00(1)    70.00(23)  160.00
        """,
    )


def test_standard_moves_the_counters_as_if_nobody_had_paid():
    decision = coordinated(Coordination.STANDARD, paid(item_1="70"))

    counted = posted(decision)
    assert counted["deductible-individual|2026"] == 50
    assert counted["out-of-pocket-individual|2026"] == 90
    assert counted["benefit|2026"] == 160


@pytest.mark.parametrize("amount", ["250", "300"], ids=["all of it", "more"])
def test_standard_never_pays_more_than_allowed_in_sum(amount):
    assert_worked(
        coordinated(Coordination.STANDARD, paid(item_1=amount)),
        """
        line  submitted  eligible  cob-paid    benefit
        1     250.00     250.00    250.00(23)  0.00
        """,
    )


def test_standard_coordinates_what_the_price_allows():
    # Allowed 80 of 100; alone 64 by 20 %; 80 - 50 = 30 are left. 50 = 34 of the benefit + 16.
    decision = decide(
        a_line(1, "100.00"),
        plan=plan(deductible_individual=None),
        prices=FEE,
        earlier_payers=(paid(item_1="50"),),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  contractual  cob-paid   benefit
        1     100.00     80.00     20.00(45)    50.00(23)  30.00
        """,
    )


def test_maintenance_of_benefits_applies_the_plan_to_what_was_left():
    # 250 - 120 = 130; deductible 50; 20 % of 80 = 16; 130 - 66 = 64
    assert_worked(
        coordinated(Coordination.MAINTENANCE_OF_BENEFITS, paid(item_1="120")),
        """
        line  submitted  eligible  deductible  coinsurance  cob-paid    benefit
        1     250.00     250.00    50.00(1)    16.00(2)     120.00(23)  64.00
        """,
    )


def test_maintenance_of_benefits_counts_what_it_left_the_member():
    # 250 - 220 = 30, all of it deductible.
    decision = coordinated(Coordination.MAINTENANCE_OF_BENEFITS, paid(item_1="220"))

    assert_worked(
        decision,
        """
        line  submitted  eligible  deductible  cob-paid    benefit
        1     250.00     250.00    30.00(1)    220.00(23)  0.00
        """,
    )
    assert posted(decision)["deductible-individual|2026"] == 30


def test_maintenance_of_benefits_takes_no_more_than_eligible():
    assert_worked(
        coordinated(Coordination.MAINTENANCE_OF_BENEFITS, paid(item_1="300")),
        """
        line  submitted  eligible  cob-paid    benefit
        1     250.00     250.00    250.00(23)  0.00
        """,
    )


def test_carve_out_takes_the_payment_off_the_benefit():
    # Alone 160; 160 - 120 = 40; the member's share stays.
    assert_worked(
        coordinated(Coordination.CARVE_OUT, paid(item_1="120")),
        """
        line  submitted  eligible  deductible  coinsurance  cob-paid    benefit
        1     250.00     250.00    50.00(1)    40.00(2)     120.00(23)  40.00
        """,
    )


def test_carve_out_takes_no_more_than_the_benefit():
    assert_worked(
        coordinated(Coordination.CARVE_OUT, paid(item_1="200")),
        """
        line  submitted  eligible  deductible  coinsurance  cob-paid    benefit
        1     250.00     250.00    50.00(1)    40.00(2)     160.00(23)  0.00
        """,
    )


def test_two_earlier_payers_are_added():
    # 30 + 25 = 55 off the benefit of 160.
    assert_worked(
        coordinated(Coordination.CARVE_OUT, paid(item_1="30"), paid(item_1="25")),
        """
        line  submitted  eligible  deductible  coinsurance  cob-paid   benefit
        1     250.00     250.00    50.00(1)    40.00(2)     55.00(23)  105.00
        """,
    )


def test_what_was_paid_in_total_is_shared_in_proportion_to_eligible():
    # 100 over 80 : 120 : 50 = 32 : 48 : 20; benefits alone 80, 120, 50.
    lines = a_line(1, "80.00"), a_line(2, "120.00"), a_line(3, "50.00")
    decision = decide(
        *lines,
        plan=a_plan(coordination=Coordination.CARVE_OUT),
        earlier_payers=(paid("100"),),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  cob-paid   benefit
        1     80.00      80.00     32.00(23)  48.00
        2     120.00     120.00    48.00(23)  72.00
        3     50.00      50.00     20.00(23)  30.00
        """,
    )


def test_the_last_line_takes_what_rounding_leaves():
    # 10.00 over three equal lines: 3.33, 3.33 and 3.34; line 4 is not covered and takes none.
    lines = (
        *(a_line(sequence, "20.00") for sequence in (1, 2, 3)),
        a_line(4, "20.00", categories=("odd",)),
    )
    decision = decide(
        *lines,
        plan=a_plan(a_benefit("basic"), coordination=Coordination.CARVE_OUT),
        prices=(a_price("exam", None, category_code="basic"),),
        earlier_payers=(paid("10"),),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  noncovered  cob-paid  benefit
        1     20.00      20.00     -           3.33(23)  16.67
        2     20.00      20.00     -           3.33(23)  16.67
        3     20.00      20.00     -           3.34(23)  16.66
        4     20.00      -         20.00(96)   -         0.00
        """,
    )


def test_yen_are_shared_without_decimals():
    # 100 over 33 : 33 : 34 -> 33, 33, 34
    lines = [a_line(n, net, currency="JPY") for n, net in ((1, "330"), (2, "330"), (3, "340"))]
    decision = decide(
        *lines,
        plan=a_plan(currency="JPY", coordination=Coordination.CARVE_OUT),
        earlier_payers=(paid("100", "JPY"),),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  cob-paid  benefit
        1     330        330       33(23)    297
        2     330        330       33(23)    297
        3     340        340       34(23)    306
        """,
    )


def test_an_item_that_was_paid_as_a_whole_is_shared_among_its_details():
    # Item 1 was paid 30: 10 : 20 of its details; item 2 was not.
    parts = a_line((1, 1), "50.00"), a_line((1, 2), "100.00")
    decision = decide(
        a_line(1, "150.00", *parts),
        a_line(2, "40.00"),
        plan=a_plan(coordination=Coordination.CARVE_OUT),
        earlier_payers=(paid(item_1="30"),),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  cob-paid   benefit
        1     150.00     150.00    30.00(23)  120.00
        1.1   50.00      50.00     10.00(23)  40.00
        1.2   100.00     100.00    20.00(23)  80.00
        2     40.00      40.00     -          40.00
        """,
    )


def test_details_that_were_paid_each_have_their_own():
    parts = a_line((1, 1), "50.00"), a_line((1, 2), "100.00")
    decision = decide(
        a_line(1, "150.00", *parts),
        plan=a_plan(coordination=Coordination.CARVE_OUT),
        earlier_payers=(paid(item_1_1="5", item_1_2="60"),),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  cob-paid   benefit
        1     150.00     150.00    65.00(23)  85.00
        1.1   50.00      50.00     5.00(23)   45.00
        1.2   100.00     100.00    60.00(23)  40.00
        """,
    )


def test_what_an_item_was_paid_beyond_the_details_that_were_told_is_for_the_others():
    # 100 of the item, of which 40 were told of detail 1: 60 are shared 50 : 100 by the others.
    parts = a_line((1, 1), "100.00"), a_line((1, 2), "50.00"), a_line((1, 3), "100.00")
    decision = decide(
        a_line(1, "250.00", *parts), earlier_payers=(paid(item_1="60", item_1_1="40"),)
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  cob-paid    benefit
        1     250.00     250.00    100.00(23)  150.00
        1.1   100.00     100.00    40.00(23)   60.00
        1.2   50.00      50.00     20.00(23)   30.00
        1.3   100.00     100.00    40.00(23)   60.00
        """,
    )


@pytest.mark.parametrize(
    "told",
    [{"item_1": "30", "item_1_1": "40", "item_1_2": "30"}, {"item_1_1": "25", "item_1_9": "75"}],
    ids=["all details are told", "a detail that the Claim does not have"],
)
def test_what_no_other_detail_can_have_is_shared_by_all_or_by_the_others(told):
    # 40 + 15 and 30 + 15; or 25, and 75 of another detail of the item for the one that is left.
    parts = a_line((1, 1), "100.00"), a_line((1, 2), "100.00")
    decision = decide(a_line(1, "200.00", *parts), earlier_payers=(paid(**told),))

    cob = {"item_1_1": ("55.00", "45.00"), "item_1_9": ("25.00", "75.00")}
    first, second = cob["item_1_9" if "item_1_9" in told else "item_1_1"]
    shown = worked(decision)
    assert shown["1"][2:] == ["cob-paid 100.00 (23)", "benefit 100.00"]
    assert shown["1.1"][2] == f"cob-paid {first} (23)"
    assert shown["1.2"][2] == f"cob-paid {second} (23)"


def test_what_was_paid_for_an_item_that_the_claim_does_not_have_is_for_no_other():
    decision = decide(a_line(1, "100.00"), earlier_payers=(paid(item_1="10", item_2="50"),))

    assert worked(decision)["1"][2:] == ["cob-paid 10.00 (23)", "benefit 90.00"]


def test_an_amount_limit_counts_the_benefit_that_is_left():
    # Limit 100. Standard: line 1 alone 100, of which 100 - 70 = 30 are left to pay; then 70 of
    # line 2.
    lines = a_line(1, "100.00"), a_line(2, "100.00", service="scan")
    decision = decide(
        *lines, plan=a_plan(amount_per_year="100"), earlier_payers=(paid(item_1="70"),)
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  noncovered  cob-paid   benefit
        1     100.00     100.00    -           70.00(23)  30.00
        2     100.00     100.00    30.00(119)  -          70.00
        """,
    )
    assert posted(decision)["benefit|2026"] == 100


def test_what_a_limit_took_may_have_been_paid_by_the_earlier_payer():
    # 2 of 5 units: 20 of 50 are eligible. Paid 45: 5 are left to pay; 45 = 15 of the benefit and
    # 30 of what the limit took.
    line = a_line(1, "50.00", price="10.00", quantity="5")
    decision = decide(
        line,
        plan=a_plan(a_benefit(limits={"units-per-claim": "2"})),
        earlier_payers=(paid(item_1="45"),),
    )

    assert_worked(
        decision,
        """
        line  submitted  eligible  cob-paid   benefit
        1     50.00      20.00     45.00(23)  5.00
        """,
    )


def test_a_line_that_is_not_covered_is_not_coordinated():
    decision = decide(
        a_line(1, "100.00"), plan=a_plan(a_benefit("other")), earlier_payers=(paid(item_1="60"),)
    )

    assert_worked(
        decision,
        """
        line  submitted  noncovered  benefit
        1     100.00     100.00(96)  0.00
        """,
    )


def answered(*payers, **rest):
    request = a_request(a_line(1, "100.00"), earlier_payers=payers, **rest)
    return StandardAdjudicator().adjudicate(request)


def test_an_answer_that_is_missing_is_waited_for_and_the_line_denied_at_last():
    assert answered(EarlierPayer(None)) == Deferred(
        Awaiting.OTHER_PAYER,
        "The answer of a payer that comes earlier in Claim.insurance is needed.",
    )
    assert_worked(
        answered(EarlierPayer(None), is_last_call=True),
        """
        line  submitted  noncovered  benefit
        1     100.00     100.00(22)  0.00
        """,
    )


def test_one_of_two_answers_is_not_enough():
    assert answered(paid("10"), EarlierPayer(None)).awaiting is Awaiting.OTHER_PAYER


def test_a_subrogated_coverage_gives_no_answer_and_none_is_waited_for():
    assert_worked(
        answered(EarlierPayer(None, is_subrogated=True)),
        """
        line  submitted  eligible  benefit
        1     100.00     100.00    100.00
        """,
    )


def test_nobody_is_waited_for_where_nothing_would_be_paid():
    assert_worked(
        answered(EarlierPayer(None), plan=a_plan(a_benefit("other"))),
        """
        line  submitted  noncovered  benefit
        1     100.00     100.00(96)  0.00
        """,
    )


@pytest.mark.parametrize("is_last_call", [False, True])
@pytest.mark.parametrize("told", [{"item_1": "10"}, {"total": "10"}], ids=["by line", "in total"])
def test_an_answer_in_another_currency_is_an_operators(told, is_last_call):
    assert answered(paid(currency="EUR", **told), is_last_call=is_last_call) == Deferred(
        Awaiting.OPERATOR, "The Claim is in USD, an earlier payer's answer in EUR."
    )
