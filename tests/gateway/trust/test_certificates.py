"""Tokens are bound to the certificate that the proxy tells of, and only the proxy is believed."""

from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256
from ipaddress import ip_network
from urllib.parse import quote

import pytest

from app import create_app
from app.gateway.trust.certificates import thumbprint
from app.gateway.trust.terms import Terms
from tests.security.keyed import Keyed

HEADER = "ClientCert"
TERMS = Terms(
    certificate_header=HEADER, trusted_proxies=(ip_network("127.0.0.1"), ip_network("10.1.0.0/16"))
)
FIRST, SECOND = b"first certificate", b"second certificate"


def sequence(der):
    """As RFC 9440 spells it."""
    return f":{b64encode(der).decode()}:"


def escaped(der):
    """As nginx does."""
    body = b64encode(der).decode()
    return quote(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")


def hashed(der):
    return urlsafe_b64encode(sha256(der).digest()).decode().rstrip("=")


@pytest.mark.parametrize("spelled", [sequence, escaped])
def test_a_certificate_is_read_as_proxies_write_it(spelled):
    assert thumbprint(TERMS, spelled(FIRST), "127.0.0.1") == hashed(FIRST)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "::",
        ":a:",
        ":!:",
        "x",
        "%ff",
        "-----BEGIN CERTIFICATE-----",
        f"{sequence(FIRST)}, x",
    ],
    ids=range(9),
)
def test_what_is_no_certificate_is_none(value):
    assert thumbprint(TERMS, value, "127.0.0.1") is None


@pytest.mark.parametrize("peer", [None, "", "10.2.0.1", "127.0.0.2", "::1", "proxy"])
def test_nobody_but_the_proxy_is_believed(peer):
    assert thumbprint(TERMS, sequence(FIRST), peer) is None


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.255.1", "::ffff:10.1.0.1"])
def test_the_proxies_are_believed(peer):
    assert thumbprint(TERMS, sequence(FIRST), peer) == hashed(FIRST)


def bound(installation, registry, **terms):
    """A client of an installation whose tokens are bound to certificates."""
    behind = replace(installation, terms=replace(TERMS, **terms))
    http = create_app(behind).test_client()
    return Keyed.register(http, behind, registry.payer)


def token_with(keyed, certificate, peer="127.0.0.1"):
    """A token that is asked for with a certificate, by way of a peer."""
    response = keyed.http.post(
        "/auth/token",
        data=keyed.form(),
        headers={HEADER: sequence(certificate)},
        environ_base={"REMOTE_ADDR": peer},
    )
    assert response.status_code == 200
    return response.json["access_token"]


def test_a_bound_token_counts_with_its_certificate_alone(installation, registry):
    keyed = bound(installation, registry)
    token = token_with(keyed, FIRST)

    assert keyed.read(token).status == 401
    assert keyed.read(token, ClientCert=sequence(SECOND)).status == 401
    assert keyed.read(token, ClientCert=sequence(FIRST)).status == 200
    assert keyed.read(token, ClientCert=escaped(FIRST)).status == 200
    # What servers make of a name with a hyphen is not what is read.
    assert keyed.read(token, Client_Cert=sequence(FIRST)).status == 401


def test_a_token_without_a_certificate_is_bound_to_none(installation, registry):
    keyed = bound(installation, registry)
    told = token_with(keyed, FIRST, peer="192.0.2.1")

    # The second was told by somebody who is no proxy.
    for token in (keyed.token(), told):
        assert keyed.read(token).status == 200


def test_a_bound_token_is_not_believed_where_no_proxy_is_named_any_more(installation, registry):
    keyed = bound(installation, registry)
    token = token_with(keyed, FIRST)
    plain = replace(keyed, http=create_app(installation).test_client())

    assert plain.read(token, ClientCert=sequence(FIRST)).status == 401
    assert plain.read().status == 200
