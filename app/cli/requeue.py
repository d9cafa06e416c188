"""`eclaims requeue`: what was given up is tried again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.options import (
    Refusal,
    administration_of,
    instance_option,
    json_option,
    open_installation,
    payer_of,
    table,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.domain.parties import Client, Scope
    from app.gateway.administering.administration import Administration
    from app.gateway.installation import Installation

    Line = dict[str, str | int]

_COLUMNS = {
    "parked": ("payer", "submitter", "reference", "deliveries"),
    "abandoned": ("payer", "submitter", "reference", "kind"),
    "quarantined": ("payer", "submitter", "reference", "fault"),
}


@click.command()
@click.argument("what", type=click.Choice(["parked", "abandoned", "quarantined"]))
@click.option("--submitter", "name", help="Only what belongs to this submitter, by name or id.")
@click.option("--payer", "payer_name", help="Only what belongs to this payer.")
@instance_option
@json_option
def requeue(
    what: str, name: str | None, payer_name: str | None, instance: Path, as_json: bool
) -> None:
    """Put back what was given up: parked answers, abandoned jobs, Claims in quarantine.

    Prints what that was.

    A parked answer was lent five times and never acknowledged: it waits for the next poll again. An
    abandoned job failed ten times: it is due again. A Claim in quarantine was left out of a
    payment: it is looked at again. Mend the cause first. Nothing to put back is no error.
    """
    installation = open_installation(instance)
    administration = administration_of(installation)
    scopes = _scopes(administration, name, payer_name)
    clients = {one.client.id: one.client for one in administration.registrations()}
    lines = [line for scope in scopes for line in _PUT_BACK[what](installation, scope, clients)]
    if as_json:
        told(lines)
    elif lines:
        columns = _COLUMNS[what]
        rows = [tuple(str(line[column]) for column in columns) for line in lines]
        table("Put back", *columns, rows=rows)
    else:
        click.echo(f"Nothing is {what}.")


def _scopes(
    administration: Administration, name: str | None, payer_name: str | None
) -> Iterable[Scope]:
    """One submitter, one payer, or every payer."""
    from app.domain.parties import Scope

    owner = payer_of(administration, payer_name) if payer_name else None
    if name is None:
        return [Scope(one.id) for one in ([owner] if owner else administration.payers())]
    found = administration.find_registration(name, owner)
    if found is None or found.client.scope.submitter_id is None:
        raise Refusal(f"There is no single submitter {name!r}; `eclaims submitter list` shows all.")
    return [found.client.scope]


def _parked(installation: Installation, scope: Scope, clients: dict[str, Client]) -> list[Line]:
    from app.gateway.administering.requeue import requeue_parked

    return [
        {
            "payer": clients[one.submitter_id].payer.name,
            "submitter": clients[one.submitter_id].name,
            "reference": f"{one.type}/{one.resource_id}/_history/{one.version}",
            "deliveries": one.deliveries,
        }
        for one in requeue_parked(installation, scope)
    ]


def _abandoned(installation: Installation, scope: Scope, clients: dict[str, Client]) -> list[Line]:
    from app.gateway.administering.requeue import requeue_abandoned

    return [
        {
            "payer": clients[one.submitter_id].payer.name,
            "submitter": clients[one.submitter_id].name,
            "reference": f"{one.type}/{one.submission_id}",
            "kind": one.kind,
        }
        for one in requeue_abandoned(installation, scope)
    ]


def _quarantined(
    installation: Installation, scope: Scope, clients: dict[str, Client]
) -> list[Line]:
    from app.gateway.administering.requeue import requeue_quarantined

    return [
        {
            "payer": clients[one.submitter_id].payer.name,
            "submitter": clients[one.submitter_id].name,
            "reference": f"Claim/{one.claim_id}",
            "fault": str(one.fault),
        }
        for one in requeue_quarantined(installation, scope)
    ]


_PUT_BACK = {"parked": _parked, "abandoned": _abandoned, "quarantined": _quarantined}
