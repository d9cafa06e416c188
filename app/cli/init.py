"""`eclaims init`: a new installation that can take and decide a Claim at once."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.encryption import remind_to_copy
from app.cli.options import (
    Refusal,
    create_installation,
    instance_option,
    json_option,
    keys_told,
    read_settings,
    told,
)

if TYPE_CHECKING:
    from app.domain.parties import Payer
    from app.gateway.installation import Installation

DEFAULT_PAYER = "Default Payer"
# What a fresh checkout keeps in its instance folder; anything else means somebody lives there.
_DOCUMENTATION = {"README.md", "settings.example.toml", ".gitkeep", ".gitignore"}
# https://www.sqlite.org/fileformat.html#magic_header_string
_SQLITE_HEADER = b"SQLite format 3\0"
_IN_USE = "The database is in use"


@click.command()
@instance_option
@click.option(
    "--database",
    metavar="URL",
    help="postgresql://USER@HOST/NAME or sqlite:///FILE; without it a SQLite file in DIR.",
)
@click.option("--payer", "payer_name", default=DEFAULT_PAYER, show_default=True)
@click.option("--no-encryption", "plain", is_flag=True, help="Leave text as it is in the files.")
@json_option
def init(instance: Path, database: str | None, payer_name: str, plain: bool, as_json: bool) -> None:
    """Create an installation: settings, keys, schema, a first payer and its default plan.

    The directory must be new or empty, and so must the database.
    """
    with ExitStack() as undoing:
        # A half-made installation would be refused as "not empty" by the next try.
        _make_folder(instance, undoing)
        _write_settings(instance, database, undoing)
        payer = _set_up(instance, payer_name, undoing, is_encrypted=not plain)
        undoing.pop_all()
    if as_json:
        told({"instance": str(instance), "payer": payer.name, "payer_id": payer.id})
        return
    click.echo(f"Created {instance} with the payer {payer.name!r} and its default plan.")
    if not plain:
        remind_to_copy(instance)
    click.echo(
        f"Next: eclaims submitter add NAME --identifier 'system|value' --instance {instance}, "
        f"then eclaims serve --instance {instance}."
    )
    if database is not None and not database.startswith("sqlite"):
        click.echo(f"eclaims work --instance {instance} decides what is taken in; run it beside.")


def _make_folder(instance: Path, undoing: ExitStack) -> None:
    if not instance.exists():
        # What is kept there is health information: it is its owner's alone.
        instance.mkdir(parents=True, mode=0o700)
        undoing.callback(instance.rmdir)
        return
    found = sorted(one.name for one in instance.iterdir() if one.name not in _DOCUMENTATION)
    if found:
        raise Refusal(f"{instance} is not empty: it holds {found[0]}. Name a new directory.")


def _write_settings(instance: Path, database: str | None, undoing: ExitStack) -> None:
    from app import settings

    # Where a relative file is meant, it is one in the directory of whoever types.
    url = None if database is None else settings.database_url(database, Path.cwd())
    file = instance / settings.FILE
    undoing.callback(file.unlink, missing_ok=True)
    settings.write(instance, url)
    kept_in = read_settings(instance).file
    if kept_in is not None:
        _make_file(kept_in, undoing)


def _make_file(kept_in: Path, undoing: ExitStack) -> None:
    if not kept_in.parent.is_dir():
        raise Refusal(f"{kept_in.parent} is no directory. Create it, or name another file.")
    if kept_in.exists():
        with kept_in.open("rb") as file:
            if file.read(len(_SQLITE_HEADER)) not in {b"", _SQLITE_HEADER}:
                raise Refusal(f"{kept_in} is no SQLite database. Name a new file.")
        return
    kept_in.touch(mode=0o600)
    for suffix in ("", "-wal", "-shm", "-journal"):
        undoing.callback(kept_in.with_name(kept_in.name + suffix).unlink, missing_ok=True)


def _set_up(instance: Path, payer_name: str, undoing: ExitStack, *, is_encrypted: bool) -> Payer:
    from app.gateway.administering.administration import Administration
    from app.gateway.administering.new_payer import new_payer
    from app.store import schema

    installation = create_installation(instance)
    # Never upgraded from here: a schema of another version has somebody's data in it.
    if schema.current(installation.store) not in {None, schema.newest()}:
        raise Refusal(f"{_IN_USE} by another version. Name an empty one with --database.")
    schema.upgrade(installation.store)
    existing = Administration(installation).find_payer(None)
    if existing is not None:
        raise Refusal(f"{_IN_USE}: it has the payer {existing.name!r}. Name an empty one.")
    if is_encrypted:
        _encrypt(instance, installation, undoing)
    return new_payer(installation, payer_name, is_default=True)


def _encrypt(instance: Path, installation: Installation, undoing: ExitStack) -> None:
    from app import settings
    from app.gateway.administering import encryption
    from app.store.encryption.sources import KeyFile

    keys = KeyFile(read_settings(instance).keys_file)
    for file in (keys.path, keys.lock):
        if not file.exists():
            undoing.callback(file.unlink, missing_ok=True)
    with keys_told(instance):
        encryption.begin(installation)
    settings.turn_encryption_on(instance)
