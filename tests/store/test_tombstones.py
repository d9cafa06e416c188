"""What stays of what was nullified: that it was there, when it went, by which Task."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.store.tombstones import Tombstone
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS

LATER = NOW + timedelta(hours=1)


def test_a_tombstone_is_found_where_one_was_set_up(work):
    work.tombstones.add("Claim", "C1", "T1")

    assert work.tombstones.find("Claim", "C1") == Tombstone("Claim", "C1", "T1", NOW)
    assert work.tombstones.find("ClaimResponse", "C1") is None
    assert work.tombstones.find("Claim", "C2") is None


def test_nothing_is_nullified_twice(work):
    work.tombstones.add("Claim", "C1", "T1")

    with pytest.raises(IntegrityError), work.attempt():
        work.tombstones.add("Claim", "C1", "T2")

    work.tombstones.add("Claim", "C2", "T2")
    assert work.tombstones.find("Claim", "C1").task_id == "T1"


def test_all_that_one_task_nullified_is_verified_together_and_once(view):
    for type, id, task in (
        ("Claim", "C1", "T1"),
        ("ClaimResponse", "R1", "T1"),
        ("Claim", "C2", "T2"),
    ):
        view(MINE).tombstones.add(type, id, task)

    assert view(MINE, LATER).tombstones.verify("T1") == 2

    stones = view(MINE).tombstones
    verified = [stones.find(*key).verified_at for key in (("Claim", "C1"), ("ClaimResponse", "R1"))]
    assert verified == [LATER, LATER]
    assert stones.find("Claim", "C2").verified_at is None
    assert view(MINE, LATER + timedelta(hours=1)).tombstones.verify("T1") == 0
    assert stones.find("Claim", "C1").verified_at == LATER


def test_each_payer_has_its_own(view):
    view(MINE).tombstones.add("Claim", "C1", "T1")

    assert view(FOREIGN).tombstones.find("Claim", "C1") is None
    assert view(FOREIGN).tombstones.verify("T1") == 0
    assert view(PAYERS).tombstones.find("Claim", "C1").verified_at is None
