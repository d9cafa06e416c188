"""`eclaims db`: the schema, one path for SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import reindex, walls
from app.cli.options import Refusal, create_installation, instance_option, json_option, told

if TYPE_CHECKING:
    from app.store.database.engine import Store


@click.group()
def db() -> None:
    """The database's schema: upgrade, downgrade, current; its search index: reindex; its walls."""


db.add_command(reindex.reindex)
db.add_command(walls.walls)


@db.command()
@instance_option
@click.option("--revision", default="head", show_default=True)
@json_option
def upgrade(instance: Path, revision: str, as_json: bool) -> None:
    """Bring the schema to a revision, the newest one by default."""
    from app.store import schema

    store = create_installation(instance).store
    try:
        schema.upgrade(store, revision)
    except schema.NoSuchRevision:
        raise _unknown(revision) from None
    _show(store, as_json)


@db.command()
@instance_option
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do it: what the revision added is lost.")
@json_option
def downgrade(instance: Path, revision: str, yes: bool, as_json: bool) -> None:
    """Take the schema back to REVISION ('base' empties the database)."""
    from app.store import schema

    if not yes:
        raise Refusal("This loses data. Make a copy first, then repeat the command with --yes.")
    store = create_installation(instance).store
    try:
        schema.downgrade(store, revision)
    except schema.NoSuchRevision:
        raise _unknown(revision) from None
    _show(store, as_json)


@db.command()
@instance_option
@json_option
def current(instance: Path, as_json: bool) -> None:
    """Show the schema's revision; exit code 1 where this version works with another one."""
    from app.store import schema

    store = create_installation(instance).store
    schema.require_restored(store)
    if not _show(store, as_json):
        raise Refusal(f"Run `eclaims db upgrade --instance {instance}`.")


def _show(store: Store, as_json: bool) -> bool:
    """Tell the revision; whether it is the one that this version works with."""
    from app.store import schema

    found, newest = schema.current(store), schema.newest()
    if as_json:
        told({"revision": found, "newest": newest})
    else:
        difference = "" if found == newest else f"; this version works with {newest}"
        click.echo(f"The database is at revision {found or 'none'}{difference}.")
    return found == newest


def _unknown(revision: str) -> Refusal:
    return Refusal(f"There is no revision {revision!r} on that way; `eclaims db current` tells.")
