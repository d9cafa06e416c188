"""Keyed hashes: equal for equal parts under one key, and for nothing else."""

from itertools import combinations

import pytest

from app.store.hashing import Hasher

HASHER = Hasher(b"one key")
PARTS = [
    ("ab", "c"),
    ("a", "bc"),
    ("abc",),
    ("abc", ""),
    ("", "abc"),
    ("c", "ab"),
    ("2:ab1:c",),
    ("a", "b", "c"),
    (),
    ("",),
    ("\u00e9",),
    ("e\u0301",),
]


@pytest.mark.parametrize(("one", "other"), list(combinations(PARTS, 2)), ids=repr)
def test_other_parts_have_another_hash(one, other):
    assert HASHER(*one) != HASHER(*other)


@pytest.mark.parametrize("parts", PARTS, ids=repr)
def test_the_same_parts_have_the_same_hash(parts):
    assert HASHER(*parts) == Hasher(b"one key")(*parts)


def test_another_key_gives_another_hash():
    assert HASHER("ab") != Hasher(b"another key")("ab")


def test_a_key_longer_than_the_hash_takes_is_cut_and_still_used():
    long = b"k" * 64

    assert Hasher(long + b"more")("ab") == Hasher(long)("ab") != Hasher(b"k" * 63)("ab")
