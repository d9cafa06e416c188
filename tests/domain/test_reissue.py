"""A decision made again: what is carried over, and what is told of what changed."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.adjudication import Amount, Category, Decided, DecidedLine, Note
from app.domain.changes import Change
from app.domain.codes import Cause, Coding
from app.domain.money import Money
from app.domain.reissue import NotCarriedOver, Reissue, spelled, told

REASON = Coding("http://reasons.test", "45")


def amount(category, units, *reasons):
    return Amount(category, Money(Decimal(units), "EUR"), reasons)


def line(path, benefit, *below, notes=()):
    rows = (amount(Category.SUBMITTED, "100.00"), amount(Category.BENEFIT, benefit))
    return DecidedLine(path, rows, notes, below)


def a_decision(*lines, notes=()):
    return Decided(lines, (), "Decided.", notes)


TREE = (
    line((1,), "80.00"),
    line(
        (2,),
        "60.00",
        line((2, 1), "40.00", line((2, 1, 1), "20.00"), line((2, 1, 3), "20.00")),
        line((2, 2), "20.00"),
    ),
    line((10,), "5.00"),
)

CARRIED = {
    "no paths": ((), []),
    "an item": (((1,),), [(2,), (10,)]),
    "all items": (((1,), (2,), (10,)), []),
    "a detail": (((2, 1),), [(1,), (2, 2), (10,)]),
    "a sub-detail": (((2, 1, 3),), [(1,), (2, 1, 1), (2, 2), (10,)]),
    "an item and a line below it": (((2,), (2, 1, 3)), [(1,), (10,)]),
    "a line below it and an item": (((2, 1, 3), (2,)), [(1,), (10,)]),
    "two of one group": (((2, 1, 1), (2, 1, 3)), [(1,), (2, 2), (10,)]),
    "what only begins with the same digit": (((10,),), [(1,), (2,)]),
    "what is not there": (((7,),), [(1,), (2,), (10,)]),
}


@pytest.mark.parametrize(("paths", "carried"), CARRIED.values(), ids=CARRIED)
def test_the_topmost_lines_that_were_not_named_are_carried_over(paths, carried):
    reissue = Reissue(a_decision(*TREE), paths)

    found = reissue.carried()

    assert sorted(found) == carried
    assert all(found[path].path == path for path in carried)


@pytest.mark.parametrize(
    ("path", "text"), [((1,), "1"), ((2, 10), "2.10"), ((2, 1, 3), "2.1.3")], ids=str
)
def test_a_path_is_spelled_as_it_was_sent(path, text):
    assert spelled(path) == text


# --- refused


@pytest.mark.parametrize(
    "after",
    [
        line((1,), "79.99"),
        line((1,), "80.00", notes=(1,)),
        replace(line((1,), "80.00"), amounts=line((1,), "80.00").amounts[::-1]),
        line((1,), "80.00", line((1, 1), "80.00")),
    ],
    ids=["amount", "note", "order", "lines below"],
)
def test_a_line_that_is_carried_over_may_not_change_in_anything(after):
    before = a_decision(line((1,), "80.00"), line((2,), "40.00"))
    reissue = Reissue(before, ((2,),))

    with pytest.raises(NotCarriedOver, match=r"^1$"):
        told(reissue, a_decision(after, line((2,), "8.00")))

    assert told(reissue, a_decision(line((1,), "80.00"), line((2,), "8.00"))).notes == (
        Note(1, "Line 2: benefit 8.00 EUR, was 40.00 EUR."),
    )


def test_a_line_that_is_carried_over_may_not_be_left_out():
    reissue = Reissue(a_decision(line((1,), "80.00"), line((2,), "40.00")), ((2,),))

    with pytest.raises(NotCarriedOver):
        told(reissue, a_decision(line((2,), "40.00")))


def test_where_all_is_decided_again_every_line_may_change():
    before = a_decision(line((1,), "80.00"), line((2,), "40.00"))

    after = told(Reissue(before), a_decision(line((1,), "8.00"), line((2,), "4.00")))

    assert [note.text for note in after.notes] == [
        "Line 1: benefit 8.00 EUR, was 80.00 EUR.",
        "Line 2: benefit 4.00 EUR, was 40.00 EUR.",
    ]


# --- done


def test_a_changed_line_refers_to_the_note_that_tells_how_it_was():
    before = a_decision(*TREE)
    after = a_decision(TREE[0], replace(TREE[1], lines=(TREE[1].lines[0], line((2, 2), "1.00"))))

    told_after = told(Reissue(before), a_decision(*after.lines, TREE[2]))

    [changed] = told_after.notes
    assert changed == Note(1, "Line 2.2: benefit 1.00 EUR, was 20.00 EUR.")
    assert told_after.lines[1].lines[1].notes == (1,)
    assert [one.notes for one in (told_after.lines[0], told_after.lines[1])] == [(), ()]


def test_notes_are_numbered_on_from_the_highest_of_both_decisions():
    before = a_decision(line((1,), "80.00", notes=(7,)), notes=(Note(7, "Old."),))
    after = a_decision(line((1,), "8.00", notes=(2,)), notes=(Note(2, "New."),))

    told_after = told(Reissue(before, reference="R1"), after)

    assert told_after.notes == (
        Note(2, "New."),
        Note(8, "Line 1: benefit 8.00 EUR, was 80.00 EUR."),
        Note(9, "Reference quoted by the submitter: R1"),
    )
    assert told_after.lines[0].notes == (2, 8)


def test_where_nothing_changed_that_is_told():
    decided = a_decision(*TREE)

    unchanged = told(Reissue(decided), decided)

    assert unchanged.lines == decided.lines
    assert unchanged.notes == (Note(1, "Decided again, and nothing changed."),)


PRICE = Change(Cause.PRICE, "the price of 1200 is new", ((1,),))
PLAN = Change(Cause.PLAN, "the plan is B version 1, was A version 1")


def test_why_a_line_changed_is_told_of_the_lines_that_it_matters_to():
    before = a_decision(line((1,), "80.00"), line((2,), "40.00"), line((3,), "5.00"))
    after = a_decision(line((1,), "48.00"), line((2,), "24.00"), line((3,), "5.00"))
    reissue = Reissue(before, rules="ours-1", changes=(PLAN, PRICE))

    told_after = told(reissue, after, "ours-2")

    rules = "the rules are ours-2, were ours-1"
    assert told_after.notes == (
        Note(
            1,
            "Line 1: benefit 48.00 EUR, was 80.00 EUR."
            f" What changed: {rules}; {PLAN.text}; {PRICE.text}.",
            (Cause.RULES, Cause.PLAN, Cause.PRICE),
        ),
        Note(
            2,
            f"Line 2: benefit 24.00 EUR, was 40.00 EUR. What changed: {rules}; {PLAN.text}.",
            (Cause.RULES, Cause.PLAN),
        ),
    )
    assert [line.notes for line in told_after.lines] == [(1,), (2,), ()]


def test_two_changes_of_one_cause_are_two_sentences_and_one_code():
    prices = (replace(PRICE, paths=()), Change(Cause.PRICE, "the price of 1300 is gone"))

    [note] = told(
        Reissue(a_decision(line((1,), "80.00")), changes=prices), a_decision(line((1,), "8.00"))
    ).notes

    assert note.text.endswith("the price of 1200 is new; the price of 1300 is gone.")
    assert note.causes == (Cause.PRICE,)


def test_what_changed_without_an_effect_is_not_told():
    decided = a_decision(line((1,), "80.00"))

    [note] = told(Reissue(decided, changes=(PLAN,)), decided).notes

    assert note == Note(1, "Decided again, and nothing changed.")


def test_a_changed_reason_alone_is_no_change_of_an_amount():
    before, after = (
        DecidedLine((1,), (amount(Category.BENEFIT, "1.00", *why),)) for why in ((), (REASON,))
    )

    told_after = told(Reissue(a_decision(before)), a_decision(after))

    assert [note.text for note in told_after.notes] == ["Decided again, and nothing changed."]


def test_a_row_that_came_or_went_is_told_in_the_order_of_the_categories():
    before = DecidedLine((1,), (amount(Category.COPAY, "5.00"), amount(Category.BENEFIT, "95.00")))
    after = DecidedLine(
        (1,), (amount(Category.DEDUCTIBLE, "10.00"), amount(Category.BENEFIT, "90.00"))
    )

    [note] = told(Reissue(a_decision(before)), a_decision(after)).notes

    assert note.text == (
        "Line 1: deductible 10.00 EUR, was nothing, copay nothing, was 5.00 EUR, "
        "benefit 90.00 EUR, was 95.00 EUR."
    )


def test_an_amount_is_told_in_digits_whatever_its_size():
    before, after = (
        DecidedLine((1,), (Amount(Category.BENEFIT, Money(Decimal(units), "JPY")),))
        for units in ("1E+3", "0")
    )

    [note] = told(Reissue(a_decision(before)), a_decision(after)).notes

    assert note.text == "Line 1: benefit 0 JPY, was 1000 JPY."
