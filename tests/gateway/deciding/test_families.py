"""The family that a Claim's job knows: shared by those of one subscriber, and by no others."""

import pytest
from sqlalchemy import select

from app.store import tables
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, a_quote, identifier


def family_of(desk, **elements):
    """The family of the job of a Claim that came in just now."""
    taken = desk.create(a_claim(**elements))
    job = tables.job.c
    query = select(job.family).where(job.submission_id == taken.stored.id)
    return desk.installation.store.read(lambda rows: rows.execute(query).scalar_one())


def of_member(name):
    return {"identifier": identifier(COVERAGE_SYSTEM, name)}


@pytest.fixture
def members(core):
    """Two of one subscriber, one of another, one of none."""
    for name, subscriber in (("M1", "S1"), ("M2", "S1"), ("M3", "S2"), ("M4", None)):
        core.create(a_coverage(name, subscriberId=subscriber))


ANSWERED = {
    "sequence": 1,
    "focal": True,
    "coverage": of_member("M1"),
    "claimResponse": {"identifier": identifier("http://other.test", "A")},
}
OF_NONE = {
    "a preauthorization": {"use": "preauthorization"},
    "one that quotes": {"insurance": a_quote("PA-1")},
    "one that brings an answer": {"insurance": [ANSWERED]},
    "a member whom nobody knows": {"coverage": of_member("M9")},
}


@pytest.mark.parametrize("elements", OF_NONE.values(), ids=OF_NONE)
def test_what_may_depend_on_others_is_of_no_family(desk, members, elements):
    assert family_of(desk, **elements) is None


def test_claims_of_one_subscriber_are_of_one_family(desk, members):
    first, second, other, alone = (
        family_of(desk, coverage=of_member(name)) for name in ("M1", "M2", "M3", "M4")
    )

    assert first == second
    assert None not in {first, other, alone}
    assert len({first, other, alone}) == 3


def test_the_family_tells_nothing_of_the_subscriber(desk, members):
    assert "S1" not in family_of(desk, coverage=of_member("M1"))
