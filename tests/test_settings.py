"""The settings of an installation: what is refused and how it is told, then what is read."""

import json
import re
import tomllib
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from app import settings
from app.domain.rates import Limits, Rate

ROOT = Path(__file__).parent.parent
KEY = "ab" * 32


def read(folder, text="", key=KEY, **environment):
    """Settings read from a file of this text."""
    (folder / settings.FILE).write_text(f'index_key = "{key}"\n{text}\n')
    return settings.read(folder, environment)


# --- what is refused


def test_a_folder_without_settings_is_no_installation(tmp_path):
    with pytest.raises(settings.WrongSettings, match=r"no installation yet: run `eclaims init`"):
        settings.read(tmp_path, {})


def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path):
    (tmp_path / settings.FILE).write_text("index_key = \n")

    with pytest.raises(settings.WrongSettings, match=r"settings\.toml is not TOML: .*line 1"):
        settings.read(tmp_path, {})


def test_a_file_of_another_encoding_is_told(tmp_path):
    (tmp_path / settings.FILE).write_bytes(b'host = "\xff"\n')

    with pytest.raises(settings.WrongSettings, match=r"settings\.toml is not TOML"):
        settings.read(tmp_path, {})


def test_keys_of_encryption_stand_in_no_file(tmp_path):
    with pytest.raises(settings.WrongSettings, match="encryption_keys is a variable alone"):
        read(tmp_path, 'encryption_keys = "{}"')

    assert read(tmp_path, ECLAIMS_ENCRYPTION_KEYS="{}").encryption_keys == "{}"


def test_a_missing_index_key_is_told_with_the_next_step(tmp_path):
    (tmp_path / settings.FILE).write_text("port = 8081\n")

    with pytest.raises(settings.WrongSettings, match="index_key is missing: put it back"):
        settings.read(tmp_path, {})


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param('database = "mysql://here/db"', "database is neither sqlite", id="mysql"),
        pytest.param('database = "sqlite:///:memory:"', "database is neither", id="memory"),
        pytest.param('database = "sqlite://"', "database is neither", id="no-file"),
        pytest.param('database = "postgresql://h:x/d"', "database is neither", id="port-no-number"),
        pytest.param('database = "postgresql+asyncpg://h/d"', "database is neither", id="driver"),
        pytest.param('base_url = "claims.example.org"', "base_url is no http", id="no-scheme"),
        pytest.param('bearer_tokens = "maybe"', "bearer_tokens is neither", id="maybe"),
        pytest.param('token_issuer = "a"', "needs token_issuer_jwks beside", id="no-keys"),
        pytest.param('token_issuer_jwks = "a"', "needs token_issuer beside", id="no-issuer"),
        pytest.param(
            'client_certificate_header = "ClientCert"', "needs trusted_proxies", id="no-proxy"
        ),
        pytest.param(
            'client_certificate_header = "Client-Cert"', "letters and digits alone", id="hyphen"
        ),
        pytest.param(
            'client_certificate_header = "Client_Cert"', "letters and digits alone", id="underscore"
        ),
        pytest.param(
            'client_address_header = "X_Forwarded_For"', "no name of a header", id="no-header"
        ),
        pytest.param('trusted_proxies = ["proxy"]', "trusted_proxies is no list", id="proxy-name"),
        pytest.param("trusted_proxies = 5", "trusted_proxies is no list", id="proxy-number"),
        pytest.param(
            'base_url = "https://claims.example.org/fhir/r4"', "ends before /fhir/r4", id="fhir"
        ),
        pytest.param('base_url = "http://c.test/fhir/r4/"', "before /fhir/r4", id="fhir-slash"),
        pytest.param('host = ""', "host is empty", id="host"),
        pytest.param("port = 0", "port is no port from 1 to 65535", id="port-0"),
        pytest.param("port = 65536", "port is no port from 1 to 65535", id="port-65536"),
        pytest.param('port = "http"', "port is no port from 1 to 65535", id="port-word"),
        pytest.param("tick_seconds = 0.04", "tick_seconds is no number of seconds", id="tick"),
        pytest.param("stop_seconds = 0", "stop_seconds is no whole number", id="stop"),
        pytest.param("body_seconds = 0.5", "body_seconds is no number of seconds", id="body"),
        pytest.param("lease_seconds = 0.5", "lease_seconds is no number of seconds", id="lease"),
        pytest.param("waiting_requests = -1", "waiting_requests is no number", id="waiting"),
        pytest.param('log_level = "LOUD"', "log_level is none of DEBUG", id="level"),
        pytest.param('profile = "live"', "profile is none of development", id="profile"),
        pytest.param('trusted_proxies = ["here"]', "trusted_proxies is no list of", id="proxies"),
        pytest.param("trusted_proxies = 5", "trusted_proxies is no list of", id="proxies-number"),
        pytest.param(
            'trusted_proxies = ["10.0.0.5/8"]', "trusted_proxies is no list of", id="proxies-host"
        ),
        pytest.param('rate_limits = "often"', "is neither true nor false", id="rates"),
        pytest.param("requests_per_second = 0", "is no whole number from 1 to", id="rate-0"),
        pytest.param("requests_at_once = 1.5", "is no whole number from 1 to", id="rate-half"),
        pytest.param('colour = "blue"', "colour is no setting", id="unknown"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(tmp_path, line, told):
    with pytest.raises(settings.WrongSettings, match=re.escape(told)) as caught:
        read(tmp_path, line)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "ab", "AB" * 32, "zz" * 32])
