"""`eclaims queue`: how much there is to decide, and whether anybody does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.options import (
    administration_of,
    instance_option,
    json_option,
    open_installation,
    table,
    told,
)

if TYPE_CHECKING:
    from app.store.work_queue import Depth


@click.command()
@instance_option
@json_option
def queue(instance: Path, as_json: bool) -> None:
    """Show each kind of job: waiting, leased, abandoned, and how long the oldest has been due.

    An oldest that grows means that nobody works: is `eclaims work` running? An abandoned job failed
    ten times; the log names the class of each failure.
    """
    depths = administration_of(open_installation(instance)).depths()
    if as_json:
        told([_document(depth) for depth in depths])
        return
    if not depths:
        click.echo("Nothing waits: every Claim is decided, or waits for a person.")
        return
    rows = [
        (depth.kind, str(depth.waiting), str(depth.leased), str(depth.abandoned), _age(depth))
        for depth in depths
    ]
    table("Jobs", "kind", "waiting", "leased", "abandoned", "oldest due for", rows=rows)


def _document(depth: Depth) -> dict[str, object]:
    return {
        "kind": depth.kind,
        "waiting": depth.waiting,
        "leased": depth.leased,
        "abandoned": depth.abandoned,
        "oldest_due_at": depth.oldest_due_at,
    }


def _age(depth: Depth) -> str:
    if depth.oldest_due_at is None:
        return "-"
    return f"{(datetime.now(UTC) - depth.oldest_due_at).total_seconds():.0f} s"
