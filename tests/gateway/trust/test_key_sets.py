"""Key sets that strangers write: what spoils a set, what is passed over, what is used."""

import json
from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from app.gateway.trust.key_sets import OF_ISSUERS, NotUsable, key_set
from tests.security.keyed import a_set, ec, public, rsa

GOOD = public(ec(), "good")


def rsa_of(bits):
    """A public RSA key of any size; the library of the tests warns of small ones."""
    numbers = generate_private_key(65537, bits).public_key().public_numbers()
    modulus = urlsafe_b64encode(numbers.n.to_bytes(bits // 8, "big")).decode().rstrip("=")
    return {"kty": "RSA", "kid": "good", "n": modulus, "e": "AQAB"}


def without(key, *names):
    return {name: value for name, value in key.items() if name not in names}


HOSTILE = {
    "nothing": "",
    "no JSON": "<html></html>",
    "no object": "[]",
    "no keys": "{}",
    "keys no list": '{"keys": {}}',
    "keys of text": '{"keys": ["a"]}',
    "an empty set": '{"keys": []}',
    "keys twice": f'{{"keys": [], "keys": [{json.dumps(GOOD)}]}}',
    "NaN": f'{{"keys": [{json.dumps(GOOD)}], "a": NaN}}',
    "deep": '{"keys":' + "[" * 5000 + "]" * 5000 + "}",
    "half a character": f'{{"keys": [{json.dumps(GOOD)}], "a": "\\ud800"}}',
    "too large": a_set(GOOD, {"kty": "RSA", "more": "x" * 65536}),
    "1,000 keys": a_set(GOOD, *({"kty": "EC", "kid": str(n)} for n in range(1000))),
    "a private EC key": a_set(GOOD, {**ec(nth=1).as_dict(private=True), "kid": "other"}),
    "a private RSA key": a_set(GOOD, {**rsa().as_dict(private=True), "kid": "other"}),
    "a symmetric key": a_set(GOOD, {"kty": "oct", "kid": "other", "k": "c2VjcmV0"}),
    "a symmetric key without its value": a_set(GOOD, {"kty": "oct", "kid": "other"}),
    "a kid twice": a_set(GOOD, public(ec(nth=1), "good")),
    "a kid that is a number": a_set(GOOD, public(ec(nth=1), "x") | {"kid": 1}),
}
USELESS = {
    "no kid": without(GOOD, "kid"),
    "for encryption": {**GOOD, "use": "enc"},
    "for other operations": {**GOOD, "key_ops": ["deriveKey"]},
    "of another algorithm": {**GOOD, "alg": "ES512"},
    "on P-256": public(ec("P-256"), "good"),
    "on P-521": public(ec("P-521"), "good"),
    "RSA of 1024 bits": rsa_of(1024),
    "RSA of 2040 bits": rsa_of(2040),
    "RSA of a huge modulus": {**public(rsa(), "good"), "n": "-" + "_" * 2000},
    "RSA with exponent 1": {**public(rsa(), "good"), "e": "AQ"},
    "RSA with an even exponent": {**public(rsa(), "good"), "e": "BA"},
    "RSA with a huge exponent": {**public(rsa(), "good"), "e": "_" * 100},
    "a point not on the curve": {**GOOD, "x": GOOD["y"]},
    "without a coordinate": without(GOOD, "y"),
    "a coordinate that is a number": {**GOOD, "x": 5},
    "a curve that is a list": {**GOOD, "crv": ["P-384"]},
    "of an unknown kind": {**GOOD, "kty": "XYZ"},
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_set_is_not_used_at_all(text):
    with pytest.raises(NotUsable) as refused:
        key_set(text)

    assert "c2VjcmV0" not in str(refused.value)
    assert len(key_set(a_set(GOOD)).keys) == 1


@pytest.mark.parametrize("key", USELESS.values(), ids=USELESS.keys())
def test_a_key_for_something_else_or_too_weak_is_passed_over(key):
    with pytest.raises(NotUsable):
        key_set(a_set(key))

    beside = key_set(a_set(public(ec(nth=1), "beside"), {**key, "kid": key.get("kid", "")}))
    assert [one.kid for one in beside.keys] == ["beside"]


def test_a_key_is_found_by_its_name_and_its_algorithm():
    found = key_set(a_set(GOOD, public(rsa(), "good"), public(ec(nth=1), "other")))

    assert found.find("good", "ES384").algorithms == {"ES384"}
    assert found.find("good", "RS384").algorithms == {"RS384"}
    assert found.find("other", "RS384") is None
    assert found.find("none", "ES384") is None


def test_a_key_that_names_its_use_and_algorithm_is_used_for_that():
    named = {**GOOD, "use": "sig", "alg": "ES384", "key_ops": ["verify"], "x5c": ["MIIB"]}

    assert key_set(a_set(named)).find("good", "ES384") is not None


def test_an_issuer_may_sign_by_more_algorithms_than_a_client():
    text = a_set(public(ec("P-256"), "p256"), public(rsa(), "rsa"))

    assert key_set(text, OF_ISSUERS).find("p256", "ES256") is not None
    assert key_set(text, OF_ISSUERS).find("rsa", "RS256") is not None
    assert key_set(text).find("rsa", "RS256") is None
