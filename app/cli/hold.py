"""`eclaims hold`: what has to be kept by law, whoever asks for it to be purged."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.options import (
    Refusal,
    administration_of,
    instance_option,
    json_option,
    open_installation,
    payer_of,
    payer_option,
    told,
)


@click.command()
@click.argument("reference")
@click.option("--end", "is_ended", is_flag=True, help="End the hold.")
@payer_option
@instance_option
@json_option
def hold(
    reference: str, is_ended: bool, payer_name: str | None, instance: Path, as_json: bool
) -> None:
    """Put a request under legal hold: no nullify purges it until the hold is ended.

    REFERENCE is a Claim or another request that was submitted, such as Claim/ID.
    """
    from app.gateway.purging.purges import Purges

    installation = open_installation(instance)
    owner = payer_of(administration_of(installation), payer_name)
    type, _, id = reference.partition("/")
    if not Purges(installation).hold(owner, type, id, is_held=not is_ended):
        text = f"{owner.name!r} has no request {reference!r}"
        raise Refusal(f"{text}: name it by type and id, such as Claim/ID.")
    if as_json:
        told({"reference": reference, "is_held": not is_ended})
        return
    click.echo(f"{reference} is {'no longer ' if is_ended else ''}under legal hold.")
