"""A part of a transaction that can be unwound on its own."""

import pytest

from tests.store.scopes import MINE


def keep(work, id):
    work.resources.add("Patient", id, "{}", [], MINE.submitter_id)


def kept_and_failed(work):
    keep(work, "inside")
    raise LookupError


def test_what_is_raised_inside_undoes_only_the_inside(work):
    keep(work, "before")

    with pytest.raises(LookupError), work.attempt():
        kept_and_failed(work)

    keep(work, "after")
    found = [work.resources.find("Patient", id) is not None for id in ("before", "inside", "after")]
    assert found == [True, False, True]


def test_what_ends_well_inside_stays(work):
    with work.attempt():
        keep(work, "inside")

    assert work.resources.find("Patient", "inside") is not None
