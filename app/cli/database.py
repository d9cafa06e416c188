"""`eclaims db`: the schema, one path for SQLite and PostgreSQL."""

from pathlib import Path

import click

from app.cli.options import Refusal, instance_option, read_settings


@click.group()
def db() -> None:
    """The database's schema: upgrade, downgrade, current."""


@db.command()
@instance_option
@click.option("--revision", default="head", show_default=True)
def upgrade(instance: Path, revision: str) -> None:
    """Bring the schema to a revision, the newest one by default."""
    from app import create_installation
    from app.store import schema

    store = create_installation(read_settings(instance)).store
    schema.upgrade(store, revision)
    click.echo(f"The database is at revision {schema.current(store)}.")


@db.command()
@instance_option
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do it: what the revision added is lost.")
def downgrade(instance: Path, revision: str, yes: bool) -> None:
    """Take the schema back to REVISION ('base' empties the database)."""
    from app import create_installation
    from app.store import schema

    if not yes:
        raise Refusal("This loses data. Make a copy first, then repeat the command with --yes.")
    store = create_installation(read_settings(instance)).store
    schema.downgrade(store, revision)
    click.echo(f"The database is at revision {schema.current(store) or 'none'}.")


@db.command()
@instance_option
def current(instance: Path) -> None:
    """Show the schema's revision, and whether it is the one this version works with."""
    from app import create_installation
    from app.store import schema

    found = schema.current(create_installation(read_settings(instance)).store)
    newest = schema.newest()
    click.echo(f"{found or 'none'}{'' if found == newest else f', not {newest}'}")
    if found != newest:
        raise SystemExit(1)
