"""An installation's settings: `settings.toml` in its directory, and ECLAIMS_* variables over it.

A wrong setting stops the start with one clear line. Docs: docs/settings.md.
"""

import os
import re
import secrets
import shlex
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from app.domain.rates import Limits, Rate
from app.settings.schema import SettingsSchema

FILE = "settings.toml"
DATABASE = "eclaims.sqlite3"
KEYS = "keys.json"
_PREFIX = "ECLAIMS_"
_FILE = "sqlite:///"
_KEY_BYTES = 32


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
    bearer_tokens: bool = True
    token_issuer: str | None = None
    token_issuer_jwks: str | None = None
    client_certificate_header: str | None = None
    client_address_header: str = "X-Forwarded-For"
    trusted_proxies: tuple[str, ...] = ()
    audit_reads: bool = True
    profile: str = "development"
    rate_limits: bool | None = None
    requests_per_second: int = 20
    requests_at_once: int = 60
    empty_polls_per_minute: int = 60
    failed_logins_per_minute: int = 10
    encryption: bool = False
    encryption_keys: str | None = field(default=None, repr=False)
    encryption_keys_file: str = KEYS
    encryption_keys_command: str | None = None

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

    @property
    def keys_file(self) -> Path:
        """The file of keys; a relative one is in the directory of the installation."""
        return self.instance / self.encryption_keys_file

    @property
    def keys_command(self) -> tuple[str, ...]:
        """The program that prints the keys, and its arguments; empty: there is none."""
        return tuple(shlex.split(self.encryption_keys_command or ""))

    def fhir_base(self, host: str | None = None, port: int | None = None) -> str:
        """The FHIR base that clients see."""
        origin = self.base_url or f"http://{host or self.host}:{port or self.port}"
        return f"{origin.rstrip('/')}/fhir/r4"


def read(instance: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of an installation; raises WrongSettings."""
    file = instance / FILE
    given = os.environ if environment is None else environment
    variables = {
        setting: given[name]
        for setting in SettingsSchema().fields
        if (name := f"{_PREFIX}{setting.upper()}") in given
    }
    written = _written(file)
    if "encryption_keys" in written:
        text = "encryption_keys is a variable alone, so that keys stand in no settings"
        raise WrongSettings(f"{file}: {text}: see encryption_keys_file")
    try:
        values = SettingsSchema().load(written | variables)
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


def turn_encryption_on(instance: Path) -> None:
    """Have the settings say that text is encrypted, so that nothing starts without the keys.

    The file is another one from one instant on; its first line is ours, for a table may follow.
    """
    file = instance / FILE
    lines = [
        line
        for line in file.read_text(encoding="utf-8").splitlines(keepends=True)
        if not re.match(r"encryption\s*=", line)
    ]
    beside = file.with_name(f".{FILE}-{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write("".join(["encryption = true\n", *lines]))
        handle.flush()
        os.fsync(handle.fileno())
    found = file.stat()
    beside.chmod(stat.S_IMODE(found.st_mode))
    if os.geteuid() == 0:
        os.chown(beside, found.st_uid, found.st_gid)
    beside.replace(file)


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
