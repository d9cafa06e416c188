"""Our own keys: made once, however many need the first, and replaced once by however many."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.gateway.trust.signing_keys import SigningKeys, UnknownKey

MANY = 8


def together(work):
    """What several threads get that begin at the same moment."""
    begin = Barrier(MANY)

    def run(_):
        begin.wait()
        return work()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(run, range(MANY)))


def test_a_key_that_is_not_there_is_not_retired(installation):
    own = SigningKeys(installation)
    kid = own.current().kid

    with pytest.raises(UnknownKey):
        own.retire("nobody's")
    own.retire(kid)
    own.retire(kid)

    assert [one.number for one in own.listed()] == [2, 1]


def test_the_first_key_is_made_once_for_all(installation):
    found = together(lambda: SigningKeys(installation).current().kid)

    assert len(set(found)) == 1
    assert [one.kid for one in SigningKeys(installation).listed()] == found[:1]


def test_those_who_rotate_at_once_rotate_once_or_one_after_the_other(installation):
    own = SigningKeys(installation)
    own.current()

    together(lambda: SigningKeys(installation).rotate().kid)

    listed = own.listed()
    assert [one.number for one in listed] == list(range(len(listed), 0, -1))
    assert 2 <= len(listed) <= MANY + 1
    assert [one.kid for one in listed if one.sealed is not None] == [own.current().kid]
    assert [one.kid for one in listed if one.ends_at is None] == [own.current().kid]


def test_rotating_twice_leaves_all_that_may_still_be_signed_believed(installation, clock):
    own = SigningKeys(installation)
    first = own.current().kid
    second = own.rotate().kid
    clock.forward(seconds=300)
    third = own.rotate().kid

    assert [one["kid"] for one in own.published()["keys"]] == [third, second, first]
    clock.forward(seconds=300)
    assert [one["kid"] for one in own.published()["keys"]] == [third, second]
    assert all("d" not in one for one in own.published()["keys"])
