"""Rows that are gathered: written in the end together, all of them or none."""

import pytest
from sqlalchemy import func, select

from app.domain.codes import ClaimUse
from app.domain.lifecycle import State
from app.domain.references import Identifier
from app.store import tables
from app.store.resources import VersionConflict
from app.store.submissions import Submission
from tests.builders import NOW
from tests.store.scopes import MINE

CLAIM = Submission("Claim", "c1", MINE.submitter_id, State.QUEUED, 1, NOW, ClaimUse.CLAIM)


def kept(connection, table):
    """How many rows a table has."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def add_claim(work, id="c1"):
    """A Claim with an identifier, as its intake writes it."""
    text = f'{{"resourceType":"Claim","id":"{id}","status":"active"}}'
    return work.resources.add("Claim", id, text, (Identifier("s", id),), MINE.submitter_id)


def test_an_id_that_is_taken_is_told_in_the_end(work):
    add_claim(work)

    with pytest.raises(VersionConflict), work.at_once():
        add_claim(work)


def test_an_id_that_is_free_is_kept_with_all_that_was_gathered(work, connection):
    with work.at_once():
        stored = add_claim(work)
        add_claim(work, "c2")
        work.submissions.add(CLAIM)
        before = kept(connection, tables.resource), kept(connection, tables.submission)

    assert before == (0, 0)
    assert work.resources.find("Claim", "c1") == stored
    assert work.submissions.find("Claim", "c1") == CLAIM
    assert work.resources.identified(("Claim",), Identifier("s", "c2")) == [("Claim", "c2")]
    assert work.resources.find("Claim", "c2") is not None


def test_what_is_raised_inside_leaves_nothing_gathered(work, connection):
    def add_and_fail():
        with work.at_once():
            add_claim(work)
            raise LookupError

    with pytest.raises(LookupError):
        add_and_fail()

    add_claim(work, "c2")
    assert kept(connection, tables.resource) == 1


def test_whoever_moves_a_row_inside_finds_it_written(work):
    with work.at_once():
        work.submissions.add(CLAIM)
        moved = work.submissions.move(CLAIM, state=State.ADJUDICATING)
        again = work.submissions.move(CLAIM, state=State.ADJUDICATING)

    assert (moved.state, again) == (State.ADJUDICATING, None)


def test_gathering_inside_of_gathering_is_written_with_the_whole(work, connection):
    with work.at_once():
        with work.at_once():
            add_claim(work)
        before = kept(connection, tables.resource)

    assert (before, kept(connection, tables.resource)) == (0, 1)
