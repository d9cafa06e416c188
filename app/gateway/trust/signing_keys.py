"""The installation's own keys: made when one is first needed, rotated and retired by an operator.

The private part lies sealed in the database, under a key that only the settings tell
(docs/adr/0021-own-signing-keys.md).
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from secrets import token_bytes
from typing import Any, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc.jwk import ECKey

from app.gateway.installation import Installation
from app.store.database.walls import EVERYBODY
from app.store.trust import signing_keys as rows
from app.store.trust.signing_keys import SigningKey

T = TypeVar("T")

ALGORITHM = "ES384"
_CURVE = "P-384"
TOKEN_LIFE = timedelta(seconds=300)
# What was signed last with the one before is believed to its end, and as long again.
OVERLAP = 2 * TOKEN_LIFE
_NONCE_BYTES = 12


class UnknownKey(Exception):
    """There is no signing key of this name."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs, by its name."""

    kid: str
    key: ECKey


class SigningKeys:
    """The keys of an installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._secret = installation.hasher.key_for("signing keys")

    def current(self) -> Signer:
        """The one to sign with; made where there is none."""
        found = self._read(rows.newest)
        if found is None or found.sealed is None:
            found = self._next(found)
        return Signer(found.kid, _unsealed(found.sealed or "", found.kid, self._secret))

    def listed(self) -> list[SigningKey]:
        """All that there ever were, the newest first."""
        return self._read(rows.every)

    def published(self) -> dict[str, Any]:
        """Those by which a token of ours may still be signed, as a JSON Web Key Set."""
        self.current()
        now = self._installation.clock()
        return {"keys": [json.loads(one.public) for one in self.listed() if believed(one, now)]}

    def rotate(self) -> SigningKey:
        """A new one signs from now on; the one before is believed for two lives of a token."""
        return self._next(self._read(rows.newest), is_asked_for=True)

    def retire(self, kid: str) -> None:
        """Believe nothing of a key's from now on; where it signs, a new one does.

        Raises UnknownKey.
        """
        newest = self._read(rows.newest)
        if newest is not None and newest.kid == kid and newest.sealed is not None:
            self._next(newest, is_asked_for=True)
        now = self._installation.clock()
        if not self._write(lambda connection: rows.end(connection, kid, now)):
            raise UnknownKey(kid)

    def _next(self, before: SigningKey | None, *, is_asked_for: bool = False) -> SigningKey:
        """The key that comes after one: made here, or by whoever was faster."""
        now = self._installation.clock()
        number = 1 if before is None else before.number + 1
        made = _made(number, now, self._secret)

        def effect(connection: Any) -> SigningKey:
            if rows.add(connection, made):
                rows.end_before(connection, number, now + OVERLAP)
            newest = rows.newest(connection)
            return made if newest is None else newest

        found = self._write(effect)
        # Between the two looks it may have been retired already.
        return found if found.sealed is not None or is_asked_for else self._next(found)

    def _read(self, query: Callable[[Any], T]) -> T:
        return self._installation.store.read(query, EVERYBODY)

    def _write(self, effect: Callable[[Any], T]) -> T:
        return self._installation.store.write(effect, EVERYBODY)


def believed(key: SigningKey, now: datetime) -> bool:
    """Whether what a key signed may be believed."""
    return key.ends_at is None or now < key.ends_at


def _made(number: int, now: datetime, secret: bytes) -> SigningKey:
    key = ECKey.generate_key(_CURVE)
    kid = key.thumbprint()
    named = {"kid": kid, "use": "sig", "alg": ALGORITHM}
    public = json.dumps({**key.as_dict(private=False), **named})
    nonce = token_bytes(_NONCE_BYTES)
    private = json.dumps(key.as_dict(private=True)).encode()
    sealed = nonce + AESGCM(secret).encrypt(nonce, private, kid.encode())
    return SigningKey(number, kid, public, b64encode(sealed).decode(), now)


# To open and read it takes as long as to sign with it.
@lru_cache(maxsize=8)
def _unsealed(sealed: str, kid: str, secret: bytes) -> ECKey:
    raw = b64decode(sealed)
    opened = AESGCM(secret).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], kid.encode())
    return ECKey.import_key(json.loads(opened))
