"""Tokens of an authorization server that the operator named, and of nobody else."""

from dataclasses import replace

import pytest

from app import create_app
from app.gateway.trust.configured import configured
from app.gateway.trust.fetched_keys import NotFetched
from app.gateway.trust.terms import ExternalIssuer, Terms
from app.settings import Settings, WrongSettings
from tests.gateway.trust.sites import Site
from tests.security.keyed import Keyed, a_set, ec, public, rsa, signed

ISSUER = "https://login.test/realms/claims"
BASE = "http://gateway.test/fhir/r4"


def named(installation, registry, **terms):
    """A client whose tokens come from elsewhere."""
    keys = a_set(public(rsa(), "theirs"), public(ec("P-256"), "curve"))
    terms = {"external_issuer": ExternalIssuer(ISSUER, jwks=keys)} | terms
    behind = replace(installation, terms=Terms(**terms))
    issued = registry.submitter("Named")
    return Keyed(create_app(behind).test_client(), behind, issued.client)


def a_token(keyed, header=None, key=None, **changes):
    claims = {
        "iss": ISSUER,
        "sub": "service-account",
        "aud": ["account", BASE],
        "exp": keyed.now + 600,
        "azp": keyed.client.id,
        "scope": "openid system/Claim.rs profile",
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    head = {"alg": "RS256", "typ": "at+jwt", "kid": "theirs"} | (header or {})
    return signed(head, kept, key or rsa())


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": "https://login.test/realms/other"}, id="another issuer"),
        pytest.param({"aud": ["account"]}, id="for somebody else"),
        pytest.param({"aud": f"{BASE}/"}, id="for nearly us"),
        pytest.param({"azp": "nobody"}, id="client unknown"),
        pytest.param({"azp": None}, id="client not named"),
        pytest.param({"client_id": "nobody"}, id="client_id before azp"),
        pytest.param({"exp": 1}, id="over"),
        pytest.param({"scope": "openid profile"}, id="no scope of ours"),
        pytest.param({"scope": None}, id="no scope"),
        pytest.param({"header": {"typ": "JWT"}}, id="typ JWT"),
        pytest.param({"header": {"kid": "other"}}, id="kid"),
        pytest.param({"header": {"alg": "RS512"}}, id="RS512"),
        pytest.param({"header": {"jku": "https://login.test/"}}, id="jku"),
        pytest.param({"header": {"alg": "ES256", "kid": "curve"}, "key": ec("P-256", 1)}, id="key"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_token_that_is_not_right_is_nobodys(installation, registry, changes):
    keyed = named(installation, registry)

    assert keyed.read(a_token(keyed, **changes)).status == 401
    assert keyed.read(a_token(keyed)).status == 200


def test_a_token_names_the_client_by_client_id_or_azp(installation, registry):
    keyed = named(installation, registry)

    for changes in (
        {},
        {"azp": None, "client_id": keyed.client.id},
        {"aud": BASE},
        {"header": {"alg": "ES256", "kid": "curve"}, "key": ec("P-256")},
    ):
        assert keyed.read(a_token(keyed, **changes)).status == 200


def test_without_the_setting_nobody_else_is_believed(installation, registry):
    keyed = named(installation, registry)
    without = replace(keyed, http=create_app(installation).test_client())

    assert without.read(a_token(keyed)).status == 401
    assert keyed.read(a_token(keyed)).status == 200


def test_its_keys_are_looked_for_at_their_address(installation, registry, clock):
    site = Site(a_set(public(rsa(), "theirs")))
    issuer = ExternalIssuer(ISSUER, jwks_url="https://login.test/keys")
    keyed = named(installation, registry, external_issuer=issuer, fetch=site)

    assert [keyed.read(a_token(keyed)).status for _ in range(3)] == [200] * 3
    assert keyed.read(a_token(keyed, {"kid": "other"})).status == 401
    assert site.asked == ["https://login.test/keys"]
    clock.forward(seconds=60)
    assert keyed.read(a_token(keyed, {"kid": "other"})).status == 401
    assert len(site.asked) == 2


# --- the settings


def settings(folder, keys):
    return Settings(folder, "sqlite://", b"", token_issuer=ISSUER, token_issuer_jwks=keys)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, "/keys.json cannot be read"),
        ("{}", "is no JSON Web Key Set"),
        ('{"keys": []}', "holds no key"),
    ],
    ids=["no-file", "no-keys", "empty"],
)
def test_keys_that_cannot_be_used_stop_the_start(tmp_path, written, told):
    if written is not None:
        (tmp_path / "keys.json").write_text(written)

    with pytest.raises(WrongSettings, match=told):
        configured(settings(tmp_path, "keys.json"))


def test_keys_come_from_a_file_or_an_address(tmp_path):
    text = a_set(public(rsa(), "theirs"))
    (tmp_path / "keys.json").write_text(text)

    by_file = configured(settings(tmp_path, "keys.json")).external_issuer
    by_url = configured(settings(tmp_path, "https://login.test/keys")).external_issuer

    assert (by_file.jwks, by_file.jwks_url) == (text, None)
    assert (by_url.jwks, by_url.jwks_url) == (None, "https://login.test/keys")
    with pytest.raises(NotFetched):
        configured(settings(tmp_path, "https://login.test/keys")).fetch("https://login.test/keys")
