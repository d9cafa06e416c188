"""`eclaims backup`: a copy of all rows, made while the installation runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.options import Refusal, instance_option, json_option, open_installation, told

if TYPE_CHECKING:
    from app.store.backups.manifest import Manifest

programs_option = click.option(
    "--programs",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The folder of pg_dump and pg_restore; without it those of the PATH.",
)


@click.command()
@click.argument("to", type=click.Path(path_type=Path))
@programs_option
@instance_option
@json_option
def backup(to: Path, programs: Path | None, instance: Path, as_json: bool) -> None:
    """Back the database up to TO, a new folder; a server may run meanwhile.

    The copy holds health information and is readable by its owner alone. `index_key` of the
    settings is not in it, nor `keys.json`, without which it cannot be read: keep both, too, in
    another place.
    """
    from rich.console import Console
    from rich.progress import Progress

    from app.cli.process import ending_in_order
    from app.gateway.administering.backups import back_up
    from app.store.backups.postgresql import Programs

    installation = open_installation(instance)
    if not to.absolute().parent.is_dir():
        raise Refusal(f"{to.absolute().parent} is no directory. Create it, or name another place.")
    console = Console(stderr=True)
    with (
        ending_in_order(),
        Progress(console=console, disable=as_json or not console.is_terminal) as shown,
    ):
        task = shown.add_task("Backing up", total=None)
        try:
            made = back_up(
                installation,
                to,
                Programs(programs),
                lambda done, of: shown.update(task, completed=done, total=of),
            )
        except FileExistsError:
            raise Refusal(f"{to} is there already and not empty. Name a new folder.") from None
    if as_json:
        told(asdict(made))
    else:
        click.echo(f"{to}: {described(made)}")


def described(manifest: Manifest) -> str:
    """What a backup holds, for a person."""
    rows = sum(manifest.rows.values())
    return (
        f"{manifest.database} at revision {manifest.revision}, {rows} rows in"
        f" {len(manifest.rows)} tables, {manifest.bytes} bytes, as of"
        f" {manifest.made_at.isoformat(timespec='seconds')}."
    )
