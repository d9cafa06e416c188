"""The one codec between resource text and the bytes in a row.

`body_format` says how the bytes are made and `key_id` with which key, so that a later format
(compressed, then encrypted) changes this file alone.
"""

from dataclasses import dataclass

PLAIN = 0


@dataclass(frozen=True, slots=True)
class Body:
    """Resource text as it lies in a row."""

    format: int
    key_id: str | None
    content: bytes


def encoded(text: str) -> Body:
    """The row's form of a resource text."""
    return Body(PLAIN, None, text.encode())


def decoded(body_format: int, key_id: str | None, content: bytes) -> str:
    """The text behind a row; raises ValueError for a format this version does not know."""
    if body_format != PLAIN or key_id is not None:
        raise ValueError(f"unknown body format {body_format}")
    return content.decode()
