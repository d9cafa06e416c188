"""`eclaims keys`, and the keys of clients: `submitter add`, `submitter keys`, `payer client`."""

import json

import pytest

from tests.cli.test_parties import added, client_behind
from tests.security.keyed import a_set, ec, public


@pytest.fixture
def jwks(tmp_path):
    """A file with a public key."""
    file = tmp_path / "public.jwks.json"
    file.write_text(a_set(public(ec(), "first")))
    return file


# --- what is refused


@pytest.mark.parametrize(
    ("options", "told", "code"),
    [
        (["--jwks", "nowhere.json"], "cannot be read", 1),
        (["--jwks-url", "http://a.test/jwks.json"], "is no https URL", 1),
        (["--jwks-url", "https://user@a.test/jwks.json"], "is no https URL", 1),
        (["--jwks-url", "https://[a/jwks.json"], "is no https URL", 1),
        (["--jwks-url", "https://a.test:8443/jwks.json"], "of port 443", 1),
        (["--jwks-url", "https://m\u00fcnchen.test/jwks.json"], "with xn--", 1),
        (["--jwks-url", "https://127.0.0.1/jwks.json"], "not on the public internet", 1),
        (["--jwks-url", "https://[::1]/jwks.json"], "not on the public internet", 1),
        (["--jwks-url", "https://a.test/j", "--jwks", "x"], "one of --jwks and", 2),
    ],
)
def test_keys_that_cannot_be_used_register_nobody(on_sqlite, options, told, code):
    result = on_sqlite("submitter", "add", "A", "--identifier", "sid|1", *options)

    assert (result.exit_code, told in result.stderr) == (code, True)
    assert on_sqlite.json("submitter", "list") == []


def test_a_private_key_is_refused_and_not_shown(on_sqlite, tmp_path):
    file = tmp_path / "private.json"
    private = ec().as_dict(private=True)
    file.write_text(json.dumps({"keys": [private | {"kid": "first"}]}))

    result = on_sqlite("submitter", "add", "A", "--identifier", "sid|1", "--jwks", file)

    assert result.exit_code == 1
    assert "replace that key, it is no secret" in result.stderr
    assert private["d"] not in result.output


def test_a_payer_client_by_keys_needs_them(on_sqlite, jwks):
    assert on_sqlite("payer", "client", "Core").exit_code == 2
    assert on_sqlite.json("payer", "client", "Core", "--jwks", jwks).keys() == {"client_id"}
    assert on_sqlite("payer", "client", "Core", "--jwks", jwks).exit_code == 1
    [listed] = on_sqlite.json("submitter", "list")
    assert (listed["kind"], listed["scopes"]) == ("payer-client", [])


def test_an_auditor_with_keys_is_registered_as_one(on_sqlite, jwks):
    scope = "system/AuditEvent.rs"

    on_sqlite.json("payer", "client", "Auditor", "--jwks", jwks, "--scope", scope)

    assert on_sqlite.json("submitter", "list")[0]["scopes"] == [scope]


def test_a_signing_key_that_is_not_there_is_not_retired(on_sqlite):
    result = on_sqlite("keys", "retire", "nobody's")

    assert result.exit_code == 1
    assert "There is no signing key" in result.stderr


# --- what is done


def test_a_client_with_keys_gets_a_token_only_where_it_is_asked_for(on_sqlite, jwks):
    without = added(on_sqlite, "A", "--jwks", str(jwks))
    beside = added(on_sqlite, "B", "--jwks", str(jwks), "--token")

    assert "token" not in without
    assert client_behind(on_sqlite.instance, beside["token"]).name == "B"
    assert "token" not in on_sqlite("submitter", "keys", "A").output


def test_keys_are_set_shown_and_taken_away(installed, jwks):
    told = added(installed)
    named = {"client_id": told["client_id"], "name": "Happy Valley"}
    url = "https://happy-valley.test/jwks.json"

    def keys(*options):
        return installed.json("submitter", "keys", "Happy Valley", *options)

    assert keys() == {**named, "jwks_url": None, "kids": []}
    assert keys("--jwks", jwks, "--keep-token") == {**named, "jwks_url": None, "kids": ["first"]}
    assert client_behind(installed.instance, told["token"]) is not None
    assert keys("--jwks-url", url) == {**named, "jwks_url": url, "kids": []}
    assert client_behind(installed.instance, told["token"]) is None
    assert keys("--none") == {**named, "jwks_url": None, "kids": []}
    again = installed.json("submitter", "rotate", "Happy Valley")
    assert client_behind(installed.instance, again["token"]) is not None


def test_signing_keys_are_listed_rotated_and_retired(installed):
    assert installed.json("keys", "list") == []
    first = installed.json("keys", "rotate")
    second = installed.json("keys", "rotate")

    states = {one["kid"]: one["state"] for one in installed.json("keys", "list")}
    assert states == {second["kid"]: "signs", first["kid"]: "believed"}
    assert installed.json("keys", "retire", second["kid"])["state"] == "ended"
    states = [one["state"] for one in installed.json("keys", "list")]
    assert states == ["signs", "ended", "believed"]
    assert "signs" in installed("keys", "list", COLUMNS="200").output
