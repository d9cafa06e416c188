"""An installation's settings: `settings.toml` in its directory, and ECLAIMS_* variables over it.

A wrong setting stops the start with one clear line. Docs: docs/settings.md.
"""

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate

from app.domain.rates import Limits, Rate

FILE = "settings.toml"
DATABASE = "eclaims.sqlite3"
_PREFIX = "ECLAIMS_"
_FILE = "sqlite:///"
_KEY_BYTES = 32
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_A_PORT = "is no port from 1 to 65535"
_A_NUMBER = "is no number from 0 to 1000"
_PROFILES = ("development", "production")
_A_RATE = "is no whole number from 1 to 10000"
_A_STOP = "is no whole number of seconds from 1 to 1800"


class WrongSettings(Exception):
    """The settings cannot be used; the message names the setting and what it should be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`base_url` None: http://HOST:PORT of the server's own options. `index_key` is secret.

    `rate_limits` None: as the profile has them. `trusted_proxies` are addresses and networks.
    """

    instance: Path
    database: str
    index_key: bytes
    base_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    tick_seconds: float = 1.0
    log_level: str = "INFO"
    stop_seconds: int = 15
    body_seconds: float = 60.0
    waiting_requests: int = 64
    lease_seconds: float = 60.0
    profile: str = "development"
    trusted_proxies: tuple[str, ...] = ()
    rate_limits: bool | None = None
    requests_per_second: int = 20
    requests_at_once: int = 60
    empty_polls_per_minute: int = 60
    failed_logins_per_minute: int = 10

    @property
    def is_production(self) -> bool:
        """Whether a start refuses what `eclaims check --production` refuses."""
        return self.profile == "production"

    @property
    def is_limited(self) -> bool:
        """Whether clients that ask too often are told so."""
        return self.is_production if self.rate_limits is None else self.rate_limits

    @property
    def limits(self) -> Limits | None:
        """How often clients may ask; None where that is not limited."""
        if not self.is_limited:
            return None
        second, minute = timedelta(seconds=1), timedelta(minutes=1)
        return Limits(
            requests=Rate.per(second, self.requests_per_second, self.requests_at_once),
            empty_polls=Rate.per(minute, self.empty_polls_per_minute),
            failures=Rate.per(minute, self.failed_logins_per_minute),
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether the installation keeps its rows in a file of its own."""
        return self.database.startswith("sqlite")

    @property
    def file(self) -> Path | None:
        """The file of an embedded database; None for PostgreSQL."""
        return Path(self.database.removeprefix(_FILE)) if self.is_sqlite else None

    def fhir_base(self, host: str | None = None, port: int | None = None) -> str:
        """The FHIR base that clients see."""
        origin = self.base_url or f"http://{host or self.host}:{port or self.port}"
        return f"{origin.rstrip('/')}/fhir/r4"


def _require_database(text: str) -> None:
    is_known = re.match(r"sqlite:///[^:?]+$|postgres(ql(\+psycopg)?)?://", text)
    try:
        # A port that is no number is found when it is asked for.
        _ = urlsplit(text).port if is_known else None
    except ValueError:
        is_known = None
    if not is_known:
        raise ValidationError("is neither sqlite:///FILE nor postgresql://USER@HOST/NAME")


def _seconds(least: float, most: float) -> fields.Float:
    told = f"is no number of seconds from {least} to {most}"
    within = validate.Range(least, most, error=told)
    return fields.Float(validate=within, error_messages={"invalid": told})


class _Whole(fields.Integer):
    """A whole number; of a variable, the text of one."""

    def _validated(self, value: Any) -> int:
        return super()._validated(str(value))


def _counted() -> fields.Integer:
    within = validate.Range(1, 10_000, error=_A_RATE)
    return _Whole(validate=within, error_messages={"invalid": _A_RATE})


class _Networks(fields.Field[tuple[str, ...]]):
    """Addresses and networks: a list, or one text with commas as a variable has it."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, ...]:
        listed = value.split(",") if isinstance(value, str) else value
        try:
            return tuple(str(ip_network(one.strip())) for one in listed)
        except (ValueError, TypeError, AttributeError):
            raise ValidationError("is no list of addresses or networks") from None


class _SettingsSchema(Schema):
    error_messages = {"unknown": "is no setting"}  # noqa: RUF012  marshmallow declares it so

    database = fields.String(validate=_require_database)
    index_key = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9a-f]{64}$", error="is not 64 hexadecimal digits"),
        error_messages={"required": "is missing: put it back from your copy of this file"},
    )
    base_url = fields.Url(
        require_tld=False,
        schemes={"http", "https"},
        # Taken as it is, it would stand twice in every link.
        validate=validate.Regexp(r"(?!.*/fhir/r4/?$)", error="ends before /fhir/r4"),
        error_messages={"invalid": "is no http or https URL"},
    )
    host = fields.String(validate=validate.Length(min=1, error="is empty"))
    port = fields.Integer(
        validate=validate.Range(1, 65535, error=_A_PORT), error_messages={"invalid": _A_PORT}
    )
    tick_seconds = _seconds(0.05, 3600)
    stop_seconds = fields.Integer(
        validate=validate.Range(1, 1800, error=_A_STOP), error_messages={"invalid": _A_STOP}
    )
    body_seconds = _seconds(1, 3600)
    lease_seconds = _seconds(1, 3600)
    waiting_requests = fields.Integer(
        validate=validate.Range(0, 1000, error=_A_NUMBER), error_messages={"invalid": _A_NUMBER}
    )
    profile = fields.String(
        validate=validate.OneOf(_PROFILES, error=f"is none of {', '.join(_PROFILES)}")
    )
    trusted_proxies = _Networks()
    rate_limits = fields.Boolean(error_messages={"invalid": "is neither true nor false"})
    requests_per_second = _counted()
    requests_at_once = _counted()
    empty_polls_per_minute = _counted()
    failed_logins_per_minute = _counted()
    log_level = fields.String(
        validate=validate.OneOf(_LEVELS, error=f"is none of {', '.join(_LEVELS)}")
    )


