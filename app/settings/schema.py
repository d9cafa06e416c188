"""What each setting may be; what is told of one that is something else.

Docs: docs/settings.md.
"""

import re
import shlex
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_A_PORT = "is no port from 1 to 65535"
_A_NUMBER = "is no number from 0 to 1000"
_PROFILES = ("development", "production")
_A_RATE = "is no whole number from 1 to 10000"
_A_STOP = "is no whole number of seconds from 1 to 1800"


# The web server takes a hyphen and an underscore for one, so that a client could send another of a
# name with a hyphen, which no proxy takes away.
_A_HEADER = "is no name of a header that has letters and digits alone"


def _require_database(text: str) -> None:
    is_known = re.match(r"sqlite:///[^:?]+$|postgres(ql(\+psycopg)?)?://", text)
    try:
        # A port that is no number is found when it is asked for.
        _ = urlsplit(text).port if is_known else None
    except ValueError:
        is_known = None
    if not is_known:
        raise ValidationError("is neither sqlite:///FILE nor postgresql://USER@HOST/NAME")


def _require_command(text: str) -> None:
    try:
        is_one = bool(shlex.split(text))
    except ValueError:
        is_one = False
    if not is_one:
        raise ValidationError("is no command")


def _seconds(least: float, most: float) -> fields.Float:
    told = f"is no number of seconds from {least} to {most}"
    within = validate.Range(least, most, error=told)
    return fields.Float(validate=within, error_messages={"invalid": told})


def _yes_or_no() -> fields.Boolean:
    return fields.Boolean(
        truthy={True, "true", "1", "on", "yes"},
        falsy={False, "false", "0", "off", "no"},
        error_messages={"invalid": "is neither true nor false"},
    )


class _Whole(fields.Integer):
    """A whole number; of a variable, the text of one."""

    def _validated(self, value: Any) -> int:
        return super()._validated(str(value))


def _counted() -> fields.Integer:
    within = validate.Range(1, 10_000, error=_A_RATE)
    return _Whole(validate=within, error_messages={"invalid": _A_RATE})


class _Networks(fields.Field[tuple[str, ...]]):
    """Addresses and networks: a list, or in a variable a text with commas."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        try:
            return tuple(str(ip_network(one.strip())) for one in parts if one.strip())
        except (AttributeError, TypeError, ValueError):
            raise ValidationError("is no list of addresses and networks") from None


class SettingsSchema(Schema):
    """Each setting by its name; what is not one is refused."""

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
    audit_reads = _yes_or_no()
    waiting_requests = fields.Integer(
        validate=validate.Range(0, 1000, error=_A_NUMBER), error_messages={"invalid": _A_NUMBER}
    )
    bearer_tokens = _yes_or_no()
    token_issuer = fields.String(validate=validate.Length(1, 500, error="is empty or too long"))
    token_issuer_jwks = fields.String(validate=validate.Length(min=1, error="is empty"))
    client_certificate_header = fields.String(
        validate=validate.Regexp(r"^[A-Za-z][A-Za-z0-9]*$", error=_A_HEADER)
    )
    client_address_header = fields.String(
        validate=validate.Regexp(r"^[A-Za-z][A-Za-z0-9-]*$", error="is no name of a header")
    )
    trusted_proxies = _Networks()
    profile = fields.String(
        validate=validate.OneOf(_PROFILES, error=f"is none of {', '.join(_PROFILES)}")
    )
    rate_limits = _yes_or_no()
    requests_per_second = _counted()
    requests_at_once = _counted()
    empty_polls_per_minute = _counted()
    failed_logins_per_minute = _counted()
    encryption = _yes_or_no()
    encryption_keys = fields.String()
    encryption_keys_file = fields.String(validate=validate.Length(min=1, error="is empty"))
    encryption_keys_command = fields.String(validate=_require_command)
    log_level = fields.String(
        validate=validate.OneOf(_LEVELS, error=f"is none of {', '.join(_LEVELS)}")
    )

    @validates_schema
    def _require_both(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse half of what belongs together."""
        for one, other in (
            ("token_issuer", "token_issuer_jwks"),
            ("token_issuer_jwks", "token_issuer"),
            ("client_certificate_header", "trusted_proxies"),
        ):
            if data.get(one) and not data.get(other):
                raise ValidationError(f"needs {other} beside it", one)
