"""A client with keys of its own, as it speaks with the token endpoint; each part can be wrong."""

import hmac
import json
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from flask.testing import FlaskClient
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from app.domain.parties import Client, ClientKind, Payer
from app.domain.references import Identifier
from app.gateway.administering.administration import Administration
from app.gateway.installation import Installation
from app.gateway.trust.client_keys import KeysOf
from tests.wire import Reply, Wire

TOKEN_URL = "http://gateway.test/auth/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KID = "key-1"
_ASYMMETRIC = {"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS384"}
SCOPE = "system/Claim.crus system/Task.cr"


def ec(curve: str = "P-384", nth: int = 0) -> ECKey:
    """A key pair on a curve; the same for the same number."""
    return _ec(curve, nth)


def rsa() -> RSAKey:
    """A pair of RSA keys, always the same."""
    return _rsa()


@cache
def _ec(curve: str, _nth: int) -> ECKey:
    return ECKey.generate_key(curve)


@cache
def _rsa() -> RSAKey:
    return RSAKey.generate_key(2048)


def public(key: Any, kid: str = KID, **members: Any) -> dict[str, Any]:
    """The public part of a key, by a name."""
    return {**key.as_dict(private=False), "kid": kid, **members}


def a_set(*keys: dict[str, Any]) -> str:
    """A JSON Web Key Set."""
    return json.dumps({"keys": list(keys)})


def part(document: Any) -> str:
    """A part of a token: a document, or text as it is."""
    text = document if isinstance(document, str) else json.dumps(document)
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def signed(header: dict[str, Any], claims: Any, key: Any) -> str:
    """A token with whatever header and claims, signed as the header says; a secret is bytes."""
    alg, body = header.get("alg"), f"{part(header)}.{part(claims)}"
    if isinstance(key, bytes):
        made = hmac.digest(key, body.encode(), "sha256" if alg == "HS256" else "sha384")
    else:
        known = alg if isinstance(alg, str) and alg in _ASYMMETRIC else "ES384"
        made = JWSRegistry.algorithms[known].sign(body.encode(), key)
    return f"{body}.{urlsafe_b64encode(made).decode().rstrip('=')}"


@dataclass
class Keyed:
    """One client of an installation; its time is that of the installation's clock."""

    http: FlaskClient
    installation: Installation
    client: Client
    key: Any = field(default_factory=ec)
    alg: str = "ES384"

    @classmethod
    def register(
        cls,
        http: FlaskClient,
        installation: Installation,
        payer: Payer,
        name: str = "Keyed",
        *,
        key: Any = None,
        alg: str = "ES384",
        jwks_url: str | None = None,
        kind: ClientKind = ClientKind.SUBMITTER,
    ) -> "Keyed":
        """Register a submitter by a key."""
        own = key or ec()
        client = Client(
            installation.new_id(),
            payer,
            kind,
            name,
            (Identifier("sid", name),),
            acts_for_anybody=True,
        )
        keys = KeysOf(None if jwks_url else a_set(public(own)), jwks_url)
        Administration(installation).add_client(client, keys)
        return cls(http, installation, client, own, alg)

    @property
    def now(self) -> int:
        """The time in seconds."""
        return int(self.installation.clock().timestamp())

    def header(self, **changes: Any) -> dict[str, Any]:
        """The header of an assertion; None takes a member away."""
        return _changed({"alg": self.alg, "typ": "JWT", "kid": KID}, changes)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of an assertion; None takes one away."""
        claims = {
            "iss": self.client.id,
            "sub": self.client.id,
            "aud": TOKEN_URL,
            "exp": self.now + 240,
            "jti": uuid.uuid4().hex,
        }
        return _changed(claims, changes)

    def assertion(
        self, header: dict[str, Any] | None = None, key: Any = None, **claims: Any
    ) -> str:
        """An assertion, right but for what is named."""
        return signed(self.header(**(header or {})), self.claims(**claims), key or self.key)

    def form(self, assertion: str | None = None, **changes: Any) -> dict[str, Any]:
        """The parameters, right but for what is named."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
            "scope": SCOPE,
        }
        return _changed(form, changes)

    def ask(self, assertion: str | None = None, **changes: Any) -> Any:
        """What the token endpoint answers."""
        return self.http.post("/auth/token", data=self.form(assertion, **changes))

    def token(self, **changes: Any) -> str:
        """An access token."""
        response = self.ask(**changes)
        assert response.status_code == 200, response.text
        token: str = response.json["access_token"]
        return token

    def wire(self, token: str | None = None, **headers: str) -> Wire:
        """The FHIR API as this client asks it, or with another token."""
        return Wire(self.http, self.token() if token is None else token, headers)

    def read(self, token: str | None = None, **headers: str) -> Reply:
        """A search, which tells whether a token is believed."""
        return self.wire(token, **headers).get("Claim")


def _changed(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (members | changes).items() if value is not None}
