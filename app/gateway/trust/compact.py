"""A signed token: read strictly first, and believed only once a key of ours fits its signature.

https://www.rfc-editor.org/rfc/rfc7515#section-3.1, https://www.rfc-editor.org/rfc/rfc8725
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from app.gateway.trust import strict_json
from app.gateway.trust.key_sets import PublicKey
from app.gateway.trust.refusals import NotBelieved, require

MOST_BYTES = 8 * 1024
# Clocks of two machines may differ by as much.
SKEW_SECONDS = 30
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_PLAIN = re.compile(r"[\x21-\x7e]{1,256}", re.ASCII)
# A key that comes with the token proves nothing.
_KEYS_WITHIN = ("jwk", "x5c", "x5u", "x5t", "x5t#S256")


@dataclass(frozen=True, slots=True)
class Compact:
    """A token as it was sent, and what it says of itself; nothing of it is proven yet."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def algorithm(self) -> str:
        """How it says it is signed."""
        return plain(self.header.get("alg"), "alg")

    @property
    def kid(self) -> str:
        """Which key it says it is signed with."""
        return plain(self.header.get("kid"), "kid")


def read(text: str) -> Compact:
    """Read a token; raises NotBelieved where it is too large, or not of the exact form."""
    require(len(text) <= MOST_BYTES, "size")
    require(_SHAPE.fullmatch(text) is not None, "form")
    header, claims, _ = text.split(".")
    compact = Compact(text, _part(header), _part(claims))
    require("crit" not in compact.header, "crit")
    require("b64" not in compact.header, "b64")
    for name in _KEYS_WITHIN:
        require(name not in compact.header, name)
    return compact


def require_signed(compact: Compact, key: PublicKey) -> None:
    """Pass where the signature is that of a key, by an algorithm of that key.

    Raises NotBelieved.
    """
    algorithm = compact.algorithm
    # The key says how it is used: a public key is never taken for a secret.
    require(algorithm in key.algorithms, "alg")
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = MOST_BYTES
    try:
        jws.deserialize_compact(compact.text, key.imported(), registry=registry)
    except (JoseError, ValueError):
        raise NotBelieved("signature") from None


def plain(value: Any, reason: str) -> str:
    """A name of visible ASCII characters; raises NotBelieved for anything else."""
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    raise NotBelieved(reason)


def seconds(claims: Mapping[str, Any], name: str) -> int:
    """An instant in whole seconds; raises NotBelieved for every other way to spell a number."""
    value = claims.get(name)
    # True is an int of Python's.
    if type(value) is int and value >= 0:
        return value
    raise NotBelieved(name)


def require_begun(claims: Mapping[str, Any], now: float) -> None:
    """Pass where it was not issued, and does not begin, in the future; raises NotBelieved."""
    for name in ("iat", "nbf"):
        if name in claims:
            require(seconds(claims, name) <= now + SKEW_SECONDS, name)


def _part(text: str) -> dict[str, Any]:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return strict_json.document(raw)
    except ValueError:
        raise NotBelieved("form") from None
