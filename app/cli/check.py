"""`eclaims check`: whether an installation can be started, and whether it should be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.options import (
    Refusal,
    instance_option,
    json_option,
    open_installation,
    read_settings,
    table,
    told,
)

if TYPE_CHECKING:
    from app.cli.production import Finding


@click.command()
@instance_option
@click.option("--production", is_flag=True, help="Refuse what must not be so in production.")
@json_option
def check(instance: Path, production: bool, as_json: bool) -> None:
    """Look whether the settings are right and the database answers, and is of this version.

    With --production, and always where the profile is production, whether anything is left that
    must not be so there; a start refuses the same, but for walls that are down.
    """
    from app.cli.production import findings, findings_of_the_database

    settings = read_settings(instance)
    is_asked = production or settings.is_production
    found = findings(settings, os.environ) if is_asked else []
    # Told even where no database answers.
    _require(found, as_json)
    installation = open_installation(instance)
    found += findings_of_the_database(installation.store) if is_asked else []
    _require(found, as_json)
    _show(found, as_json)
    if not as_json:
        click.echo(f"{instance} can be started.")


def _require(found: list[Finding], as_json: bool) -> None:
    refused = [one for one in found if one.refused is not None]
    if refused:
        _show(found, as_json)
        raise Refusal(f"{len(refused)} of {len(found)} are refused in production.")


def _show(found: list[Finding], as_json: bool) -> None:
    if as_json:
        told({"findings": [{"rule": one.rule, "refused": one.refused} for one in found]})
    elif found:
        rows = [(one.rule, "refused" if one.refused else "ok", one.refused or "") for one in found]
        table("Production", "what", "", "what to do", rows=rows)
