"""What a client has to know to ask for a token.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from typing import Any

from app.domain.parties import ClientKind
from app.gateway.installation import Installation
from app.gateway.surface import TYPES, Interaction, offered
from app.gateway.trust.addresses import issuer, keys_url, token_url
from app.gateway.trust.granting import GRANT
from app.gateway.trust.key_sets import OF_CLIENTS

_I = Interaction
_LETTERS = {
    "c": {_I.CREATE},
    "r": {_I.READ, _I.VREAD, _I.HISTORY},
    "u": {_I.UPDATE, _I.PATCH},
    "d": {_I.DELETE},
    "s": {_I.SEARCH, _I.HISTORY_OF_TYPE},
}


def smart_configuration(installation: Installation) -> dict[str, Any]:
    """The document at `.well-known/smart-configuration`."""
    document: dict[str, Any] = {
        "issuer": issuer(installation),
        "jwks_uri": keys_url(installation),
        "token_endpoint": token_url(installation),
        "grant_types_supported": [GRANT],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": sorted(OF_CLIENTS, reverse=True),
        "scopes_supported": scopes(),
        # The page wants it of every server, also of one without an authorization endpoint.
        "code_challenge_methods_supported": ["S256"],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }
    if installation.terms.binds_to_certificates:
        document["tls_client_certificate_bound_access_tokens"] = True
    return document


def scopes() -> list[str]:
    """For each type the widest scope that anybody can make use of."""
    found = []
    for type in sorted(TYPES):
        of_type = frozenset().union(*(offered(type, kind) for kind in ClientKind))
        letters = "".join(letter for letter, which in _LETTERS.items() if which & of_type)
        if letters:
            found.append(f"system/{type}.{letters}")
    return found
