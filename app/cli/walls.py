"""`eclaims db walls`: what PostgreSQL itself keeps one payer and one submitter from seeing."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.options import Refusal, instance_option, json_option, open_installation, told


@click.command()
@instance_option
@click.option("--up/--down", default=None, help="Put the walls up, or take them down.")
@json_option
def walls(instance: Path, up: bool | None, as_json: bool) -> None:
    """Tell whether PostgreSQL's row-level security holds; exit code 1 where it does not.

    Put them up once no process of a version before revision 0020 runs: those would see nothing.
    """
    from app.store.database import standing_walls

    store = open_installation(instance).store
    if store.is_sqlite:
        raise Refusal("SQLite has no row-level security: its file is opened by one process alone.")
    if up is not None:
        standing_walls.put(store, up=up)
    found = standing_walls.look(store)
    if as_json:
        told({"down": list(found.down), "passed": found.is_passed})
    elif found.holds:
        click.echo("The walls are up, and the database user does not pass them.")
    elif up is False:
        click.echo(f"The walls of {len(found.down)} tables are down now.")
    if up is False or found.holds:
        return
    if found.down:
        raise Refusal(
            f"The walls of {len(found.down)} tables are down. Once no process of an older version "
            f"runs: `eclaims db walls --up --instance {instance}`."
        )
    raise Refusal(
        "The database user passes every wall: it is a superuser or has BYPASSRLS. Let the gateway "
        "connect as another one that owns the tables."
    )
