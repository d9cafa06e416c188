"""`eclaims retention`: what need not be kept, told or taken away now."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from app.cli.options import (
    administration_of,
    instance_option,
    json_option,
    open_installation,
    payer_of,
    table,
    told,
)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only tell what is old enough.")
@click.option("--payer", "payer_name", help="The payer; without it all of them.")
@instance_option
@json_option
def retention(dry_run: bool, payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Take away what need not be kept, as the clock does each night; prints how much that was.

    Claims, their answers and the audit are never taken away. With --dry-run, what is under legal
    hold, or not acknowledged yet, is counted too, though it stays.
    """
    from app.domain.parties import Scope
    from app.gateway.administering.retention import expired, forget_expired

    installation = open_installation(instance)
    administration = administration_of(installation)
    payers = [payer_of(administration, payer_name)] if payer_name else administration.payers()
    found = {}
    for payer in payers:
        if dry_run:
            found[payer.name] = installation.read(Scope(payer.id), partial(expired, payer))
        else:
            found[payer.name] = forget_expired(installation, payer)
    if as_json:
        told({"dry_run": dry_run, "payers": [{"payer": n} | asdict(e) for n, e in found.items()]})
        return
    title = "Old enough to go" if dry_run else "Taken away"
    rows = [(name, *(str(count) for count in asdict(one).values())) for name, one in found.items()]
    columns = ("polls and statuses", "replay keys", "calendar slots", "used assertions")
    table(title, "payer", *columns, rows=rows)
