"""The codec between a resource's text and the bytes in its row."""

import pytest

from app.store.bodies import COMPRESSED, PLAIN, Damaged, compressed, decoded, encoded


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


def test_a_compressed_text_comes_back_and_is_shorter():
    text = '{"name":"Zoë 🦷"}' * 50
    body = compressed(text)

    assert decoded(body.format, body.key_id, body.content) == text
    assert len(body.content) < len(text) / 10


@pytest.mark.parametrize("text", ["{}", '{"a":100.00}', '{"name":"Zoë 🦷"}', " {\n}\n"])
def test_a_text_comes_back_as_it_was(text):
    body = encoded(text)

    assert decoded(body.format, body.key_id, body.content) == text
