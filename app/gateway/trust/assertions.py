"""An assertion: a client proves who it is with a token that it signs itself, once.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.parties import Client
from app.gateway.installation import Installation
from app.gateway.trust import client_keys, compact
from app.gateway.trust.addresses import token_url
from app.gateway.trust.compact import SKEW_SECONDS, Compact, plain, seconds
from app.gateway.trust.key_sets import OF_CLIENTS
from app.gateway.trust.refusals import NotBelieved, require
from app.store.database.walls import EVERYBODY
from app.store.parties import Parties

LONGEST_SECONDS = 300
_LEAST_JTI, _MOST_JTI = 16, 256


@dataclass(frozen=True, slots=True)
class Proof:
    """Who a client proved to be; the proof counts once, until it lapses."""

    client: Client
    jti: str
    lapses_at: datetime


def proof(installation: Installation, text: str) -> Proof:
    """What an assertion proves, whether it was used before or not; raises NotBelieved."""
    assertion = compact.read(text)
    require(assertion.header.get("typ") == "JWT", "typ")
    algorithm, kid = assertion.algorithm, assertion.kid
    require(algorithm in OF_CLIENTS, "alg")
    name = plain(assertion.claims.get("iss"), "iss")
    require(assertion.claims.get("sub") == name, "sub")
    jti, exp = _claims(installation, assertion)
    client = _client(installation, name)
    row = client_keys.registered(installation, client)
    if row is None:
        raise NotBelieved("no keys")
    if "jku" in assertion.header:
        url = assertion.header["jku"]
        require(isinstance(url, str) and url == row.jwks_url, "jku")
    key = client_keys.find_key(installation, client, row, kid, algorithm)
    if key is None:
        raise NotBelieved("kid")
    compact.require_signed(assertion, key)
    return Proof(client, jti, datetime.fromtimestamp(exp, UTC) + timedelta(seconds=SKEW_SECONDS))


def _claims(installation: Installation, assertion: Compact) -> tuple[str, int]:
    """The jti and the end, once all claims but those of who it is have been found right."""
    claims, now = assertion.claims, installation.clock().timestamp()
    require(claims.get("aud") == token_url(installation), "aud")
    exp = seconds(claims, "exp")
    require(now - SKEW_SECONDS < exp <= now + LONGEST_SECONDS + SKEW_SECONDS, "exp")
    compact.require_begun(claims, now)
    return _jti(claims.get("jti")), exp


def _jti(value: Any) -> str:
    if isinstance(value, str) and _LEAST_JTI <= len(value) <= _MOST_JTI:
        return value
    raise NotBelieved("jti")


def _client(installation: Installation, name: str) -> Client:
    found = installation.store.glance(
        lambda connection: Parties(connection).find_named(name), EVERYBODY
    )
    if found is None:
        raise NotBelieved("client")
    return found.client
