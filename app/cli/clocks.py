"""`eclaims clocks`: what has to be decided by when, what is late, and what will be."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import (
    administration_of,
    instance_option,
    json_option,
    open_installation,
    payer_of,
    payer_option,
    table,
    told,
)

if TYPE_CHECKING:
    from app.domain.forecast import Standing
    from app.gateway.deciding.time_limits import TimeLimits
    from app.store.clocks import Timed

_MOST_LISTED = 100
_COLUMNS = (
    "payer",
    "kind",
    "open",
    "paused",
    "late",
    "due in 24 h",
    "oldest",
    "pace",
    "will be late",
)


@click.command()
@click.option(
    "--list", "is_listed", is_flag=True, help="Name the Claims that are late or due soon."
)
@payer_option
@instance_option
@json_option
def clocks(payer_name: str | None, is_listed: bool, instance: Path, as_json: bool) -> None:
    """Show how much of the time to decide is left, by kind of request.

    Of all payers, or of the named one. What waits for the provider is paused. "Will be late" are
    those that are not late yet, and will be at the pace of the last day, or else of the last week.
    """
    from app.gateway.deciding.time_limits import time_limits

    installation = open_installation(instance)
    administration = administration_of(installation)
    names = {one.client.id: one.client.name for one in administration.registrations()}
    payers = [payer_of(administration, payer_name)] if payer_name else administration.payers()
    listed = _MOST_LISTED if is_listed else 0
    found = [(payer.name, time_limits(installation, payer, listed)) for payer in payers]
    if as_json:
        told([_document(name, limits, names) for name, limits in found])
        return
    rows = [
        _row(name, standing, limits.at) for name, limits in found for standing in limits.standings
    ]
    if not rows:
        click.echo("Nothing is to be decided.")
        return
    table("Time to decide", *_COLUMNS, rows=rows)
    due = [_due(name, timed, names) for name, limits in found for timed in limits.due]
    if due:
        cells = [tuple(_cell(cell) for cell in one.values()) for one in due]
        table("Late, or due within 24 hours", *due[0], rows=cells)


def _row(payer: str, standing: Standing, now: datetime) -> tuple[str, ...]:
    counts = (standing.open, standing.paused, standing.breached, standing.due_soon)
    age = _span(now, standing.oldest_at) if standing.oldest_at else "-"
    pace = f"{standing.pace.decisions} in {_hours(standing.pace.within)} h"
    named = tuple(str(count) for count in counts)
    return (payer, str(standing.kind), *named, age, pace, str(standing.will_breach))


def _span(now: datetime, since: datetime) -> str:
    hours = _hours(now - since)
    return f"{hours} h" if hours else f"{(now - since) // timedelta(minutes=1)} min"


def _hours(span: timedelta) -> int:
    return span // timedelta(hours=1)


def _cell(cell: object) -> str:
    return cell.isoformat(" ", "minutes") if isinstance(cell, datetime) else str(cell)


def _document(payer: str, limits: TimeLimits, names: dict[str, str]) -> dict[str, Any]:
    due = [_due(payer, timed, names) for timed in limits.due]
    return {
        "payer": payer,
        "at": limits.at,
        "kinds": [_kind(standing) for standing in limits.standings],
        "due": due,
    }


def _kind(standing: Standing) -> dict[str, Any]:
    kind = standing.kind
    return {
        "use": kind.use,
        "priority": kind.priority,
        "type": kind.type,
        "open": standing.open,
        "paused": standing.paused,
        "breached": standing.breached,
        "due_within_24_hours": standing.due_soon,
        "oldest_since": standing.oldest_at,
        "decisions": standing.pace.decisions,
        "decisions_in_hours": _hours(standing.pace.within),
        "will_breach": standing.will_breach,
        "first_breach_at": standing.first_breach_at,
    }


def _due(payer: str, timed: Timed, names: dict[str, str]) -> dict[str, Any]:
    return {
        "payer": payer,
        "claim": f"Claim/{timed.submission_id}",
        "submitter": names[timed.submitter_id],
        "kind": str(timed.clock.kind),
        "decide_by": timed.clock.decide_by,
    }