def test_an_index_key_is_64_hexadecimal_digits(tmp_path, key):
    with pytest.raises(settings.WrongSettings, match="index_key is not 64 hexadecimal digits"):
        read(tmp_path, key=key)


def test_a_wrong_variable_is_named_as_the_variable(tmp_path):
    with pytest.raises(settings.WrongSettings, match=r": ECLAIMS_PORT is no port"):
        read(tmp_path, "port = 8081", ECLAIMS_PORT="none")


def test_every_wrong_setting_is_told_at_once(tmp_path):
    with pytest.raises(settings.WrongSettings) as caught:
        read(tmp_path, 'port = 0\nlog_level = "LOUD"')
    assert "port is" in str(caught.value)
    assert "log_level is" in str(caught.value)


# --- what is read


def test_a_file_with_only_the_key_gives_the_defaults(tmp_path):
    assert read(tmp_path) == settings.Settings(
        instance=tmp_path,
        database=f"sqlite:///{tmp_path.resolve()}/eclaims.sqlite3",
        index_key=bytes.fromhex(KEY),
        base_url=None,
        host="127.0.0.1",
        port=8080,
        tick_seconds=1.0,
        log_level="INFO",
        stop_seconds=15,
        body_seconds=60.0,
        waiting_requests=64,
        lease_seconds=60.0,
    )


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        pytest.param("port = 1", "port", 1, id="port-1"),
        pytest.param("port = 65535", "port", 65535, id="port-65535"),
        pytest.param("tick_seconds = 0.05", "tick_seconds", 0.05, id="tick"),
        pytest.param("stop_seconds = 1", "stop_seconds", 1, id="stop"),
        pytest.param("body_seconds = 1", "body_seconds", 1.0, id="body"),
        pytest.param("lease_seconds = 1", "lease_seconds", 1.0, id="lease"),
        pytest.param("waiting_requests = 0", "waiting_requests", 0, id="waiting"),
        pytest.param('log_level = "DEBUG"', "log_level", "DEBUG", id="level"),
        pytest.param('host = "::1"', "host", "::1", id="host"),
        pytest.param(
            'base_url = "https://claims.example.org"',
            "base_url",
            "https://claims.example.org",
            id="base-url",
        ),
        pytest.param('base_url = "http://[::1]:8080"', "base_url", "http://[::1]:8080", id="ipv6"),
        pytest.param(
            'database = "postgres://u@h/d"', "database", "postgresql+psycopg://u@h/d", id="postgres"
        ),
        pytest.param(
            'database = "postgresql://u@h:5432/d?sslmode=require"',
            "database",
            "postgresql+psycopg://u@h:5432/d?sslmode=require",
            id="postgresql",
        ),
        pytest.param(
            'database = "postgresql+psycopg://u@h/d"',
            "database",
            "postgresql+psycopg://u@h/d",
            id="driver",
        ),
        pytest.param(
            'database = "sqlite:////var/e.db"', "database", "sqlite:////var/e.db", id="absolute"
        ),
    ],
)
def test_a_setting_is_read(tmp_path, line, name, value):
    assert getattr(read(tmp_path, line), name) == value


def test_a_relative_file_is_one_in_the_installations_folder(tmp_path, monkeypatch):
    monkeypatch.chdir("/")

    found = read(tmp_path, 'database = "sqlite:///rows.db"')

    assert found.file == tmp_path / "rows.db"


def test_postgresql_is_no_file(tmp_path):
    found = read(tmp_path, 'database = "postgresql://u@h/d"')

    assert (found.is_sqlite, found.file) == (False, None)


