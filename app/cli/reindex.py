"""`eclaims db reindex`: what is stored is found by what the search parameters of today say."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.options import instance_option, json_option, open_installation, told


@click.command()
@instance_option
@json_option
def reindex(instance: Path, as_json: bool) -> None:
    """Write the search index of everything that is stored anew; prints how much there was.

    Wanted after an upgrade that says so: until then, searches do not find what was stored before.
    The server may run meanwhile. It may be broken off and run again: only what is wrong changes.
    """
    from rich.console import Console
    from rich.progress import Progress

    from app.gateway.reindex import reindex as indexed
    from app.gateway.reindex import resources_to_index

    installation = open_installation(instance)
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
