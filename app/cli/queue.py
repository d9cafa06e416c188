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
    from app.domain.adjudication import Awaiting
    from app.store.work_queue import Depth


@click.command()
@instance_option
@json_option
def queue(instance: Path, as_json: bool) -> None:
    """Show what there is to do: jobs by state, and Claims that wait for something.

    A job that is due for long means that nobody works: is `eclaims work` running? An abandoned job
    failed ten times; the log names the class of each failure. What waits for an operator waits for
    a person to decide it.
    """
    administration = administration_of(open_installation(instance))
    depths = administration.depths()
    waits = [
        (payer.name, *waiting)
        for payer in administration.payers()
        for waiting in administration.awaited(payer)
    ]
    if as_json:
        told({"jobs": [_job(depth) for depth in depths], "awaiting": [_wait(one) for one in waits]})
        return
    if not depths and not waits:
        click.echo("Nothing waits: every Claim is decided.")
    if depths:
        jobs = [
            (depth.kind, str(depth.waiting), str(depth.leased), str(depth.abandoned), _age(depth))
            for depth in depths
        ]
        table("Jobs", "kind", "waiting", "leased", "abandoned", "oldest due for", rows=jobs)
    if waits:
        claims = [
            (payer, str(awaiting), str(count), due.isoformat(" ", "minutes") if due else "-")
            for payer, awaiting, count, due in waits
        ]
        table("Claims that wait", "payer", "for", "how many", "first closes at", rows=claims)


def _job(depth: Depth) -> dict[str, object]:
    return {
        "kind": depth.kind,
        "waiting": depth.waiting,
        "leased": depth.leased,
        "abandoned": depth.abandoned,
        "oldest_due_at": depth.oldest_due_at,
    }


def _wait(one: tuple[str, Awaiting, int, datetime | None]) -> dict[str, object]:
    payer, awaiting, count, due = one
    return {"payer": payer, "for": str(awaiting), "count": count, "first_due_at": due}


def _age(depth: Depth) -> str:
    if depth.oldest_due_at is None:
        return "-"
    return f"{(datetime.now(UTC) - depth.oldest_due_at).total_seconds():.0f} s"