def test_a_variable_wins_over_the_file(tmp_path):
    found = read(tmp_path, "port = 8081", ECLAIMS_PORT="8082", ECLAIMS_LOG_LEVEL="ERROR")

    assert (found.port, found.log_level) == (8082, "ERROR")


def test_a_variable_that_is_no_setting_is_not_ours_to_judge(tmp_path):
    assert read(tmp_path, ECLAIMS_INSTANCE="elsewhere", ECLAIMS_COLOUR="blue").port == 8080


@pytest.mark.parametrize(
    ("line", "base"),
    [
        pytest.param("", "http://127.0.0.1:8080/fhir/r4", id="none"),
        pytest.param("port = 9000", "http://127.0.0.1:9000/fhir/r4", id="port"),
        pytest.param('base_url = "https://c.test"', "https://c.test/fhir/r4", id="given"),
        pytest.param('base_url = "https://c.test/"', "https://c.test/fhir/r4", id="slash"),
        pytest.param('base_url = "https://c.test/a"', "https://c.test/a/fhir/r4", id="path"),
    ],
)
def test_the_fhir_base_is_the_origin_and_our_path(tmp_path, line, base):
    assert read(tmp_path, line).fhir_base() == base


# --- what is written, and what is said about it


def test_written_settings_are_read_back_with_a_key_of_their_own(tmp_path):
    keys = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        settings.write(folder, 'postgresql://u:a"b\\c@h/d')
        found = settings.read(folder, {})
        assert found.database == 'postgresql+psycopg://u:a"b\\c@h/d'
        keys.add(found.index_key)

    assert len(keys) == 2


def test_written_settings_are_their_owners_alone(tmp_path):
    settings.write(tmp_path, None)

    assert (tmp_path / settings.FILE).stat().st_mode & 0o777 == 0o600


def test_settings_that_are_there_are_not_written_over(tmp_path):
    read(tmp_path)

    with pytest.raises(FileExistsError):
        settings.write(tmp_path, None)
    assert settings.read(tmp_path, {}).index_key == bytes.fromhex(KEY)


def test_the_example_says_every_setting_with_its_default(tmp_path):
    text = (ROOT / "instance" / "settings.example.toml").read_text()
    shown = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE))
    (tmp_path / settings.FILE).write_text(text)
    default = settings.read(tmp_path, {})

    assert set(shown) == {each.name for each in fields(settings.Settings)} - {"instance"}
    # These have no default of their own: the example shows what they look like.
    for name in (
        "base_url",
        "token_issuer",
        "token_issuer_jwks",
        "client_certificate_header",
        "trusted_proxies",
        "rate_limits",
        "encryption_keys",
        "encryption_keys_command",
    ):
        del shown[name]
    (tmp_path / settings.FILE).write_text(
        "\n".join(f"{name} = {json.dumps(value)}" for name, value in shown.items())
    )
    assert settings.read(tmp_path, {}) == default


def test_bearer_tokens_are_switched_off_in_a_file_and_in_a_variable(tmp_path):
    assert read(tmp_path).bearer_tokens is True
    assert read(tmp_path, "bearer_tokens = false").bearer_tokens is False
    assert read(tmp_path, ECLAIMS_BEARER_TOKENS="false").bearer_tokens is False


def test_limits_are_on_in_production_unless_said_otherwise(tmp_path):
    assert read(tmp_path).limits is None
    assert read(tmp_path, 'profile = "production"\nrate_limits = false').limits is None
    assert read(tmp_path, "rate_limits = true").limits == Limits(
        requests=Rate.per(timedelta(seconds=1), 20, burst=60),
        empty_polls=Rate.per(timedelta(minutes=1), 60),
        failures=Rate.per(timedelta(minutes=1), 10),
    )
    given = read(
        tmp_path, 'profile = "production"', ECLAIMS_REQUESTS_AT_ONCE="7", ECLAIMS_RATE_LIMITS="true"
    )
    assert given.limits.requests == Rate.per(timedelta(seconds=1), 20, burst=7)


def test_proxies_are_a_list_or_in_a_variable_a_text_with_commas(tmp_path):
    networks = ("10.0.0.5/32", "10.1.0.0/16", "fd00::/8")

    listed = 'trusted_proxies = ["10.0.0.5", "10.1.0.0/16", "fd00::/8"]'
    assert read(tmp_path, listed).trusted_proxies == networks
    spelled = "10.0.0.5, 10.1.0.0/16,fd00::/8"
    assert read(tmp_path, ECLAIMS_TRUSTED_PROXIES=spelled).trusted_proxies == networks
    assert read(tmp_path, "trusted_proxies = []").trusted_proxies == ()
