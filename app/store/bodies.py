"""The one codec between text and the bytes in a row.

`body_format` says how the bytes are made and `key_id` with which key. What is encrypted is
compressed first (RFC 1951), then AES-256-GCM: a nonce of 12 bytes, the ciphertext and its tag, held
to the place of the row. Docs: docs/encryption.md.
"""

import os
import zlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PLAIN = 0
COMPRESSED = 1
ENCRYPTED = 2

_NONCE_BYTES = 12
# Resources are short and repeat themselves: a smaller window and fewer tables, which are cleared
# before each text, take a fifth of the time for the same size.
_LEVEL, _WINDOW, _MEMORY = 1, -14, 6


class Damaged(ValueError):
    """The bytes are not what was written."""


@dataclass(frozen=True, slots=True)
class Body:
    """Text as it lies in a row."""

    format: int
    key_id: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """With which key a text is encrypted, and the place that it is held to."""

    key_id: str
    secret: bytes
    place: bytes


def place(payer_id: str, kind: str, id: str, version: int | str) -> bytes:
    """Where a text lies: it is read nowhere else."""
    return "\x1f".join((payer_id, kind, id, str(version))).encode()


def encoded(text: str, seal: Seal | None = None) -> Body:
    """The row's form of a resource text; `seal` None: plain."""
    return Body(PLAIN, None, text.encode()) if seal is None else _encrypted(text, seal)


def compressed(text: str, seal: Seal | None = None) -> Body:
    """The row's form of a text that is seldom read."""
    if seal is None:
        return Body(COMPRESSED, None, zlib.compress(text.encode()))
    return _encrypted(text, seal)


def decoded(body_format: int, key_id: str | None, content: bytes, seal: Seal | None = None) -> str:
    """The text behind a row, whose key is that of `seal`.

    Raises ValueError for a format this version does not know or a key that is not here, Damaged for
    bytes nobody wrote there.
    """
    if body_format == ENCRYPTED and seal is not None and seal.key_id == key_id:
        return _decrypted(content, seal)
    if body_format not in {PLAIN, COMPRESSED} or key_id is not None:
        raise ValueError(f"unknown body format {body_format}, or a key that is not here")
    try:
        return (content if body_format == PLAIN else zlib.decompress(content)).decode()
    except (zlib.error, UnicodeDecodeError):
        raise Damaged("the bytes are not what was written") from None


def _encrypted(text: str, seal: Seal) -> Body:
    packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY)
    packed = packing.compress(text.encode()) + packing.flush()
    nonce = os.urandom(_NONCE_BYTES)
    content = nonce + AESGCM(seal.secret).encrypt(nonce, packed, seal.place)
    return Body(ENCRYPTED, seal.key_id, content)


def _decrypted(content: bytes, seal: Seal) -> str:
    nonce, sealed = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
    try:
        packed = AESGCM(seal.secret).decrypt(nonce, sealed, seal.place)
        return zlib.decompress(packed, -zlib.MAX_WBITS).decode()
    except (InvalidTag, ValueError, zlib.error):
        raise Damaged("the bytes are not what was written") from None