def read(instance: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of an installation; raises WrongSettings."""
    file = instance / FILE
    given = os.environ if environment is None else environment
    variables = {
        setting: given[name]
        for setting in _SettingsSchema().fields
        if (name := f"{_PREFIX}{setting.upper()}") in given
    }
    try:
        values = _SettingsSchema().load(_written(file) | variables)
    except ValidationError as error:
        told = (
            f"{_PREFIX}{name.upper()} {texts[0]}" if name in variables else f"{name} {texts[0]}"
            for name, texts in error.messages_dict.items()
        )
        raise WrongSettings(f"{file}: {'; '.join(told)}") from None
    values["database"] = database_url(values.get("database", f"sqlite:///{DATABASE}"), instance)
    return Settings(instance, **{**values, "index_key": bytes.fromhex(values["index_key"])})


def _written(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        text = f"{file.parent} is no installation yet: run `eclaims init` for it first."
        raise WrongSettings(text) from None
    except OSError as error:
        raise WrongSettings(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise WrongSettings(f"{file} is not TOML: {error}") from None


def write(instance: Path, database: str | None) -> None:
    """Write the settings of a new installation, with a secret of its own, readable by its owner."""
    lines = [
        "# Settings of this installation; docs/settings.md explains each.",
        f'index_key = "{secrets.token_hex(_KEY_BYTES)}"',
    ]
    if database is not None:
        lines.append(f"database = {_toml(database)}")
    file = instance / FILE
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write("\n".join(lines) + "\n")


def database_url(text: str, folder: Path) -> str:
    """A database's URL in full: a driver of ours is named, a relative file is one in `folder`."""
    for plain in ("postgresql://", "postgres://"):
        if text.startswith(plain):
            return "postgresql+psycopg://" + text.removeprefix(plain)
    if text.startswith(_FILE):
        return _FILE + str((folder / text.removeprefix(_FILE)).resolve())
    return text


def _toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
