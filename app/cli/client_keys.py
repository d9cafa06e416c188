"""`eclaims submitter keys`: by which keys a client proves who it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import (
    Refusal,
    administration_of,
    client_of,
    instance_option,
    json_option,
    open_installation,
    payer_option,
    told,
)

if TYPE_CHECKING:
    from app.gateway.trust.client_keys import KeysOf

jwks_option = click.option(
    "--jwks",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Its public keys: a file with a JSON Web Key Set.",
)
jwks_url_option = click.option("--jwks-url", help="The https address at which it publishes them.")
token_option = click.option(
    "--token", "wants_token", is_flag=True, help="A bearer token as well, beside its keys."
)


def keys_of(jwks: Path | None, jwks_url: str | None) -> KeysOf | None:
    """The keys that the options name, found usable; None where they name none."""
    from app.gateway.trust.client_keys import KeysOf
    from app.gateway.trust.key_sets import NotUsable

    if jwks is not None and jwks_url is not None:
        raise click.UsageError("Give one of --jwks and --jwks-url.")
    if jwks is None and jwks_url is None:
        return None
    given = KeysOf(None if jwks is None else _text(jwks), jwks_url)
    try:
        given.require_usable()
    except NotUsable as fault:
        raise Refusal(f"{jwks or jwks_url} cannot be used: {fault}.") from None
    return given


@click.command()
@click.argument("name")
@jwks_option
@jwks_url_option
@click.option("--none", "takes_away", is_flag=True, help="Take its keys away.")
@click.option("--keep-token", is_flag=True, help="Its bearer token stays known.")
@payer_option
@instance_option
@json_option
def keys(
    name: str,
    jwks: Path | None,
    jwks_url: str | None,
    takes_away: bool,
    keep_token: bool,
    payer_name: str | None,
    instance: Path,
    as_json: bool,
) -> None:
    """Show, set or take away a client's keys; NAME may be its id, or that of a payer client."""
    given = keys_of(jwks, jwks_url)
    if takes_away and given is not None:
        raise click.UsageError("Give keys, or --none.")
    administration = administration_of(open_installation(instance))
    client = client_of(administration, name, payer_name)
    if given is not None or takes_away:
        administration.set_keys(client, given, keeps_token=keep_token)
    shown = _shown(administration.keys_of(client))
    if as_json:
        told({"client_id": client.id, "name": client.name, **shown})
        return
    listed = ", ".join(shown["kids"]) or shown["jwks_url"] or "none"
    click.echo(f"Keys of {client.name}: {listed}")


def _shown(registered: KeysOf | None) -> dict[str, Any]:
    if registered is None:
        return {"jwks_url": None, "kids": []}
    listed = json.loads(registered.jwks)["keys"] if registered.jwks is not None else []
    return {"jwks_url": registered.jwks_url, "kids": [one.get("kid") or "-" for one in listed]}


def _text(file: Path) -> str:
    from app.gateway.trust.key_sets import MOST_BYTES

    try:
        with file.open("rb") as opened:
            # One more than is allowed: what is larger is refused for that.
            return opened.read(MOST_BYTES + 1).decode()
    except OSError as error:
        raise Refusal(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Refusal(f"{file} is not UTF-8.") from None
