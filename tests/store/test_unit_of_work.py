"""A part of a transaction that can be unwound on its own, and the payer's own side of it."""

from pathlib import Path

import pytest

import app
from tests.store.scopes import FOREIGN, MINE, PAYERS


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


def test_the_payers_side_is_the_same_transaction_and_the_same_payer(work, view):
    work.on_the_payers_side().resources.add("Coverage", "payers", "{}", [], None)

    assert work.resources.find("Coverage", "payers") is None
    assert view(PAYERS).resources.find("Coverage", "payers") is not None
    assert view(FOREIGN).on_the_payers_side().resources.find("Coverage", "payers") is None


def test_only_enrolment_decisions_and_purges_act_on_the_payers_side():
    folder = Path(app.__file__).parent
    named = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if "on_the_payers_side()" in path.read_text(encoding="utf-8")
    }

    assert named == {
        "gateway/administering/enrollment.py",
        "gateway/deciding/authorizations.py",
        "gateway/deciding/decisions.py",
        "gateway/deciding/earlier_claims.py",
        # What other submitters' decisions were made from holds content of what is purged.
        "gateway/purging/nullification.py",
    }
