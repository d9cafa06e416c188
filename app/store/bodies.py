"""The one codec between text and the bytes in a row.

`body_format` says how the bytes are made and `key_id` with which key, so that a later format
(encrypted) changes this file alone.
"""

import zlib
from dataclasses import dataclass

PLAIN = 0
COMPRESSED = 1


class Damaged(ValueError):
    """The bytes are not what was written."""


@dataclass(frozen=True, slots=True)
class Body:
    """Text as it lies in a row."""

    format: int
    key_id: str | None
    content: bytes


def encoded(text: str) -> Body:
    """The row's form of a resource text."""
    return Body(PLAIN, None, text.encode())


def compressed(text: str) -> Body:
    """The row's form of a text that is seldom read."""
    return Body(COMPRESSED, None, zlib.compress(text.encode()))


def decoded(body_format: int, key_id: str | None, content: bytes) -> str:
    """The text behind a row.

    Raises ValueError for a format this version does not know, Damaged for bytes nobody wrote.
    """
    if body_format not in {PLAIN, COMPRESSED} or key_id is not None:
        raise ValueError(f"unknown body format {body_format}")
    if body_format == PLAIN:
        return content.decode()
    try:
        return zlib.decompress(content).decode()
    except (zlib.error, UnicodeDecodeError):
        raise Damaged("the bytes are not what was written") from None
