"""Worked claims decided again, every figure by hand: what is carried over and what is counted."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Note
from app.domain.codes import ClaimUse
from app.domain.reissue import Reissue, told
from tests.adjudicators.builders import (
    a_benefit,
    a_line,
    a_plan,
    a_price,
    a_request,
    posted,
    service,
    worked,
)


def again(request, *paths, **changes):
    """The decision on a request, and the one made again of these lines after some changes."""
    decided = StandardAdjudicator().adjudicate(request)
    reissue = Reissue(decided, paths)
    return decided, StandardAdjudicator().adjudicate(replace(request, reissue=reissue, **changes))


def notes(decided):
    return {note.number: note.text for note in decided.notes}


def test_the_deductible_that_carried_lines_took_is_not_there_for_the_others():
    # Deductible 50: 30 of the first, 20 of the second. The first now costs 60: 30 is left for it.
    lines = a_line(1, "30.00"), a_line(2, "40.00", service="scan")
    request = a_request(*lines, plan=a_plan(deductible_individual="50"))

    decided, reissued = again(request, (1,), prices=(a_price("exam", "10.00"),))

    assert worked(decided)["2"] == [
        "submitted 40.00",
        "eligible 40.00",
        "deductible 20.00 (1)",
        "benefit 20.00",
    ]
    # Priced at 10.00 all of it is deductible; the second line stays as it was.
    assert worked(reissued) == {
        "1": [
            "submitted 30.00",
            "eligible 10.00",
            "contractual 20.00 (45)",
            "deductible 10.00 (1)",
            "benefit 0.00",
        ],
        "2": worked(decided)["2"],
    }
    assert posted(reissued)["deductible-individual|2026"] == Decimal("30.00")


@pytest.mark.parametrize("path", [(1,), (2,), (3,)], ids=str)
def test_the_counters_are_as_if_all_had_been_decided_in_one_go(path):
    # 20 % after a deductible of 50 and a copay of 5 a day; 100 a year at the most.
    plan = a_plan(
        a_benefit(copay="5", coinsurance="20", limits={"amount-per-year": "100"}),
        deductible_individual="50",
        out_of_pocket_individual="70",
    )
    lines = a_line(1, "60.00"), a_line(2, "80.00"), a_line(3, "90.00")

    decided, reissued = again(a_request(*lines, plan=plan), path)

    assert worked(reissued) == worked(decided)
    assert reissued.postings == decided.postings


def test_units_that_carried_lines_used_are_not_there_for_the_others():
    # Three units a Claim: two of the first line, one of the second.
    lines = (
        a_line(1, "20.00", price="10.00", quantity="2"),
        a_line(2, "20.00", price="10.00", quantity="2"),
    )
    plan = a_plan(a_benefit(limits={"units-per-claim": "3"}))

    for path in ((1,), (2,)):
        decided, reissued = again(a_request(*lines, plan=plan), path)
        assert worked(reissued) == worked(decided)
    assert worked(reissued) == {
        "1": ["submitted 20.00", "eligible 20.00", "benefit 20.00"],
        "2": ["submitted 20.00", "eligible 10.00", "noncovered 10.00 (119)", "benefit 10.00"],
    }


def four_and_three(limit, **terms):
    """Four units of `one`, three of `exam`, at 10.00 each; so many units a Claim."""
    lines = (
        a_line(1, "40.00", price="10.00", quantity="4", service="one"),
        a_line(2, "30.00", price="10.00", quantity="3"),
    )
    benefit = a_benefit(limits={"units-per-claim": limit}, **terms)
    return a_request(*lines, plan=a_plan(benefit))


WHOLE = ["submitted 30.00", "eligible 30.00", "benefit 30.00"]


def test_units_of_a_line_that_was_paid_are_used_though_the_plan_excludes_it_now():
    # Four of five units were the first line's, one is the second's; nothing frees the four.
    request = four_and_three("5")

    decided, reissued = again(
        request, (2,), plan=four_and_three("5", excluded=(service("one"),)).plan
    )

    assert worked(reissued) == worked(decided)
    assert worked(reissued)["2"] == [
        "submitted 30.00",
        "eligible 10.00",
        "noncovered 20.00 (119)",
        "benefit 10.00",
    ]


def test_a_line_that_was_denied_uses_no_units_though_the_plan_covers_it_now():
    request = four_and_three("5", excluded=(service("one"),))

    decided, reissued = again(request, (2,), plan=four_and_three("5").plan)

    assert worked(reissued) == worked(decided)
    assert worked(reissued)["2"] == WHOLE


def test_a_line_that_had_some_of_its_units_keeps_as_many_under_another_limit():
    # One of the second line's three was within five. Of four now, three are left for the first.
    _, reissued = again(four_and_three("5"), (1,), plan=four_and_three("4").plan)

    assert worked(reissued)["1"] == [
        "submitted 40.00",
        "eligible 30.00",
        "noncovered 10.00 (119)",
        "benefit 30.00",
    ]


def test_how_many_units_a_line_had_is_told_by_the_price_that_it_had():
    # Allowed 27.00 for three: 9.00 was eligible, which is one. Now a unit costs 3.00, and there
    # are two a Claim: one is left.
    request = replace(four_and_three("5"), prices=(a_price("exam", "9.00"),))

    _, reissued = again(
        request, (1,), plan=four_and_three("2").plan, prices=(a_price("exam", "3.00"),)
    )

    assert worked(reissued)["1"] == [
        "submitted 40.00",
        "eligible 10.00",
        "noncovered 30.00 (119)",
        "benefit 10.00",
    ]


def test_beside_a_named_sub_detail_nothing_changes_and_above_it_the_sums():
    parts = a_line((1, 1, 1), "20.00"), a_line((1, 1, 3), "20.00", service="scan")
    group = a_line((1, 1), None, *parts)
    item = a_line(1, None, group, a_line((1, 2), "30.00", service="scan"))
    request = a_request(item)

    decided, reissued = again(request, (1, 1, 3), prices=(a_price("scan", "5.00"),))

    assert worked(reissued) == {
        "1": ["submitted 70.00", "eligible 55.00", "contractual 15.00 (45)", "benefit 55.00"],
        "1.1": ["submitted 40.00", "eligible 25.00", "contractual 15.00 (45)", "benefit 25.00"],
        "1.1.1": worked(decided)["1.1.1"],
        "1.1.3": ["submitted 20.00", "eligible 5.00", "contractual 15.00 (45)", "benefit 5.00"],
        # Decided anew it would be 5.00 as well.
        "1.2": ["submitted 30.00", "eligible 30.00", "benefit 30.00"],
    }


def test_notes_that_carried_lines_refer_to_keep_their_numbers():
    plan = a_plan(a_benefit(coinsurance="20"), deductible_individual="10")
    lines = a_line(1, "30.00"), a_line(2, "40.00", service="scan")
    request = a_request(*lines, plan=plan)

    decided, reissued = again(request, (1,), prices=(a_price("exam", "20.00"),))

    deductible, coinsurance = notes(decided)[1], notes(decided)[2]
    assert reissued.lines[1] == decided.lines[1]
    assert notes(reissued)[2] == coinsurance
    # The new line refers to the kept note, and to a number that none had.
    assert set(reissued.lines[0].notes) >= {2}
    assert deductible in notes(reissued).values()
    assert len(notes(reissued)) == 3


def test_notes_that_nobody_refers_to_any_more_are_gone():
    plan = a_plan(deductible_individual="10")
    request = a_request(a_line(1, "30.00"), plan=plan)

    decided, reissued = again(request, (1,), plan=a_plan())

    assert notes(decided) == {1: "Taken by the deductible of the plan."}
    assert reissued.notes == ()
    assert told(Reissue(decided, ((1,),)), reissued).notes == (
        Note(2, "Line 1: deductible nothing, was 10.00 USD, benefit 30.00 USD, was 20.00 USD."),
    )


def test_a_denied_line_that_is_carried_over_counts_nothing():
    lines = a_line(1, "30.00", categories=("odd",)), a_line(2, "40.00")
    plan = a_plan(a_benefit("basic"), a_benefit(limits={"visits-per-year": "1"}))
    denied = replace(plan, benefits=plan.benefits[:1])

    decided = StandardAdjudicator().adjudicate(a_request(*lines, plan=denied))
    reissue = Reissue(decided, ((2,),))
    reissued = StandardAdjudicator().adjudicate(a_request(*lines, plan=plan, reissue=reissue))

    assert worked(reissued)["1"] == ["submitted 30.00", "noncovered 30.00 (96)", "benefit 0.00"]
    assert worked(reissued)["2"] == ["submitted 40.00", "eligible 40.00", "benefit 40.00"]
    assert posted(reissued)["benefit|2026"] == Decimal("40.00")


def test_without_paths_all_is_decided_anew():
    lines = a_line(1, "30.00"), a_line(2, "40.00")

    _, reissued = again(a_request(*lines), prices=(a_price("exam", "5.00"),))

    assert [row[-1] for row in worked(reissued).values()] == ["benefit 5.00", "benefit 5.00"]


def test_what_is_only_asked_for_posts_nothing_when_it_is_asked_for_again():
    request = a_request(a_line(1, "30.00"), a_line(2, "40.00"), use=ClaimUse.PREAUTHORIZATION)

    decided, reissued = again(request, (1,))

    assert (decided.postings, reissued.postings) == ((), ())


def test_a_line_that_is_carried_over_counts_on_though_the_plan_covers_it_no_more():
    # Deductible 50, all of it of the first line; then the plan drops the category of that line.
    dental, vision = a_benefit("dental"), a_benefit("vision")
    lines = (
        a_line(1, "90.00", categories=("dental",)),
        a_line(2, "70.00", categories=("vision",), service="scan"),
    )
    request = a_request(*lines, plan=a_plan(dental, vision, deductible_individual="50"))
    smaller = a_plan(vision, deductible_individual="50")

    decided, reissued = again(request, (2,), plan=smaller)

    assert worked(reissued) == worked(decided)
    assert posted(reissued) == posted(decided)
    assert posted(reissued)["deductible-individual|2026"] == Decimal("50.00")
