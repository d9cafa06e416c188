"""Public keys of others, as JSON Web Key Sets: read strictly, for whoever writes one is a stranger.

https://www.rfc-editor.org/rfc/rfc7517
"""

import json
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joserfc import jwk
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from app.gateway.trust import strict_json

MOST_BYTES = 64 * 1024
# Nobody rotates through more at once.
MOST_KEYS = 50
LEAST_RSA_BITS, MOST_RSA_BITS = 2048, 8192
MOST_EXPONENT_BITS = 32
# What SMART demands: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
OF_CLIENTS = frozenset({"RS384", "ES384"})
OF_ISSUERS = frozenset({"RS256", "RS384", "ES256", "ES384"})
_OF_KEYS = {
    ("RSA", None): frozenset({"RS256", "RS384"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
}
# A secret in a public place is known to others; "k" is that of a symmetric key.
_SECRET = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_MEMBERS = ("kty", "crv", "x", "y", "n", "e")


class NotUsable(Exception):
    """A set of keys cannot be used; the text says why, and nothing of what is in it."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key by its name; `text` is what of its JWK is mathematics."""

    kid: str
    algorithms: frozenset[str]
    text: str

    def imported(self) -> "RSAKey | ECKey":
        """As the library takes it."""
        return imported(self.text)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of a set that can verify something."""

    keys: tuple[PublicKey, ...]

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The one key of this name that verifies so; None where there is none, or not one alone."""
        found = [one for one in self.keys if one.kid == kid and algorithm in one.algorithms]
        return found[0] if len(found) == 1 else None


@lru_cache(maxsize=256)
def imported(text: str) -> "RSAKey | ECKey":
    """A public key of its JWK; raises ValueError, or the library's own error."""
    found = jwk.import_key(json.loads(text))
    if not isinstance(found, RSAKey | ECKey):
        raise ValueError("kty")  # noqa: TRY004  what it is about is a text
    return found


@lru_cache(maxsize=256)
def key_set(text: str, algorithms: frozenset[str] = OF_CLIENTS) -> KeySet:
    """The keys of a set that verify by one of these algorithms; raises NotUsable.

    Keys for something else are passed over. A secret, or a name that comes twice, spoils the set:
    its owner has to know.
    """
    found = _listed(text)
    if any(name in one for one in found for name in _SECRET) or any(
        one.get("kty") == "oct" for one in found
    ):
        raise NotUsable(
            "it holds a private or symmetric key: replace that key, it is no secret any more"
        )
    names = Counter((one.get("kid"), one.get("kty")) for one in found if one.get("kid"))
    if any(count > 1 for count in names.values()):
        raise NotUsable("a kid comes twice")
    usable = tuple(key for one in found if (key := _public(one, algorithms)) is not None)
    if not usable:
        told = " or ".join(sorted(algorithms))
        raise NotUsable(f"it holds no key with a kid that verifies {told}")
    return KeySet(usable)


def _listed(text: str) -> list[dict[str, Any]]:
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise NotUsable(f"it is larger than {MOST_BYTES // 1024} KiB")
    try:
        keys = strict_json.document(text).get("keys")
    except ValueError:
        raise NotUsable("it is no strict JSON object") from None
    if not isinstance(keys, list) or not all(isinstance(one, dict) for one in keys):
        raise NotUsable("it is no JSON Web Key Set: public keys stand in a list 'keys'")
    if len(keys) > MOST_KEYS:
        raise NotUsable(f"it holds more than {MOST_KEYS} keys")
    if not all(isinstance(one.get(name, ""), str) for one in keys for name in ("kid", "kty")):
        raise NotUsable("a kid or kty is no string")
    return keys


def _public(one: Mapping[str, Any], algorithms: frozenset[str]) -> PublicKey | None:
    """A key of a set; None where it is for something else, or too weak."""
    kid, curve = one.get("kid"), one.get("crv")
    kind = (one.get("kty"), curve if isinstance(curve, str) else None)
    fitting = _OF_KEYS.get(kind, frozenset()) & algorithms  # type: ignore[arg-type]
    if "alg" in one:
        fitting = frozenset(each for each in fitting if each == one["alg"])
    operations = one.get("key_ops", ["verify"])
    is_for_this = one.get("use", "sig") == "sig" and operations == ["verify"]
    if not kid or not fitting or not is_for_this:
        return None
    text = json.dumps({name: one[name] for name in _MEMBERS if name in one}, sort_keys=True)
    return PublicKey(kid, fitting, text) if _is_sound(one, text) else None


def _is_sound(one: Mapping[str, Any], text: str) -> bool:
    """Whether it is a key at all, and neither too weak nor so large that it is work."""
    try:
        if one["kty"] == "RSA" and not _is_of_size(one):
            return False
        imported(text)
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return True


def _is_of_size(one: Mapping[str, Any]) -> bool:
    """Whether modulus and exponent are such as people use; looked at before a library does."""
    modulus, exponent = (_number(one[name]) for name in ("n", "e"))
    is_odd = bool(modulus % 2 and exponent % 2)
    bits = modulus.bit_length()
    is_within = LEAST_RSA_BITS <= bits <= MOST_RSA_BITS
    return is_odd and is_within and 2 <= exponent.bit_length() <= MOST_EXPONENT_BITS


def _number(text: str) -> int:
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return int.from_bytes(raw, "big")
