"""`eclaims nullify`: what waits until a person of the payer approves that it is purged."""

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
    from app.store.tasks import TaskRow


@click.group()
def nullify() -> None:
    """Purges that wait for approval: list, approve or refuse them."""


@nullify.command("list")
@payer_option
@instance_option
@json_option
def list_waiting(payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Show the nullify Tasks that wait for approval, the oldest first."""
    from app.gateway.purging.purges import Purges

    installation = open_installation(instance)
    owner = payer_of(administration_of(installation), payer_name)
    waiting = Purges(installation).waiting(owner)
    if as_json:
        told([{"task_id": one.id, "focus": _focus(one)} for one in waiting])
    elif waiting:
        rows = [(one.id, _focus(one)) for one in waiting]
        table(f"Purges of {owner.name} that wait", "task", "focus", rows=rows)
    else:
        click.echo("No purge waits for approval.")


@nullify.command()
@click.argument("task_id", metavar="TASK")
@payer_option
@instance_option
@json_option
def approve(task_id: str, payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Purge what the nullify TASK is about, by the rules of now. There is no way back."""
    _decide(task_id, payer_name, instance, as_json, is_approved=True)


@nullify.command()
@click.argument("task_id", metavar="TASK")
@payer_option
@instance_option
@json_option
def refuse(task_id: str, payer_name: str | None, instance: Path, as_json: bool) -> None:
    """Answer the nullify TASK `rejected`; what it is about stays."""
    _decide(task_id, payer_name, instance, as_json, is_approved=False)


def _decide(
    task_id: str, payer_name: str | None, instance: Path, as_json: bool, *, is_approved: bool
) -> None:
    from app.gateway.purging.purges import NotWaiting, Purges

    installation = open_installation(instance)
    owner = payer_of(administration_of(installation), payer_name)
    id = task_id.removeprefix("Task/")
    try:
        approval = Purges(installation).decide(owner, id, is_approved=is_approved)
    except NotWaiting:
        text = f"No nullify Task {id!r} of {owner.name!r} waits for approval"
        raise Refusal(f"{text}; `eclaims nullify list` shows those that do.") from None
    if as_json:
        told({"task_id": approval.task_id, "status": approval.status})
        return
    for reason in approval.reasons:
        click.echo(reason)
    click.echo(f"Task {approval.task_id} is {approval.status}; its submitter is told by poll.")


def _focus(task: TaskRow) -> str:
    return f"{task.focus_type}/{task.focus_id}"
