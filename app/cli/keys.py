"""`eclaims keys`: the installation's own keys, with which it signs access tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import Refusal, instance_option, json_option, open_installation, table, told

if TYPE_CHECKING:
    from datetime import datetime

    from app.store.trust.signing_keys import SigningKey


@click.group()
def keys() -> None:
    """Signing keys: list, rotate, retire."""


@keys.command("list")
@instance_option
@json_option
def list_keys(instance: Path, as_json: bool) -> None:
    """Show every signing key there ever was, the newest first."""
    from app.gateway.trust.signing_keys import SigningKeys

    installation = open_installation(instance)
    now = installation.clock()
    found = [_document(one, now) for one in SigningKeys(installation).listed()]
    if as_json:
        told(found)
        return
    columns = ("kid", "state", "created_at", "ends_at")
    rows = [tuple(str(one[name] or "") for name in columns) for one in found]
    table("Signing keys", "kid", "state", "created", "believed until", rows=rows)


@keys.command()
@instance_option
@json_option
def rotate(instance: Path, as_json: bool) -> None:
    """Sign with a new key from now on; tokens of the one before are believed to their end."""
    from app.gateway.trust.signing_keys import SigningKeys

    installation = open_installation(instance)
    _show(_document(SigningKeys(installation).rotate(), installation.clock()), as_json)


@keys.command()
@click.argument("kid")
@instance_option
@json_option
def retire(kid: str, instance: Path, as_json: bool) -> None:
    """Believe no token of a key any more, from the next request on; a new key signs if needed."""
    from app.gateway.trust.signing_keys import SigningKeys, UnknownKey

    installation = open_installation(instance)
    own = SigningKeys(installation)
    try:
        own.retire(kid)
    except UnknownKey:
        text = f"There is no signing key {kid!r}; `eclaims keys list` shows those there are."
        raise Refusal(text) from None
    now = installation.clock()
    (found,) = [_document(one, now) for one in own.listed() if one.kid == kid]
    _show(found, as_json)


def _document(key: SigningKey, now: datetime) -> dict[str, Any]:
    from app.gateway.trust.signing_keys import believed

    state = "signs" if key.sealed is not None else "believed" if believed(key, now) else "ended"
    return {
        "kid": key.kid,
        "state": state,
        "created_at": key.created_at,
        "ends_at": key.ends_at,
    }


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        told(found)
        return
    click.echo(f"{found['kid']}: {found['state']}")
