"""`eclaims db reindex`: what is stored is found by what the search parameters of today say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from app.cli.options import (
    Refusal,
    instance_option,
    json_option,
    open_installation,
    read_settings,
    told,
)


@click.command()
@instance_option
@click.option("--base-url", help="The origin that clients reach, where the settings have none.")
@json_option
def reindex(instance: Path, base_url: str | None, as_json: bool) -> None:
    """Write the search index of everything that is stored anew; prints how much there was.

    Wanted after an upgrade that says so: until then, searches do not find what was stored before.
    The server may run meanwhile. It may be broken off and run again: only what is wrong changes.
    """
    from rich.console import Console
    from rich.progress import Progress

    from app.gateway.administering.reindex import reindex as indexed
    from app.gateway.administering.reindex import resources_to_index

    settings = read_settings(instance)
    origin = base_url or settings.base_url
    if origin is None:
        # Under another address than it was served by, references to itself would be a stranger's.
        text = "The settings have no base_url. Add --base-url with the origin that clients reach"
        raise Refusal(f"{text}: `eclaims serve` tells it, without /fhir/r4.")
    installation = replace(open_installation(instance), base_url=f"{origin.rstrip('/')}/fhir/r4")
    console = Console(stderr=True)
    is_hidden = as_json or not console.is_terminal
    resources = rows = 0
    with Progress(console=console, disable=is_hidden) as shown:
        task = shown.add_task("Indexing", total=resources_to_index(installation))
        for part in indexed(installation):
            resources, rows = resources + part.resources, rows + part.rows
            shown.advance(task, part.resources)
    if as_json:
        told({"resources": resources, "rows": rows})
    else:
        click.echo(f"{resources} resources are indexed; {rows} rows of the index changed.")
