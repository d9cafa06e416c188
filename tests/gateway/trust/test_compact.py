"""Tokens of strangers: whatever they write, it is read or not believed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.gateway.trust import compact, strict_json
from app.gateway.trust.compact import plain, require_begun, seconds
from app.gateway.trust.key_sets import OF_ISSUERS, key_set
from app.gateway.trust.refusals import NotBelieved
from tests.security.keyed import a_set, ec, part, public, signed

NOW = 1_800_000_000
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(["alg", "kid", "typ", "exp", "iat", "nbf", "iss", "x"])
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=6)


def told(text):
    """What a token says of itself, each as its own reader has it; None where it is not believed."""
    try:
        found = compact.read(text)
        exp = seconds(found.claims, "exp")
        require_begun(found.claims, NOW)
        return found.algorithm, found.kid, exp, plain(found.claims.get("iss"), "iss")
    except NotBelieved:
        return None


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[\w-]{0,9}\.[\w-]{0,9}\.[\w-]{0,9}", fullmatch=True))
def test_any_text_is_read_or_not_believed(text):
    assert told(text) is None


@settings(max_examples=150, deadline=None)
@given(OBJECTS, OBJECTS)
def test_any_header_and_claims_are_read_or_not_believed(header, claims):
    found = told(f"{part(header)}.{part(claims)}.AAAA")

    if found is not None:
        assert found == (header["alg"], header["kid"], claims["exp"], claims["iss"])
        assert type(found[2]) is int


def test_what_is_right_is_read():
    header, claims = {"alg": "ES384", "kid": "k"}, {"exp": NOW + 60, "iat": NOW, "iss": "me"}
    token = signed(header, claims, ec())

    assert told(token) == ("ES384", "k", NOW + 60, "me")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "1",
        '"a"',
        "{",
        '{"a": 1, "a": 1}',
        '{"a": {"b": 1, "b": 2}}',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": "\\udc00"}',
        '{"\\ud800": 1}',
        '{"a": 1} {}',
        '\ufeff{"a": 1}',
        '{"a": ' + "9" * 5000 + "}",
        "[" * 100_000,
    ],
    ids=range(15),
)
def test_what_two_readers_could_read_differently_is_refused(text):
    with pytest.raises(strict_json.NotStrict):
        strict_json.document(text)

    assert strict_json.document('{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


def test_only_a_key_of_the_right_kind_verifies():
    token = compact.read(signed({"alg": "ES384", "kid": "k"}, {"a": 1}, ec()))
    keys = a_set(public(ec("P-256"), "p"), public(ec(), "k"), public(ec(nth=1), "o"))
    by_name = {one.kid: one for one in key_set(keys, OF_ISSUERS).keys}

    for wrong in ("p", "o"):
        with pytest.raises(NotBelieved):
            compact.require_signed(token, by_name[wrong])
    compact.require_signed(token, by_name["k"])
