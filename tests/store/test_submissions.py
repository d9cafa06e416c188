"""Submissions: scope, the fence of every race, and the identifiers of live Claims."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.adjudication import Awaiting
from app.domain.codes import ClaimUse, Outcome
from app.domain.lifecycle import State
from app.store.submissions import Submission
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS


def a_submission(id="1", **rest):
    rest = {"state": State.QUEUED, "epoch": 1, "created_at": NOW, **rest}
    return Submission("Claim", id, MINE.submitter_id, **rest)


def added(work, **rest):
    submission = a_submission(**rest)
    work.submissions.add(submission)
    return submission


@pytest.mark.parametrize(
    ("scope", "is_seen"), [(MINE, True), (THEIRS, False), (PAYERS, True), (FOREIGN, False)]
)
def test_a_submission_is_seen_by_its_submitter_and_its_payer(view, scope, is_seen):
    submission = added(view(MINE), response_type="ClaimResponse", response_id="R")
    expected = submission if is_seen else None

    assert view(scope).submissions.find("Claim", "1") == expected
    assert view(scope).submissions.find("Claim", "1", lock=True) == expected
    assert view(scope).submissions.answered_by("ClaimResponse", "R") == expected


def test_every_column_comes_back_as_it_was(work):
    submission = added(
        work,
        state=State.AWAITING,
        epoch=3,
        use=ClaimUse.PREAUTHORIZATION,
        response_type="ClaimResponse",
        response_id="R",
        benefit_id="B",
        outcome=Outcome.QUEUED,
        disposition="Not yet.",
        total=Decimal("100.10"),
        currency="EUR",
        awaiting=Awaiting.COVERAGE,
        awaiting_text="No coverage.",
        due_at=NOW,
        is_used=True,
        rules="standard-3",
        plan_version="2",
        decided_at=NOW,
    )

    assert work.submissions.find("Claim", "1") == submission
    assert submission.key == ("Claim", "1")


@pytest.mark.parametrize(
    ("type", "id", "is_answer"),
    [
        ("ClaimResponse", "R", True),
        ("ExplanationOfBenefit", "B", True),
        ("ClaimResponse", "B", False),
        ("ExplanationOfBenefit", "R", False),
        ("CoverageEligibilityResponse", "R", False),
    ],
)
def test_an_answer_leads_to_what_it_answers(work, type, id, is_answer):
    submission = added(work, response_type="ClaimResponse", response_id="R", benefit_id="B")

    assert work.submissions.answered_by(type, id) == (submission if is_answer else None)


@pytest.mark.parametrize(
    "known",
    [{"state": State.ADJUDICATING}, {"epoch": 2}, {"id": "2"}],
    ids=["other-state", "other-epoch", "other-id"],
)
def test_what_moved_on_is_not_moved(work, known):
    submission = added(work)

    assert work.submissions.move(replace(submission, **known), state=State.DECIDED) is None
    assert work.submissions.find("Claim", "1") == submission


def test_what_still_stands_is_moved_once(work):
    submission = added(work)

    moved = work.submissions.move(submission, state=State.CANCELLED, epoch=2)

    assert moved == replace(submission, state=State.CANCELLED, epoch=2)
    assert work.submissions.find("Claim", "1") == moved
    assert work.submissions.move(submission, state=State.DECIDED) is None


@pytest.mark.parametrize("state", [state for state in State if state is not State.QUEUED])
def test_only_what_is_queued_begins(work, state):
    other = added(work, id="1", state=state)
    queued = added(work, id="2")

    work.submissions.begin([other.key, queued.key])

    assert work.submissions.find(*other.key).state is state
    assert work.submissions.find(*queued.key).state is State.ADJUDICATING


def test_only_what_is_named_begins(work):
    added(work, id="1")
    added(work, id="2")

    work.submissions.begin([("Claim", "2")])

    assert work.submissions.find("Claim", "1").state is State.QUEUED


def test_an_identifier_is_held_by_one_live_claim(work):
    assert work.submissions.hold_identifiers("1", ["a", "b"]) == []
    assert work.submissions.hold_identifiers("2", ["c", "b"]) == ["1"]
    assert work.submissions.hold_identifiers("3", ["c"]) == ["2"]


@pytest.mark.parametrize("scope", [THEIRS, FOREIGN], ids=["submitter", "payer"])
def test_an_identifier_is_held_per_submitter(view, scope):
    assert view(MINE).submissions.hold_identifiers("1", ["a"]) == []
    assert view(scope).submissions.hold_identifiers("2", ["a"]) == []


def test_a_freed_identifier_is_held_again(work):
    work.submissions.hold_identifiers("1", ["a", "b"])
    work.submissions.hold_identifiers("2", ["c"])

    work.submissions.free_identifiers("1")

    assert work.submissions.hold_identifiers("3", ["a", "b", "c"]) == ["2"]
