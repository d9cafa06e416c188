"""Access tokens: what we sign for a client, and what of that, or of another issuer's, we believe.

https://www.rfc-editor.org/rfc/rfc9068
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from app.domain.parties import Client, ClientKind
from app.domain.permissions import Permissions
from app.gateway.installation import Installation
from app.gateway.trust import compact
from app.gateway.trust.addresses import issuer
from app.gateway.trust.compact import Compact, plain, seconds
from app.gateway.trust.key_sets import PublicKey
from app.gateway.trust.refusals import NotBelieved, require
from app.gateway.trust.signing_keys import ALGORITHM, TOKEN_LIFE, SigningKeys
from app.store.database.walls import EVERYBODY
from app.store.parties import Named, Parties

TYPE = "at+jwt"
# A certificate's hash: https://www.rfc-editor.org/rfc/rfc8705#section-3.1
_THUMBPRINT = "x5t#S256"


def issued(
    installation: Installation,
    client: Client,
    permissions: Permissions,
    thumbprint: str | None,
    jti: str,
) -> str:
    """A token for a client by an id of its own, bound to its certificate where it has one."""
    now = int(installation.clock().timestamp())
    claims = {
        "iss": issuer(installation),
        "sub": client.id,
        "aud": installation.base_url,
        "iat": now,
        "nbf": now,
        "exp": now + int(TOKEN_LIFE.total_seconds()),
        "jti": jti,
        "client_id": client.id,
        "scope": str(permissions),
    }
    if client.kind is ClientKind.SUBMITTER:
        claims["submitter"] = client.id
    if thumbprint is not None:
        claims["cnf"] = {_THUMBPRINT: thumbprint}
    signer = SigningKeys(installation).current()
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": signer.kid}
    return jws.serialize_compact(header, json.dumps(claims), signer.key, algorithms=[ALGORITHM])


def client_of(
    installation: Installation, text: str, thumbprint: str | None, *, is_bound: bool = True
) -> Client:
    """The client behind a token, with what the token lets it do; raises NotBelieved.

    `is_bound` False: whatever certificate it is bound to.
    """
    token = compact.read(text)
    require(token.header.get("typ") == TYPE, "typ")
    require("jku" not in token.header, "jku")
    now = installation.clock()
    own = issuer(installation)
    external = installation.terms.external_issuer
    if token.claims.get("iss") == own:
        client = _of_our_own(installation, token, now)
        permissions = _permissions(token.claims.get("scope"), "")
    elif external is not None and token.claims.get("iss") == external.issuer:
        client = _of_another(installation, token)
        permissions = _permissions(token.claims.get("scope"), "system/")
    else:
        raise NotBelieved("iss")
    require(now.timestamp() < seconds(token.claims, "exp"), "exp")
    compact.require_begun(token.claims, now.timestamp())
    if is_bound:
        _require_bound(token.claims, thumbprint)
    return replace(client, permissions=permissions.within(client.permissions))


def _of_our_own(installation: Installation, token: Compact, now: datetime) -> Client:
    require(token.algorithm == ALGORITHM, "alg")
    require(token.claims.get("aud") == installation.base_url, "aud")
    name = plain(token.claims.get("client_id"), "client")
    require(token.claims.get("sub") == name, "sub")
    found = _named(installation, name, token.kid)
    is_ended = found.ends_at is not None and found.ends_at <= now
    if found.public is None or is_ended:
        raise NotBelieved("kid")
    _require_signed(token.text, _our_key(token.kid, found.public))
    return found.client


def _of_another(installation: Installation, token: Compact) -> Client:
    external = installation.terms.external_issuer
    if external is None:
        raise NotBelieved("iss")
    aud = token.claims.get("aud")
    require(installation.base_url in (aud if isinstance(aud, list) else [aud]), "aud")
    fetch, clock = installation.terms.fetch, installation.clock
    key = external.find_key(token.kid, token.algorithm, fetch, clock)
    if key is None:
        raise NotBelieved("kid")
    _require_signed(token.text, key)
    name = token.claims.get("client_id", token.claims.get("azp"))
    return _named(installation, plain(name, "client"), "").client


def _named(installation: Installation, name: str, kid: str) -> Named:
    """The client as it is registered now: who was disabled is so from the next request on."""
    found = installation.store.glance(
        lambda connection: Parties(connection).find_named(name, kid), EVERYBODY
    )
    if found is None:
        raise NotBelieved("client")
    return found


def _our_key(kid: str, public: str) -> PublicKey:
    told = json.loads(public)
    text = json.dumps({name: told[name] for name in ("kty", "crv", "x", "y")})
    return PublicKey(kid, frozenset({ALGORITHM}), text)


# A client sends one token hundreds of times: that its signature is this key's does not change.
# When it ends, and who sends it, is asked each time; what is refused is not kept.
@lru_cache(maxsize=1024)
def _require_signed(text: str, key: PublicKey) -> None:
    try:
        compact.require_signed(compact.read(text), key)
    except JoseError:
        raise NotBelieved("signature") from None


def _permissions(scope: Any, prefix: str) -> Permissions:
    """What a token's scopes say; of another issuer's only those that are for a system."""
    if not isinstance(scope, str):
        raise NotBelieved("scope")
    ours = " ".join(one for one in scope.split(" ") if one.startswith(prefix))
    try:
        return Permissions.parse(ours)
    except ValueError:
        raise NotBelieved("scope") from None


def _require_bound(claims: Mapping[str, Any], thumbprint: str | None) -> None:
    """Pass where a token is bound to nothing, or to the certificate that came with the request."""
    if "cnf" not in claims:
        return
    bound = claims["cnf"]
    require(isinstance(bound, dict) and set(bound) == {_THUMBPRINT}, "cnf")
    expected = plain(bound[_THUMBPRINT], "cnf")
    require(hmac.compare_digest(expected.encode(), (thumbprint or "").encode()), "certificate")
