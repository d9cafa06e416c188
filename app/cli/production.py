"""What an installation must not be like in production, each with the sentence that says what to do.

Docs: docs/operations.md, "Production".
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

from app.cli.options import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from app.settings import Settings
    from app.store.database.engine import Store

_Rule = Callable[["Settings", Mapping[str, str]], "str | None"]

# A key that was drawn has more of the sixteen digits than this, but for one in a million billion.
_FEW_DIGITS = 6
# Shown in the documentation.
_SHOWN_KEY = "0123456789abcdef" * 4
_OFF = frozenset({"", "0", "false", "no"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at; `refused` says what to do, None where nothing is to be done."""

    rule: str
    refused: str | None


def findings(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """What each rule says of an installation."""
    return [Finding(name, rule(settings, environment)) for name, rule in _RULES.items()]


def findings_of_the_database(store: Store) -> list[Finding]:
    """What is looked at in PostgreSQL. No start asks: beside servers of before walls are down."""
    from app.store.database import standing_walls

    if store.is_sqlite:
        return []
    walls = standing_walls.look(store)
    if walls.is_passed:
        text = "Let the gateway connect as a user that is no superuser, has no BYPASSRLS and owns"
        return [Finding("walls", f"{text} the tables: this one passes every wall.")]
    if walls.down:
        text = "Run `eclaims db walls --up` once no process of an older version runs"
        return [Finding("walls", f"{text}: the walls of {len(walls.down)} tables are down.")]
    return [Finding("walls", None)]


def require_production(settings: Settings, environment: Mapping[str, str]) -> None:
    """Pass for an installation whose profile asks for nothing, or that has all of it.

    Raises Refusal.
    """
    if not settings.is_production:
        return
    refused = [one.refused for one in findings(settings, environment) if one.refused is not None]
    if refused:
        raise Refusal("\n  ".join(["This is no start for production:", *refused]))


def _profile(settings: Settings, _: Mapping[str, str]) -> str | None:
    if settings.is_production:
        return None
    return 'Set profile = "production", so that a start is refused where one of these is not so.'


def _debug(settings: Settings, environment: Mapping[str, str]) -> str | None:
    on = [name for name in ("FLASK_DEBUG", "PYTHONDEVMODE") if _is_on(environment.get(name))]
    if on:
        return f"Remove {' and '.join(on)} from the environment."
    if settings.log_level == "DEBUG":
        return 'Set log_level = "INFO".'
    return None


def _is_on(value: str | None) -> bool:
    return value is not None and value.lower() not in _OFF


def _index_key(settings: Settings, _: Mapping[str, str]) -> str | None:
    key = settings.index_key.hex()
    if key != _SHOWN_KEY and len(set(key)) > _FEW_DIGITS:
        return None
    return (
        "index_key is one that everybody knows or can guess: begin an installation with "
        "`eclaims init`, which draws one."
    )


def _address(settings: Settings, _: Mapping[str, str]) -> str | None:
    if (settings.base_url or "").lower().startswith("https://"):
        return None
    return "Set base_url to the https address that clients reach."


def _proxy(settings: Settings, _: Mapping[str, str]) -> str | None:
    wide = [one for one in settings.trusted_proxies if _is_wide(one)]
    if wide:
        return f"Name your proxies alone in trusted_proxies: {', '.join(wide)} is nearly anybody."
    if settings.trusted_proxies:
        return None
    return "Put a proxy before the gateway that ends TLS, and name its address in trusted_proxies."


def _is_wide(network: str) -> bool:
    """Whether it is more than 10.0.0.0/8, or than what one provider has of IPv6."""
    read = ip_network(network)
    return read.prefixlen < (8 if read.version == 4 else 32)


def _transport(settings: Settings, environment: Mapping[str, str]) -> str | None:
    from app.store.database.transport import is_protected

    if is_protected(settings.database, environment):
        return None
    return "Add ?sslmode=verify-full to database: what goes to it can be read on the way."


def _workers(settings: Settings, environment: Mapping[str, str]) -> str | None:
    several = [
        name
        for name in ("WEB_CONCURRENCY", "GRANIAN_WORKERS")
        if environment.get(name, "1").strip() not in {"", "1"}
    ]
    if not settings.is_sqlite or not several:
        return None
    return f"SQLite has one process: remove {' and '.join(several)}, or move to PostgreSQL."


def _files(settings: Settings, _: Mapping[str, str]) -> str | None:
    kept = [settings.instance / "settings.toml"]
    # Of a version that encrypts.
    keys: Path | None = getattr(settings, "keys_file", None)
    kept += [] if keys is None else [keys]
    if settings.file is not None:
        kept += [settings.file.with_name(settings.file.name + one) for one in ("", "-wal", "-shm")]
    readable = [str(one) for one in kept if _is_open(one)]
    return f"Take it from everybody else: chmod o= {' '.join(readable)}." if readable else None


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IRWXO)
    except FileNotFoundError:
        return False


def _rates(settings: Settings, _: Mapping[str, str]) -> str | None:
    return "Remove rate_limits = false." if settings.rate_limits is False else None


def _bearer_tokens(settings: Settings, _: Mapping[str, str]) -> str | None:
    # A version without the setting has nothing else to let clients in by.
    if not getattr(settings, "bearer_tokens", False):
        return None
    return (
        "Set bearer_tokens = false, and register clients with their keys: these tokens never end."
    )


def _encryption(settings: Settings, _: Mapping[str, str]) -> str | None:
    # A version without the setting cannot encrypt.
    if getattr(settings, "encryption", True):
        return None
    return (
        "Run `eclaims encryption on`: whoever has a copy of the database can read what is stored."
    )


_RULES: Mapping[str, _Rule] = {
    "profile": _profile,
    "debug": _debug,
    "index key": _index_key,
    "address": _address,
    "proxy": _proxy,
    "database connection": _transport,
    "one process": _workers,
    "files": _files,
    "rate limits": _rates,
    "bearer tokens": _bearer_tokens,
    "encryption": _encryption,
}
