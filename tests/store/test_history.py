"""All versions of what a scope sees."""

from datetime import timedelta

import pytest

from app.store.history import Place, Span
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

TEXT = '{"resourceType":"Claim","id":"%s"}'
CLAIMS = Span(("Claim",))


def versions(work, span=CLAIMS, most=100, after=None):
    return [(one.id, one.version) for one in work.history.page(span, most, after)[0]]


@pytest.fixture
def claims(view):
    """c1 in two versions and c2, of one submitter; c3 of another."""
    mine = view(MINE)
    first = mine.resources.add("Claim", "c1", TEXT % "c1", (), "submitter-1")
    mine.resources.add("Claim", "c2", TEXT % "c2", (), "submitter-1")
    view(THEIRS).resources.add("Claim", "c3", TEXT % "c3", (), "submitter-2")
    view(MINE, NOW + timedelta(minutes=1)).resources.amend(first, TEXT % "c1")


def test_a_scope_sees_its_own_and_the_payer_all(view, claims):
    assert versions(view(MINE)) == [("c1", 2), ("c2", 1), ("c1", 1)]
    assert versions(view(THEIRS)) == [("c3", 1)]
    assert versions(view(PAYERS)) == [("c1", 2), ("c3", 1), ("c2", 1), ("c1", 1)]
    assert versions(view(FOREIGN)) == []
    assert [view(each).history.size(CLAIMS) for each in (MINE, THEIRS, PAYERS, FOREIGN)] == [
        3, 1, 4, 0,
    ]  # fmt: skip


def test_an_id_of_another_has_no_versions(view, claims):
    span = Span(("Claim",), "c1")

    assert versions(view(MINE), span) == [("c1", 2), ("c1", 1)]
    assert versions(view(THEIRS), span) == versions(view(FOREIGN), span) == []
    assert versions(view(PAYERS), span) == versions(view(MINE), span)


def test_only_the_types_that_are_named_are_told(view, claims):
    mine = view(MINE)
    mine.resources.add("Patient", "c1", TEXT % "c1", (), "submitter-1")

    assert versions(mine, Span(("Patient",))) == [("c1", 1)]
    assert len(versions(mine, Span(("Claim", "Patient")))) == 4
    assert mine.history.size(Span(("Claim", "Patient", "Task"))) == 4


def test_a_page_goes_on_behind_a_place(view, claims):
    mine = view(MINE)
    last = mine.history.page(CLAIMS, 2)[0][-1]
    place = Place(last.updated_at, last.type, last.id, last.version)

    assert versions(mine, most=2) == [("c1", 2), ("c2", 1)]
    assert versions(mine, most=2, after=place) == [("c1", 1)]


def test_an_instant_is_the_first_that_counts(view, claims):
    later = NOW + timedelta(minutes=1)

    assert versions(view(MINE), Span(("Claim",), since=later)) == [("c1", 2)]
    assert versions(view(MINE), Span(("Claim",), since=later + timedelta(microseconds=1))) == []
    assert len(versions(view(MINE), Span(("Claim",), since=NOW))) == 3


def test_a_deletion_is_a_version_and_a_purge_takes_all_away(view, claims):
    mine = view(MINE)
    mine.resources.delete(mine.resources.find("Claim", "c2"))

    [deletion] = [one for one in mine.history.page(CLAIMS, 9)[0] if one.is_deletion]
    assert (deletion.id, deletion.version, deletion.text) == ("c2", 2, None)
    mine.resources.purge("Claim", "c2")
    assert versions(mine) == [("c1", 2), ("c1", 1)]
