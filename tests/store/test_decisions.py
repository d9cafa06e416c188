"""What decisions were made from: numbered, whose they are, and emptied with what they hold."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.store import tables
from app.store.decisions import Decision, Kept
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

FIRST = Decision("R1", "standard-2", ("gold", "2026"), "inputs-a", "decision-a")
SECOND = Decision("R2", "standard-2", None, "inputs-b", "decision-b")


@pytest.fixture
def kept(work):
    """Two decisions on a Claim."""
    work.decisions.add("C1", MINE.submitter_id, FIRST, "what it was made from")
    work.decisions.add("C1", MINE.submitter_id, SECOND, "and the second")


def sources(connection):
    rows = connection.execute(select(tables.decision_source)).all()
    return sorted((row.source_id, row.claim_id, row.number) for row in rows)


# --- not there


def test_a_decision_that_was_not_kept_is_none(work, kept):
    assert work.decisions.find("C2") is None
    assert work.decisions.find("C1", 3) is None
    assert work.decisions.answered_by("C1", "R3") is None
    assert work.decisions.answered_by("C2", "R1") is None

    assert work.decisions.find("C1", 2) is not None
    assert work.decisions.answered_by("C1", "R1") is not None


@pytest.mark.parametrize("scope", [THEIRS, FOREIGN], ids=["submitter", "payer"])
def test_another_submitter_and_another_payer_have_none_of_it(view, kept, scope):
    others = view(scope).decisions

    assert (others.find("C1"), others.answered_by("C1", "R1")) == (None, None)
    others.purge("C1")
    assert view(PAYERS).decisions.find("C1").number == 2


# --- done


def test_decisions_are_numbered_for_each_claim_and_come_back_as_they_were(work, kept):
    work.decisions.add("C2", MINE.submitter_id, replace(FIRST, response_id="R9"), "another")

    first = Kept(1, FIRST, NOW, "what it was made from")
    second = Kept(2, SECOND, NOW, "and the second")
    assert work.decisions.find("C1") == second
    assert [work.decisions.find("C1", number) for number in (1, 2)] == [first, second]
    assert work.decisions.answered_by("C1", "R1") == first
    assert work.decisions.find("C2").number == 1


def test_bytes_that_somebody_changed_are_told(connection, work, kept):
    connection.execute(tables.decision.update().values(inputs=b"nothing"))

    found = work.decisions.find("C1")

    assert (found.inputs, found.is_damaged) == (None, True)


# --- purged


def test_a_purge_removes_the_decisions_on_a_claim_and_no_other(connection, work, kept):
    work.decisions.add("C2", MINE.submitter_id, FIRST, "another", ["C3"])
    work.decisions.add("C1", MINE.submitter_id, FIRST, "the third", ["C3"])

    work.decisions.purge("C1")

    assert work.decisions.find("C1") is None
    assert work.decisions.find("C2").inputs == "another"
    assert sources(connection) == [("C3", "C2", 1)]


def test_what_others_keep_of_a_claim_is_emptied_whosever_they_are(connection, view):
    work, theirs = view(MINE), view(THEIRS)
    work.decisions.add("C1", MINE.submitter_id, FIRST, "of C1")
    theirs.decisions.add("C2", THEIRS.submitter_id, FIRST, "of C2 and C1", ["C1", "C1"])
    theirs.decisions.add("C2", THEIRS.submitter_id, SECOND, "of C2 alone")
    view(FOREIGN).decisions.add("C4", FOREIGN.submitter_id, FIRST, "of their C1", ["C1"])

    work.decisions.purge("C1")

    emptied, whole = (theirs.decisions.find("C2", number) for number in (1, 2))
    assert emptied == Kept(1, FIRST, NOW, None)
    assert whole == Kept(2, SECOND, NOW, "of C2 alone")
    assert view(FOREIGN).decisions.find("C4").inputs == "of their C1"
    assert sources(connection) == [("C1", "C4", 1)]


def test_emptied_twice_is_emptied_once(work):
    work.decisions.add("C2", MINE.submitter_id, FIRST, "of C2 and C1", ["C1"])

    assert [work.decisions.empty("C1") for _ in range(2)] == [1, 0]
