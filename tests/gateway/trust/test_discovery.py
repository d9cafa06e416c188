"""What a client reads before it asks for a token."""

from dataclasses import replace

import pytest

from app import create_app
from app.domain.permissions import Permissions
from app.gateway.surface import TYPES
from app.gateway.trust.signing_keys import SigningKeys

CONFIGURATION = "/fhir/r4/.well-known/smart-configuration"

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_it_is_told_without_a_credential_where_and_how_to_ask(http):
    response = http.get(CONFIGURATION)
    told = response.json
    scopes = told.pop("scopes_supported")

    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert told == {
        "issuer": "http://gateway.test",
        "jwks_uri": "http://gateway.test/.well-known/jwks.json",
        "token_endpoint": "http://gateway.test/auth/token",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }
    assert {one.partition("/")[2].partition(".")[0] for one in scopes} == set(TYPES)
    assert "system/Claim.crus" in scopes
    assert Permissions.parse(" ".join(scopes)).types == TYPES


def test_it_is_told_that_tokens_are_bound_where_they_are(installation):
    terms = replace(installation.terms, certificate_header="ClientCert")
    http = create_app(replace(installation, terms=terms)).test_client()

    assert http.get(CONFIGURATION).json["tls_client_certificate_bound_access_tokens"] is True


def test_our_keys_are_published_without_their_private_part(http, installation):
    (key,) = http.get("/.well-known/jwks.json").json["keys"]

    assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (key["kid"], key["crv"]) == (SigningKeys(installation).current().kid, "P-384")


def test_the_statement_of_what_there_is_names_the_token_endpoint(http):
    security = http.get("/fhir/r4/metadata").json["rest"][0]["security"]

    assert security["extension"][0]["extension"] == [
        {"url": "token", "valueUri": "http://gateway.test/auth/token"}
    ]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"


def test_it_is_no_entry_of_a_bundle(wire):
    entry = {"request": {"method": "GET", "url": ".well-known/smart-configuration"}}
    reply = wire.post("", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})

    (answer,) = reply.document["entry"]
    assert answer["response"]["status"] == "400"
    assert wire.http.get(CONFIGURATION).status_code == 200
