"""`eclaims submitter`: who may send, for whom, and with which token."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.client_keys import (
    jwks_option,
    jwks_url_option,
    keys_of,
    token_option,
)
from app.cli.client_keys import keys as keys_command
from app.cli.options import (
    IdentifierType,
    Refusal,
    administration_of,
    client_of,
    instance_option,
    json_option,
    open_installation,
    payer_of,
    payer_option,
    table,
    told,
)
from app.cli.scopes import permissions_of, scope_option, told_as

if TYPE_CHECKING:
    from app.domain.parties import Client
    from app.domain.references import Identifier
    from app.gateway.administering.administration import Issued


_COLUMNS = (
    "name",
    "id",
    "payer",
    "kind",
    "identifiers",
    "acts for",
    "may enroll",
    "scopes",
    "state",
)


@click.group()
def submitter() -> None:
    """Submitters: provider systems and clearinghouses that send Claims and Tasks."""


@submitter.command()
@click.argument("name")
@click.option("--identifier", "identifiers", multiple=True, required=True, type=IdentifierType())
@click.option("--acts-for", multiple=True, help="Further identifiers it sends for, or '*'.")
@click.option(
    "--handover",
    type=click.Choice(["on-handover", "acknowledged"]),
    default="on-handover",
    show_default=True,
    help="When an answer counts as delivered.",
)
@click.option("--may-enroll", is_flag=True, help="What it enrolls becomes the payer's Coverage.")
@jwks_option
@jwks_url_option
@token_option
@scope_option
@payer_option
@instance_option
@json_option
def add(
    name: str,
    identifiers: tuple[Identifier, ...],
    acts_for: tuple[str, ...],
    payer_name: str | None,
    instance: Path,
    as_json: bool,
    **rights: Any,
) -> None:
    """Register a submitter; prints its client id and, this once, its bearer token.

    With keys it gets none, unless --token asks for it.
    """
    from app.domain.codes import HandOver
    from app.domain.parties import ANYBODY, Client, ClientKind
    from app.gateway.administering.administration import NameTaken

    installation = open_installation(instance)
    administration = administration_of(installation)
    others = [IdentifierType().convert(one, None, None) for one in acts_for if one != ANYBODY]
    client = Client(
        installation.new_id(),
        payer_of(administration, payer_name),
        ClientKind.SUBMITTER,
        name,
        identifiers,
        tuple(others),
        ANYBODY in acts_for,
        HandOver(rights["handover"]),
        rights["may_enroll"],
        permissions_of(rights["scopes"]),
    )
    keys = keys_of(rights["jwks"], rights["jwks_url"])
    try:
        issued = administration.add_client(client, keys)
    except NameTaken:
        text = f"There is a client {name!r} already"
        raise Refusal(f"{text}: `eclaims submitter keys` and `scope` change it.") from None
    _show(issued, as_json, has_token=keys is None or rights["wants_token"])


@submitter.command("list")
@payer_option
@instance_option
@json_option
def list_submitters(payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Show every client of a payer, or of all."""
    administration = administration_of(open_installation(instance))
    owner = payer_of(administration, payer_name) if payer_name else None
    found = administration.registrations(owner)
    if as_json:
        told(
            [
                {
                    "client_id": one.client.id,
                    "name": one.client.name,
                    "kind": one.client.kind,
                    "payer": one.client.payer.name,
                    "identifiers": [each.key for each in one.client.identifiers],
                    "acts_for": _acts_for(one.client),
                    "handover": one.client.hand_over,
                    "may_enroll": one.client.may_enroll,
                    "scopes": told_as(one.client.permissions),
                    "disabled_at": one.disabled_at,
                }
                for one in found
            ]
        )
        return
    rows = [
        (
            one.client.name,
            one.client.id,
            one.client.payer.name,
            one.client.kind,
            "\n".join(each.key for each in one.client.identifiers),
            "\n".join(_acts_for(one.client)),
            "yes" if one.client.may_enroll else "no",
            "\n".join(told_as(one.client.permissions)) or "everything",
            "disabled" if one.disabled_at else "active",
        )
        for one in found
    ]
    table("Clients", *_COLUMNS, rows=rows)


@submitter.command()
@click.argument("name")
@click.argument("scopes", nargs=-1)
@click.option("--everything", is_flag=True, help="All that its kind may do, labels included.")
@payer_option
@instance_option
@json_option
def scope(
    name: str,
    scopes: tuple[str, ...],
    everything: bool,
    payer_name: str | None,
    instance: Path,
    as_json: bool,
) -> None:
    """Let a client's credential do what SCOPES allow from now on, or with --everything all."""
    # A variable of the shell that is empty must not widen what is allowed.
    if bool(scopes) is everything:
        raise click.UsageError("Name scopes, or --everything.")
    administration = administration_of(open_installation(instance))
    client = client_of(administration, name, payer_name)
    changed = replace(client, permissions=permissions_of(scopes))
    administration.set_permissions(changed)
    allowed = told_as(changed.permissions)
    if as_json:
        told({"client_id": client.id, "name": client.name, "scopes": allowed})
        return
    click.echo(f"{client.name} may do: {' '.join(allowed) or 'everything of its kind'}.")


@submitter.command()
@click.argument("name")
@payer_option
@instance_option
@json_option
def disable(name: str, payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Refuse a client's tokens from now on, and take its keys away; NAME may be its id."""
    administration = administration_of(open_installation(instance))
    client = client_of(administration, name, payer_name)
    administration.disable(client)
    if as_json:
        told({"client_id": client.id, "name": client.name, "payer": client.payer.name})
        return
    click.echo(f"{client.name} is disabled. `eclaims submitter rotate` gives it a new token.")


@submitter.command()
@click.argument("name")
@payer_option
@instance_option
@json_option
def rotate(name: str, payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Issue a new token; the old one is refused from now on. NAME may be the client's id."""
    administration = administration_of(open_installation(instance))
    _show(administration.rotate(client_of(administration, name, payer_name)), as_json)


def _acts_for(client: Client) -> list[str]:
    from app.domain.parties import ANYBODY

    anybody = [ANYBODY] if client.acts_for_anybody else []
    return anybody + [one.key for one in client.acts_for]


def _show(issued: Issued, as_json: bool, *, has_token: bool = True) -> None:
    if as_json:
        token = {"token": issued.token} if has_token else {}
        told(
            {
                "client_id": issued.client.id,
                **token,
                "name": issued.client.name,
                "payer": issued.client.payer.name,
            }
        )
        return
    click.echo(f"Client {issued.client.id} of {issued.client.payer.name}.")
    if has_token:
        click.echo(f"Its token, shown this once:\n{issued.token}")
    else:
        click.echo("It proves who it is by its keys; docs/authorization.md tells how.")


submitter.add_command(keys_command)
