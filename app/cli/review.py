"""`eclaims review`: Claims that await a person of the payer."""

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
    payer_option,
    table,
    told,
)

if TYPE_CHECKING:
    from app.domain.adjudication import Review


@click.group()
def review() -> None:
    """Claims that await an operator: list them, and say how to go on."""


@review.command("list")
@payer_option
@instance_option
@json_option
def list_waiting(payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Show the Claims that await an operator, the oldest first, and why (at most 500)."""
    from app.gateway.deciding.reviews import Reviews

    installation = open_installation(instance)
    administration = administration_of(installation)
    owner = payer_of(administration, payer_name)
    names = {one.client.id: one.client.name for one in administration.registrations(owner)}
    lines = [
        {
            "reference": f"Claim/{one.id}",
            "submitter": names[one.submitter_id],
            "received": one.created_at.isoformat(" ", "minutes"),
            "why": one.awaiting_text or "",
        }
        for one in Reviews(installation).waiting(owner)
    ]
    if as_json:
        told(lines)
    elif lines:
        rows = [tuple(line.values()) for line in lines]
        table(f"Claims of {owner.name} that await an operator", *lines[0], rows=rows)
    else:
        click.echo("No Claim awaits an operator.")


@review.command()
@click.argument("claim")
@payer_option
@instance_option
@json_option
def distinct(claim: str, payer_name: str | None, instance: Path, as_json: bool) -> None:
    """The near duplicates of CLAIM are services of their own: decide it as any other."""
    from app.domain.adjudication import Review

    _say(claim, Review.DISTINCT, payer_name, instance, as_json)


@review.command()
@click.argument("claim")
@payer_option
@instance_option
@json_option
def duplicate(claim: str, payer_name: str | None, instance: Path, as_json: bool) -> None:
    """The near duplicates of CLAIM were claimed before: deny those lines, decide the others."""
    from app.domain.adjudication import Review

    _say(claim, Review.DUPLICATE, payer_name, instance, as_json)


@review.command()
@click.argument("claim")
@payer_option
@instance_option
@json_option
def again(claim: str, payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Ask the payer's adjudicator about CLAIM once more, after its plan or rules were changed."""
    _say(claim, None, payer_name, instance, as_json)


def _say(
    claim: str, said: Review | None, payer_name: str | None, instance: Path, as_json: bool
) -> None:
    from app.gateway.deciding.reviews import NotAwaited, Reviews

    installation = open_installation(instance)
    owner = payer_of(administration_of(installation), payer_name)
    id = claim.removeprefix("Claim/")
    try:
        Reviews(installation).say(owner, id, said)
    except NotAwaited:
        text = f"No Claim {id!r} of {owner.name!r} awaits an operator"
        raise Refusal(f"{text}; `eclaims review list` shows those that do.") from None
    if as_json:
        told({"reference": f"Claim/{id}", "review": said or "again"})
        return
    click.echo(f"Claim/{id} is due to be decided.")
