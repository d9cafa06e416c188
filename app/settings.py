"""An installation's settings: `settings.toml` in its directory, and ECLAIMS_* variables over it.

A wrong setting stops the start with one clear line. Docs: docs/settings.md.
"""

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

FILE = "settings.toml"
DATABASE = "eclaims.sqlite3"
_PREFIX = "ECLAIMS_"
_KEY_BYTES = 32


class WrongSettings(Exception):
    """The settings cannot be used; the message names the setting and what it should be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`base_url` None: http://HOST:PORT of the server's own options. `index_key` is secret."""

    instance: Path
    database: str
    index_key: bytes
    base_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    tick_seconds: float = 1.0
    log_level: str = "INFO"

    @property
    def is_sqlite(self) -> bool:
        """Whether the installation keeps its rows in a file of its own."""
        return self.database.startswith("sqlite")

    def fhir_base(self, host: str | None = None, port: int | None = None) -> str:
        """The FHIR base that clients see."""
        origin = self.base_url or f"http://{host or self.host}:{port or self.port}"
        return f"{origin.rstrip('/')}/fhir/r4"


class _SettingsSchema(Schema):
    database = fields.String(
        validate=validate.Regexp(r"^(sqlite:///|postgresql)", error="is not sqlite or postgresql")
    )
    index_key = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9a-f]{64}$", error="is not 64 hexadecimal digits"),
        error_messages={"required": "is missing: run `eclaims init`"},
    )
    base_url = fields.Url(require_tld=False, schemes={"http", "https"})
    host = fields.String()
    port = fields.Integer(validate=validate.Range(1, 65535))
    tick_seconds = fields.Float(validate=validate.Range(0.05, 3600))
    log_level = fields.String(validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))


def read(instance: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of an installation; raises WrongSettings."""
    file = instance / FILE
    if not file.is_file():
        raise WrongSettings(f"{instance} is no installation yet: run `eclaims init` for it first.")
    try:
        written: dict[str, Any] = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise WrongSettings(f"{file} is not TOML: {error}") from None
    schema = _SettingsSchema()
    for name, value in (os.environ if environment is None else environment).items():
        setting = name.removeprefix(_PREFIX).lower()
        if name.startswith(_PREFIX) and setting in schema.fields:
            written[setting] = value
    try:
        values = schema.load(written)
    except ValidationError as error:
        told = "; ".join(f"{name} {texts[0]}" for name, texts in error.messages_dict.items())
        raise WrongSettings(f"{file}: {told}") from None
    values.setdefault("database", default_database(instance))
    return Settings(instance, **{**values, "index_key": bytes.fromhex(values["index_key"])})


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


def default_database(instance: Path) -> str:
    """The SQLite file of an installation that names no database."""
    return f"sqlite:///{(instance / DATABASE).resolve()}"


def _toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
