"""What a payee is paid: entries become details, and their sum is the payment."""

from datetime import date
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.settlement import (
    Detail,
    DetailType,
    Owed,
    Settlement,
    Unbalanced,
    portion,
    settlement,
)

DAY = date(2026, 3, 2)
PAYMENT, ADJUSTMENT = DetailType.PAYMENT, DetailType.ADJUSTMENT


def owed(claim, units, seq, response=None, day=DAY):
    return Owed(seq, claim, response or f"R{seq}", units, day)


def entries(*pairs):
    return [owed(claim, units, seq) for seq, (claim, units) in enumerate(pairs, 1)]


def told(settled):
    return [(each.claim_id, each.type, each.units, each.predecessor) for each in settled.details]


def test_details_that_are_not_what_was_entered_are_no_settlement():
    entry = owed("A", 100, 1)
    right, wrong = (Detail("A", "R1", PAYMENT, units, DAY) for units in (100, 101))

    with pytest.raises(Unbalanced):
        Settlement((wrong,), (entry,), ())
    assert Settlement((right,), (entry,), ()).units == 100


CASES = {
    "nothing owed": ([], {}, [], False, False),
    "one Claim": ([("A", 80)], {}, [("A", PAYMENT, 80, None)], True, False),
    "decided again before it was paid": (
        [("A", 80), ("A", -20)],
        {},
        [("A", PAYMENT, 60, None)],
        True,
        False,
    ),
    "taken back before it was paid": ([("A", 80), ("A", -80)], {}, [], False, False),
    "more after it was paid": (
        [("A", 20)],
        {"A": "P1.1"},
        [("A", ADJUSTMENT, 20, "P1.1")],
        True,
        False,
    ),
    "a reversal beside more than it": (
        [("A", -80), ("B", 100)],
        {"A": "P1.1"},
        [("A", ADJUSTMENT, -80, "P1.1"), ("B", PAYMENT, 100, None)],
        True,
        False,
    ),
    "a reversal beside as much": (
        [("A", -80), ("B", 80)],
        {"A": "P1.1"},
        [("A", ADJUSTMENT, -80, "P1.1"), ("B", PAYMENT, 80, None)],
        True,
        False,
    ),
    "a reversal beside less": (
        [("A", -80), ("B", 79)],
        {"A": "P1.1"},
        [("A", ADJUSTMENT, -80, "P1.1"), ("B", PAYMENT, 79, None)],
        False,
        True,
    ),
}


@pytest.mark.parametrize(
    ("pairs", "paid", "details", "is_issued", "is_carried"), CASES.values(), ids=CASES
)
def test_entries_become_details(pairs, paid, details, is_issued, is_carried):
    settled = settlement(entries(*pairs), paid)

    assert told(settled) == details
    assert (settled.is_issued, settled.is_carried) == (is_issued, is_carried)


def test_a_detail_tells_of_the_newest_decision_and_the_period_begins_with_the_oldest():
    first, later = date(2026, 3, 1), date(2026, 3, 5)
    settled = settlement([owed("A", -20, 2, "NEW", later), owed("A", 80, 1, "OLD", first)], {})

    [detail] = settled.details
    assert (detail.response_id, detail.dated) == ("NEW", later)
    assert settled.first_day == first


claims = st.sampled_from("ABCDE")
amounts = st.integers(-(10**12), 10**12).filter(bool)
names = st.dictionaries(claims, st.just("P1.1"))


@given(st.lists(st.tuples(claims, amounts), max_size=30), names)
def test_the_payment_is_the_sum_of_what_was_entered_and_each_entry_is_settled_once(pairs, paid):
    given_entries = entries(*pairs)

    settled = settlement(given_entries, paid)

    assert settled.units == sum(units for _, units in pairs)
    seqs = [entry.seq for entry in (*settled.settled, *settled.void)]
    assert sorted(seqs) == [entry.seq for entry in given_entries]
    assert len({each.claim_id for each in settled.details}) == len(settled.details)
    by_claim = groupby(sorted(pairs, key=lambda pair: pair[0]), key=lambda pair: pair[0])
    sums = {claim: sum(units for _, units in group) for claim, group in by_claim}
    assert {each.claim_id: each.units for each in settled.details} == {
        claim: units for claim, units in sums.items() if units
    }


@given(st.lists(st.tuples(claims, amounts), max_size=30), st.randoms())
def test_the_order_in_which_entries_are_read_does_not_matter(pairs, random):
    shuffled = entries(*pairs)
    random.shuffle(shuffled)

    assert settlement(shuffled, {}) == settlement(entries(*pairs), {})


# --- of many Claims, those of one payment

PORTIONS = {
    "all": ([("A", 5), ("B", 5)], 2, ["A", "B"]),
    "the oldest": ([("A", 5), ("B", 5), ("C", 5)], 2, ["A", "B"]),
    "what was taken back, as soon as it is covered": (
        [("A", 5), ("B", 5), ("C", -7), ("D", 9)],
        3,
        ["A", "B", "C"],
    ),
    "more, so that less than nothing is not left": (
        [("A", 5), ("B", 5), ("C", -9)],
        1,
        ["A", "B", "C"],
    ),
    "none of none": ([], 3, []),
}


@pytest.mark.parametrize(("claims", "most", "expected"), PORTIONS.values(), ids=PORTIONS)
def test_a_portion_is(claims, most, expected):
    assert portion(claims, most) == expected


@given(st.lists(st.integers(-50, 60), max_size=30).filter(lambda u: sum(u) >= 0), st.integers(1, 8))
def test_portions_hold_each_claim_once_and_leave_nothing_below_zero(units, most):
    left, held = list(enumerate(units)), []
    while left:
        chosen = set(portion(left, most))
        assert chosen
        assert sum(each for at, each in left if at in chosen) >= 0
        held += chosen
        left = [each for each in left if each[0] not in chosen]
        assert sum(each for _, each in left) >= 0
    assert sorted(held) == list(range(len(units)))
