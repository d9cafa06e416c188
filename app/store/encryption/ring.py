"""The keys that wrap others: which there are, and which one wraps what is new.

Written as JSON: `{"current": ID, "keys": [{"id", "secret", "created"}]}`, secrets in base64.
Docs: docs/encryption.md.
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.store.database.faults import Busy

_DAMAGED = "A key is not what was written, or another is here: see `eclaims encryption status`"
SECRET_BYTES = 32
NONCE_BYTES = 12


class WrongKeys(Busy):
    """What should be keys is none; the message says what is wrong and quotes nothing of it."""


class KeyUnknown(Busy):
    """The key that something is encrypted under is not here; the argument is its id."""


class KeyDamaged(ValueError):
    """A key is not what was written."""


@dataclass(frozen=True, slots=True)
class WrappingKey:
    """One key that wraps others."""

    id: str
    created_at: datetime
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ring:
    """All keys that wrap others, by id; `current` wraps what is new."""

    current: str
    keys: Mapping[str, WrappingKey]
    _ciphers: Mapping[str, AESGCM] = field(repr=False, compare=False)

    @classmethod
    def of(cls, current: str, *keys: WrappingKey) -> "Ring":
        """A ring of these keys."""
        by_id = {key.id: key for key in keys}
        return cls(current, by_id, {id: AESGCM(key.secret) for id, key in by_id.items()})

    def wrap(self, secret: bytes, about: bytes) -> bytes:
        """A secret under the current key; `about` is what it is for, and is not kept in it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._ciphers[self.current].encrypt(nonce, secret, about)

    def unwrap(self, wrapping_id: str, wrapped: bytes, about: bytes) -> bytes:
        """The secret that was wrapped; raises KeyUnknown, KeyDamaged."""
        cipher = self._ciphers.get(wrapping_id)
        if cipher is None:
            raise KeyUnknown(wrapping_id)
        try:
            return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise KeyDamaged(_DAMAGED) from None

    def with_new(self, key: WrappingKey) -> "Ring":
        """This ring, with a new key that is the current one."""
        return Ring.of(key.id, *self.keys.values(), key)

    def only(self) -> "Ring":
        """This ring without any key but the current one."""
        return Ring.of(self.current, self.keys[self.current])

    def written(self) -> str:
        """As it is kept in a file."""
        keys = [
            {
                "id": key.id,
                "created": key.created_at.isoformat(timespec="seconds"),
                "secret": base64.b64encode(key.secret).decode(),
            }
            for key in self.keys.values()
        ]
        return json.dumps({"current": self.current, "keys": keys}, indent=2) + "\n"


def new_key(now: datetime) -> WrappingKey:
    """A new key; its id tells the day, and is nobody else's."""
    return WrappingKey(f"{now:%Y-%m-%d}-{os.urandom(4).hex()}", now, os.urandom(SECRET_BYTES))


def read(text: str) -> Ring:
    """The ring behind a text; raises WrongKeys."""
    try:
        told = json.loads(text)
        ring = Ring.of(str(told["current"]), *(_key(one) for one in told["keys"]))
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise WrongKeys("is not the JSON of keys that `eclaims encryption on` writes") from None
    if ring.current not in ring.keys:
        raise WrongKeys("names a current key that it does not have")
    return ring


def _key(told: Mapping[str, Any]) -> WrappingKey:
    secret = base64.b64decode(told["secret"], validate=True)
    if len(secret) != SECRET_BYTES:
        raise ValueError("a key has 32 bytes")
    id, created_at = str(told["id"]), datetime.fromisoformat(told["created"])
    if not 0 < len(id) <= 64 or created_at.tzinfo is None:
        raise ValueError("a key has an id and an instant")
    return WrappingKey(id, created_at, secret)
