"""`eclaims tombstones`: what was withdrawn, as a list to keep apart from the backups."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from app.cli.options import Refusal, instance_option, json_option, open_installation, told


@click.group()
def tombstones() -> None:
    """What was nullified, which tokens count, what is held by law: export, apply."""


@tombstones.command()
@click.argument("to", type=click.Path(path_type=Path, dir_okay=False))
@instance_option
@json_option
def export(to: Path, instance: Path, as_json: bool) -> None:
    """Write the list to the file TO, in the place of an earlier one. It has ids and hashes only."""
    from app.gateway.tasks import withdrawals
    from app.store.backups import withdrawn

    found = withdrawals.withdrawn(open_installation(instance))
    withdrawn.write(to, found)
    counts = {
        "nullified": len(found.nullified),
        "tokens": len(found.tokens),
        "holds": len(found.holds),
    }
    if as_json:
        told(counts)
    else:
        each = ", ".join(f"{count} {name}" for name, count in counts.items())
        click.echo(f"{to}: {each}.")


@tombstones.command()
@click.argument("source", metavar="FROM", type=click.Path(path_type=Path, dir_okay=False))
@instance_option
@json_option
def apply(source: Path, instance: Path, as_json: bool) -> None:
    """Withdraw again what the list FROM names: after a restore by other tools, before any server.

    May be repeated: what is withdrawn stays so.
    """
    from app.gateway.tasks import withdrawals
    from app.store.backups import withdrawn

    installation = open_installation(instance)
    try:
        given = withdrawn.read(source)
    except withdrawn.DamagedList:
        raise Refusal(f"{source} is no list of `eclaims tombstones export`, or cut off.") from None
    applied = withdrawals.apply(installation, given)
    if as_json:
        told(asdict(applied))
        return
    click.echo(
        f"Withdrawn again: {applied.purged} resources purged, {applied.remembered} remembered as"
        f" gone, {applied.tokens} tokens, {applied.holds} legal holds."
    )
