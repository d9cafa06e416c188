"""The codec between a resource's text and the bytes in its row."""

import json
from dataclasses import replace

import pytest

from app.store.bodies import (
    COMPRESSED,
    PLAIN,
    Damaged,
    Seal,
    compressed,
    decoded,
    encoded,
    place,
)


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="unknown body format 7"):
        decoded(7, None, b"{}")


def test_a_key_that_this_version_cannot_use_is_refused():
    with pytest.raises(ValueError, match="unknown body format"):
        decoded(PLAIN, "key-1", b"{}")


def test_a_plain_text_is_read():
    assert decoded(PLAIN, None, b"{}") == "{}"


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", compressed("{}").content[:-1], compressed("{}").content[::-1]],
    ids=["nothing", "plain", "cut", "turned"],
)
def test_bytes_that_nobody_compressed_are_told_and_not_quoted(content):
    with pytest.raises(Damaged, match=r"^the bytes are not what was written$") as told:
        decoded(COMPRESSED, None, content)

    assert told.value.__cause__ is None
    assert decoded(COMPRESSED, None, compressed("{}").content) == "{}"


def test_bytes_that_are_no_text_are_told_and_not_quoted():
    with pytest.raises(Damaged, match=r"^the bytes are not what was written$"):
        decoded(PLAIN, None, b"\xff\xfe")


def test_a_compressed_text_comes_back_and_is_shorter():
    text = '{"name":"Zoë 🦷"}' * 50
    body = compressed(text)

    assert decoded(body.format, body.key_id, body.content) == text
    assert len(body.content) < len(text) / 10


@pytest.mark.parametrize("text", ["{}", '{"a":100.00}', '{"name":"Zoë 🦷"}', " {\n}\n"])
def test_a_text_comes_back_as_it_was(text):
    body = encoded(text)

    assert decoded(body.format, body.key_id, body.content) == text


# --- encrypted


HERE = place("p", "Claim", "1", 1)
SEAL = Seal("key-1", b"s" * 32, HERE)


@pytest.mark.parametrize(
    "seal",
    [
        pytest.param(replace(SEAL, place=place("q", "Claim", "1", 1)), id="of another payer"),
        pytest.param(replace(SEAL, place=place("p", "Claim", "2", 1)), id="of another resource"),
        pytest.param(replace(SEAL, place=place("p", "Claim", "1", 2)), id="of another version"),
        pytest.param(replace(SEAL, secret=b"t" * 32), id="under another key"),
    ],
)
def test_what_was_encrypted_for_one_place_is_read_in_no_other(seal):
    body = encoded('{"a": 1.10}', SEAL)

    with pytest.raises(Damaged):
        decoded(body.format, body.key_id, body.content, seal)
    assert decoded(body.format, body.key_id, body.content, SEAL) == '{"a": 1.10}'


@pytest.mark.parametrize("at", [0, 12, -1])
def test_a_changed_byte_of_what_is_encrypted_is_noticed(at):
    body = encoded("{}", SEAL)
    changed = bytearray(body.content)
    changed[at] ^= 1

    with pytest.raises(Damaged):
        decoded(body.format, body.key_id, bytes(changed), SEAL)


@pytest.mark.parametrize("seal", [None, replace(SEAL, key_id="key-2")])
def test_without_its_key_nothing_is_guessed(seal):
    body = encoded("{}", SEAL)

    with pytest.raises(ValueError, match="a key that is not here"):
        decoded(body.format, body.key_id, body.content, seal)


def test_the_same_text_is_never_encrypted_to_the_same_bytes():
    bodies = {encoded("{}", SEAL).content for _ in range(100)}

    assert len(bodies) == 100
    assert len({content[:12] for content in bodies}) == 100


def test_text_is_compressed_before_it_is_encrypted():
    text = json.dumps([{"code": "1", "price": "10.00"}] * 100)

    for body in (encoded(text, SEAL), compressed(text, SEAL)):
        assert len(body.content) < len(text) / 10
        assert decoded(body.format, body.key_id, body.content, SEAL) == text
