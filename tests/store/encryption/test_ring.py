"""Keys that wrap others: what is no ring is refused; what is wrapped opens in its place only."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.store.encryption.ring import KeyDamaged, KeyUnknown, Ring, WrongKeys, new_key, read

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ONE, TWO = new_key(NOW), new_key(NOW)


def changed(**values):
    told = json.loads(Ring.of(ONE.id, ONE).written())
    told["keys"][0] |= values
    return json.dumps(told)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"current": "a", "keys": []}',
        changed(secret="AAAA"),
        changed(secret="no base64!"),
        changed(secret=None),
        changed(created="yesterday"),
        changed(created="2026-03-02T10:00:00"),
        changed(id=""),
        changed(id="k" * 65),
        changed(id="another"),
    ],
)
def test_what_is_no_ring_is_refused_without_a_word_of_it(text):
    with pytest.raises(WrongKeys) as refused:
        read(text)

    assert "AAAA" not in str(refused.value)
    assert read(changed()) == Ring.of(ONE.id, ONE)


def test_a_secret_is_told_nobody():
    assert "secret" not in repr(ONE)
    assert "secret" not in repr(Ring.of(ONE.id, ONE))


def test_what_was_wrapped_is_unwrapped_with_its_own_key_in_its_own_place():
    ring = Ring.of(ONE.id, ONE, TWO)
    wrapped = ring.wrap(b"s" * 32, b"here")

    with pytest.raises(KeyDamaged):
        ring.unwrap(ONE.id, wrapped, b"there")
    with pytest.raises(KeyDamaged):
        ring.unwrap(TWO.id, wrapped, b"here")
    with pytest.raises(KeyDamaged):
        ring.unwrap(ONE.id, wrapped[:-1], b"here")
    with pytest.raises(KeyUnknown):
        Ring.of(TWO.id, TWO).unwrap(ONE.id, wrapped, b"here")
    assert ring.unwrap(ONE.id, wrapped, b"here") == b"s" * 32


def test_a_new_key_wraps_from_now_on_and_the_old_one_still_unwraps():
    old = Ring.of(ONE.id, ONE)
    wrapped = old.wrap(b"s" * 32, b"here")

    both = read(old.with_new(TWO).written())

    assert (both.current, set(both.keys)) == (TWO.id, {ONE.id, TWO.id})
    assert both.unwrap(ONE.id, wrapped, b"here") == b"s" * 32
    assert both.only() == Ring.of(TWO.id, TWO)


def test_new_keys_are_all_different():
    keys = [new_key(NOW) for _ in range(100)]

    assert len({key.secret for key in keys}) == len({key.id for key in keys}) == 100
    assert replace(keys[0], id=keys[0].id) == keys[0]
