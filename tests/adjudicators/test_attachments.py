"""Services that are paid with an attachment only: asked for once, and denied where none comes."""

from dataclasses import replace

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Awaiting, Deferred
from app.domain.claims import Days
from app.domain.codes import ClaimUse
from app.domain.reissue import Reissue
from tests.adjudicators.builders import DAY, a_benefit, a_line, a_plan, a_price, a_request, worked


def needing(service="scan", amount=None, **days):
    """The price of a service that needs an attachment."""
    return replace(a_price(service, amount, **days), needs_attachment=True)


def adjudicate(request, **changes):
    return StandardAdjudicator().adjudicate(replace(request, **changes))


def with_attachments(request, *sequences):
    """The Claim with these of its supporting information carrying a document."""
    return replace(request, claim=replace(request.claim, attachments=sequences))


@pytest.fixture
def request_of_a_scan():
    """An exam, and a scan that is paid with an attachment only."""
    lines = a_line(1, "30.00"), a_line(2, "40.00", service="scan", information=(4,))
    return a_request(*lines, prices=(needing(),))


def test_the_attachment_is_asked_for_by_the_lines_that_need_it(request_of_a_scan):
    assert adjudicate(request_of_a_scan) == Deferred(
        Awaiting.INFORMATION,
        "Please send the attachment that is needed to decide on line 2.",
    )


def test_all_lines_that_need_one_are_asked_for_at_once():
    parts = a_line((2, 1), "20.00", service="scan"), a_line((2, 2), "10.00")
    lines = a_line(1, "30.00", service="scan"), a_line(2, None, *parts)

    answer = adjudicate(a_request(*lines, prices=(needing(),)))

    assert answer.text.endswith("to decide on line 1, 2.1.")


def test_where_none_came_in_time_the_line_is_denied(request_of_a_scan):
    decided = adjudicate(request_of_a_scan, is_last_call=True)

    assert worked(decided) == {
        "1": ["submitted 30.00", "eligible 30.00", "benefit 30.00"],
        "2": ["submitted 40.00", "noncovered 40.00 (16)", "benefit 0.00"],
    }
    assert [note.text for note in decided.notes] == [
        "The attachment that was asked for did not come."
    ]


def test_a_communication_about_the_claim_is_for_every_line(request_of_a_scan):
    decided = adjudicate(request_of_a_scan, attachments=1)

    assert worked(decided)["2"] == ["submitted 40.00", "eligible 40.00", "benefit 40.00"]


@pytest.mark.parametrize(
    ("sequences", "is_enough"), [((), False), ((4,), True), ((5,), False), ((6,), True)], ids=str
)
def test_what_a_line_names_is_for_that_line_and_what_no_line_names_for_all(
    request_of_a_scan, sequences, is_enough
):
    # Line 1 names information 5, line 2 names 4, nobody names 6.
    first, second = request_of_a_scan.claim.lines
    claim = replace(request_of_a_scan.claim, lines=(replace(first, information=(5,)), second))
    request = with_attachments(replace(request_of_a_scan, claim=claim), *sequences)

    assert isinstance(adjudicate(request), Deferred) is not is_enough


def test_what_an_item_names_is_for_the_lines_below_it():
    part = a_line((1, 1), None, a_line((1, 1, 1), "20.00", service="scan"))
    request = a_request(a_line(1, None, part, information=(4,)), prices=(needing(),))

    assert isinstance(adjudicate(request), Deferred)
    assert worked(adjudicate(with_attachments(request, 4)))["1.1.1"][-1] == "benefit 20.00"


def test_what_is_denied_anyway_is_not_asked_for():
    plan = a_plan(a_benefit("basic"))
    request = a_request(a_line(1, "30.00", service="scan"), prices=(needing(),), plan=plan)

    assert worked(adjudicate(request)) == {
        "1": ["submitted 30.00", "noncovered 30.00 (96)", "benefit 0.00"]
    }
    covered = a_line(1, "30.00", service="scan", categories=("basic",))
    assert isinstance(adjudicate(a_request(covered, prices=(needing(),), plan=plan)), Deferred)


def test_a_rule_holds_on_the_days_of_its_price():
    over = needing(ends_on=DAY.replace(day=1) if DAY.day > 1 else DAY.replace(year=2025))
    request = a_request(a_line(1, "30.00", service="scan"), prices=(over,))

    assert worked(adjudicate(request))["1"][-1] == "benefit 30.00"
    old = a_line(1, "30.00", service="scan", serviced=Days(over.ends_on, over.ends_on))
    covered = replace(request.coverage, starts_on=None)
    asked = a_request(old, prices=(over,), coverage=covered)
    assert isinstance(adjudicate(asked), Deferred)


@pytest.mark.parametrize("use", ClaimUse)
def test_a_preauthorization_needs_it_as_a_claim_does(use):
    request = a_request(a_line(1, "30.00", service="scan"), prices=(needing(),), use=use)

    assert isinstance(adjudicate(request), Deferred)
    assert worked(adjudicate(request, attachments=1))["1"][-1] == "benefit 30.00"


def test_lines_that_are_carried_over_are_not_asked_about(request_of_a_scan):
    denied = adjudicate(request_of_a_scan, is_last_call=True)

    carried = adjudicate(request_of_a_scan, reissue=Reissue(denied, ((1,),)))
    named = adjudicate(request_of_a_scan, reissue=Reissue(denied, ((2,),)))

    assert carried.lines[1] == denied.lines[1]
    assert isinstance(named, Deferred)
    came = adjudicate(request_of_a_scan, reissue=Reissue(denied, ((2,),)), attachments=1)
    assert worked(came)["2"] == ["submitted 40.00", "eligible 40.00", "benefit 40.00"]
