"""When two sendings are the same: fingerprints, and the keys built on them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.issues import ErrorCode, Unacceptable
from app.domain.references import Identifier
from app.fhir import json_text
from app.gateway.received import KEPT_FOR, Keys, Received, keys_of
from app.store.hashing import Hasher
from app.store.tasks import Kept

HASHER = Hasher(b"a key")
CLAIM = '{"resourceType":"Claim","id":"1","total":{"value":1.00,"currency":"EUR"},"item":[1,2]}'
NUMBER = Identifier("s", "v")


def sent(text=CLAIM, **keys):
    return Received(text, json_text.parsed(text), **keys)


def fingerprint(text):
    return sent(text).fingerprint(HASHER)


OTHER = {
    "another digit": CLAIM.replace("1.00", "1.01"),
    "another precision": CLAIM.replace("1.00", "1.0"),
    "another currency": CLAIM.replace("EUR", "USD"),
    "another order of an array": CLAIM.replace("[1,2]", "[2,1]"),
    "an element more": CLAIM.replace('"item"', '"use":"claim","item"'),
    "an inner id": CLAIM.replace('"currency"', '"id":"2","currency"'),
    "an inner text": CLAIM.replace('"currency"', '"text":"2","currency"'),
}
SAME = {
    "itself": CLAIM,
    "layout": CLAIM.replace(",", " ,\n\t").replace(":", " : "),
    "order of keys": (
        '{"item":[1,2],"total":{"currency":"EUR","value":1.00},"id":"1","resourceType":"Claim"}'
    ),
    "another id": CLAIM.replace('"id":"1"', '"id":"2"'),
    "no id": CLAIM.replace('"id":"1",', ""),
    "meta": CLAIM.replace('"id":"1"', '"meta":{"tag":[]}'),
    "text": CLAIM.replace('"id":"1"', '"text":{"status":"generated"}'),
    "lastModified": CLAIM.replace('"id":"1"', '"lastModified":"2026-03-02"'),
    "an escape": CLAIM.replace("EUR", "\\u0045UR"),
}


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_other_content_has_another_fingerprint(text):
    assert fingerprint(text) != fingerprint(CLAIM)


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_the_same_content_has_the_same_fingerprint(text):
    assert fingerprint(text) == fingerprint(CLAIM)


def test_a_rewritten_resource_keeps_the_fingerprint_of_what_was_sent():
    original = sent()
    other = json_text.parsed(OTHER["another digit"])

    rewritten = replace(original, document=other, sent=original.document)

    assert rewritten.fingerprint(HASHER) == original.fingerprint(HASHER)
    assert replace(rewritten, sent=None).fingerprint(HASHER) != original.fingerprint(HASHER)


def keys(received=None, kind=("Task", "poll"), identifiers=(NUMBER,)):
    return keys_of(received or sent(), kind, identifiers, HASHER)


def test_without_identifier_and_header_there_is_no_key():
    assert keys(identifiers=()).all == ()


@pytest.mark.parametrize(
    "other",
    [
        keys(kind=("Task", "cancel")),
        keys(identifiers=(NUMBER, Identifier("s", "w"))),
        keys(identifiers=(Identifier(None, "v"),)),
        keys(sent(OTHER["another digit"])),
    ],
    ids=["kind", "identifiers", "system", "content"],
)
def test_another_request_has_another_key(other):
    assert set(other.all).isdisjoint(keys().all)


def test_the_same_request_has_the_same_key_in_whatever_order():
    both = (NUMBER, Identifier("s", "w"))

    assert keys(identifiers=both) == keys(sent(SAME["layout"]), identifiers=both[::-1])
    assert len(keys(identifiers=both).all) == 1


def test_headers_are_keys_of_their_own():
    received = sent(idempotency_key="K", if_none_exist="identifier=s|v")

    assert len(keys(received).all) == 3
    assert len(keys(received, identifiers=()).all) == 2
    assert set(keys(sent(idempotency_key="K")).all) < set(keys(received).all)


class Shelf:
    """Replay keys in memory, with the contract of the rows."""

    def __init__(self):
        self.kept = {}
        self.conditions = set()

    def find(self, key):
        return self.kept.get(key)

    def keep(self, key, content, type, id, lasts, *, is_condition):
        self.conditions |= {key} if is_condition else set()
        assert lasts == KEPT_FOR == timedelta(days=400)
        return self.kept.setdefault(key, Kept(type, id, content)) == Kept(type, id, content)

    def forget(self, key):
        self.kept.pop(key, None)


def test_an_idempotency_key_of_other_content_is_unacceptable():
    shelf = Shelf()
    keys(sent(idempotency_key="K"), identifiers=()).take(shelf, "Task", "1")

    same = keys(sent(SAME["layout"], idempotency_key="K"), identifiers=())
    other = keys(sent(OTHER["another digit"], idempotency_key="K"), identifiers=())

    assert same.found(shelf).resource_id == "1"
    with pytest.raises(Unacceptable) as refused:
        other.found(shelf)
    assert [issue.error for issue in refused.value.issues] == [ErrorCode.IDEMPOTENCY]


def test_if_none_exist_is_found_whatever_the_content():
    shelf = Shelf()
    keys(sent(if_none_exist="identifier=s|v"), identifiers=()).take(shelf, "Claim", "1")

    other = keys(sent(OTHER["another digit"], if_none_exist="identifier=s|v"), identifiers=())

    assert other.found(shelf).resource_id == "1"
    assert shelf.conditions == set(other.by_header)
    assert keys(sent(if_none_exist="identifier=s|w")).found(shelf) is None


def test_a_key_is_taken_once_and_given_back_once():
    shelf, mine = Shelf(), keys()

    assert mine.found(shelf) is None
    assert mine.take(shelf, "Task", "1") is True
    assert mine.take(shelf, "Task", "2") is False
    mine.let_go(shelf)
    assert mine.take(shelf, "Task", "2") is True


def test_no_key_is_always_taken_and_never_found():
    assert Keys("fingerprint").take(Shelf(), "Task", "1") is True
    assert Keys("fingerprint").found(Shelf()) is None
