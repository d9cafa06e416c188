"""What running reprocesses were asked: one for each Claim of a payer."""

import pytest
from sqlalchemy.exc import IntegrityError

from app.store.reissues import Asked
from tests.store.scopes import FOREIGN, MINE, PAYERS

ALL = Asked("C1", "T1")
SOME = Asked("C1", "T1", ((2,), (2, 1, 3), (10,)), "BR12345")


@pytest.mark.parametrize("asked", [ALL, SOME], ids=["all", "some"])
def test_what_was_asked_is_found_until_it_is_ended(work, asked):
    assert work.reissues.find("C1") is None
    work.reissues.begin(asked)

    assert work.reissues.find("C1") == asked
    assert work.reissues.end("C1") == asked
    assert (work.reissues.find("C1"), work.reissues.end("C1")) == (None, None)


def test_a_second_one_does_not_run_beside_the_first(work):
    work.reissues.begin(ALL)

    with pytest.raises(IntegrityError), work.attempt():
        work.reissues.begin(Asked("C1", "T2"))

    work.reissues.begin(Asked("C2", "T2"))
    assert work.reissues.find("C1") == ALL
    work.reissues.end("C1")
    work.reissues.begin(Asked("C1", "T2"))
    assert work.reissues.find("C1") == Asked("C1", "T2")


def test_each_payer_has_its_own(view):
    view(MINE).reissues.begin(SOME)

    assert view(FOREIGN).reissues.find("C1") is None
    assert view(FOREIGN).reissues.end("C1") is None
    assert view(PAYERS).reissues.find("C1") == SOME
