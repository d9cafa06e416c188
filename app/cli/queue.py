"""`eclaims queue`: how much there is to decide and to fetch, and whether anybody does."""

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
    from app.gateway.administering.administration import Administration
    from app.store.jobs.work_queue import Depth


@click.command()
@instance_option
@json_option
def queue(instance: Path, as_json: bool) -> None:
    """Show what there is to do: jobs, Claims that wait or are not paid, answers not delivered.

    A job that is due for long means that nobody works: is `eclaims work` running? An abandoned job
    failed ten times; the log names the class of each failure. What waits for an operator waits for
    a person to decide it. A Claim in quarantine is left out of payments; the next run looks again.
    A parked answer was lent five times and never acknowledged. Abandoned and parked are put back by
    `eclaims requeue`.
    """
    administration = administration_of(open_installation(instance))
    depths = administration.depths()
    waits = [
        (payer.name, *waiting)
        for payer in administration.payers()
        for waiting in administration.awaited(payer)
    ]
    faults = [
        (payer.name, str(fault), count)
        for payer in administration.payers()
        for fault, count in administration.quarantined(payer)
    ]
    answers = _answers(administration)
    if as_json:
        awaiting = [_wait(one) for one in waits]
        jobs = [_job(one) for one in depths]
        unpaid = [{"payer": name, "fault": why, "count": count} for name, why, count in faults]
        told({"jobs": jobs, "awaiting": awaiting, "quarantined": unpaid, "answers": answers})
        return
    if not depths and not waits:
        click.echo("Nothing waits: every Claim is decided.")
    if depths:
        kinds = [
            (depth.kind, str(depth.waiting), str(depth.leased), str(depth.abandoned), _age(depth))
            for depth in depths
        ]
        table("Jobs", "kind", "waiting", "leased", "abandoned", "oldest due for", rows=kinds)
    if waits:
        claims = [
            (payer, str(awaiting), str(count), due.isoformat(" ", "minutes") if due else "-")
            for payer, awaiting, count, due in waits
        ]
        table("Claims that wait", "payer", "for", "how many", "first closes at", rows=claims)
    if faults:
        left_out = [(name, why, str(count)) for name, why, count in faults]
        table("Claims in quarantine", "payer", "fault", "how many", rows=left_out)
    if answers:
        queues = [tuple(str(cell) for cell in one.values()) for one in answers]
        table("Answers not delivered", *answers[0], rows=queues)


def _answers(administration: Administration) -> list[dict[str, object]]:
    names = {one.client.id: one.client.name for one in administration.registrations()}
    return [
        {
            "payer": payer.name,
            "submitter": names[one.submitter_id],
            "undelivered": one.undelivered,
            "leased": one.leased,
            "parked": one.parked,
        }
        for payer in administration.payers()
        for one in administration.answers(payer)
    ]


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
