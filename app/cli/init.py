"""`eclaims init`: a new installation that can take and decide a Claim at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.options import Refusal, instance_option, json_option, open_installation, told

if TYPE_CHECKING:
    from app.domain.parties import Payer

DEFAULT_PAYER = "Default Payer"
# What a fresh checkout keeps in its instance folder; anything else means somebody lives there.
_DOCUMENTATION = {"README.md", "settings.example.toml", ".gitkeep", ".gitignore"}


@click.command()
@instance_option
@click.option("--database", help="A database URL: postgresql://…; without it a SQLite file.")
@click.option("--payer", "payer_name", default=DEFAULT_PAYER, show_default=True)
@json_option
def init(instance: Path, database: str | None, payer_name: str, as_json: bool) -> None:
    """Create an installation: settings, schema, a first payer and its default plan.

    The directory must be new or empty.
    """
    from app import settings

    _require_empty(instance)
    instance.mkdir(parents=True, exist_ok=True)
    settings.write(instance, _driver_named(database))
    try:
        payer = _set_up(instance, payer_name)
    except BaseException:
        # A half-made installation would be refused as "not empty" by the next try.
        (instance / settings.FILE).unlink(missing_ok=True)
        raise
    if as_json:
        told({"instance": str(instance), "payer": payer.name, "payer_id": payer.id})
        return
    click.echo(f"Created {instance} with the payer {payer.name!r} and its default plan.")
    click.echo("Next: eclaims submitter add NAME --identifier 'system|value', then eclaims serve.")


def _require_empty(instance: Path) -> None:
    if not instance.exists():
        return
    found = sorted(one.name for one in instance.iterdir() if one.name not in _DOCUMENTATION)
    if found:
        raise Refusal(f"{instance} is not empty: it holds {found[0]}. Name a new directory.")


def _driver_named(database: str | None) -> str | None:
    """`postgresql://` alone means the driver that comes with us."""
    if database is None:
        return None
    for plain in ("postgresql://", "postgres://"):
        if database.startswith(plain):
            return "postgresql+psycopg://" + database.removeprefix(plain)
    return database


def _set_up(instance: Path, payer_name: str) -> Payer:
    from app import create_installation
    from app.cli.options import read_settings
    from app.gateway.administration import Administration
    from app.gateway.new_payer import new_payer
    from app.store import schema
    from app.store.engine import Busy

    installation = create_installation(read_settings(instance))
    try:
        schema.upgrade(installation.store)
    except Busy:
        raise Refusal("The database does not answer: is it running, and its URL right?") from None
    installation = open_installation(instance)
    existing = Administration(installation).find_payer(None)
    if existing is not None:
        raise Refusal(f"The database already has the payer {existing.name!r}.")
    return new_payer(installation, payer_name, is_default=True)
