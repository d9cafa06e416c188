"""`eclaims encryption`: whether text is encrypted, and under which keys.

Docs: docs/encryption.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.options import (
    Refusal,
    instance_option,
    json_option,
    keys_told,
    read_settings,
    require_schema,
    table,
    told,
)

if TYPE_CHECKING:
    from app.gateway.administering.encryption import Status

OFF = "Encryption is off, so there are no keys. `eclaims encryption on` turns it on."
_SECONDS_TO_WAIT = 60.0
_SECONDS_BETWEEN = 0.5


@click.group()
def encryption() -> None:
    """Encryption of resource text: status, on, rotate."""


@encryption.command()
@instance_option
@json_option
def status(instance: Path, as_json: bool) -> None:
    """Show whether text is encrypted, under which keys, and how many texts are plain.

    Exit code 1 where a key is missing that something is encrypted under.
    """
    from app.gateway.administering import encryption as administering

    with keys_told(instance):
        found = administering.status(require_schema(instance))
    if as_json:
        told(asdict(found))
    else:
        _show(found)
    if found.missing:
        text = f"These keys are missing, or are others by that name: {', '.join(found.missing)}"
        raise Refusal(f"{text}. Put them back from your copy: what they wrap cannot be read.")


@encryption.command()
@instance_option
@json_option
def on(instance: Path, as_json: bool) -> None:
    """Encrypt all text, new and old; servers may run meanwhile, where they have the key file.

    Makes the file of keys where there is none. May be broken off and run again.
    """
    from app import settings
    from app.gateway.administering import encryption as administering

    installation = require_schema(instance)
    with keys_told(instance):
        ring = administering.begin(installation)
        settings.turn_encryption_on(instance)
        with _progress("Encrypting", as_json) as advanced:
            texts = administering.convert(installation, advanced)
    if as_json:
        told({"current": ring.current, "texts": texts})
        return
    click.echo(f"Encryption is on; {texts} texts were encrypted now.")
    remind_to_copy(instance)


@encryption.command()
@click.option("--finish", is_flag=True, help="Make no new key, and destroy the old ones.")
@instance_option
@json_option
def rotate(finish: bool, instance: Path, as_json: bool) -> None:
    """Make a new key that wraps those of the texts, and wrap all of them under it.

    The old key stays, for backups made before, until --finish destroys it: from then on nobody can
    read these backups, nor what was nullified since. May be broken off and run again.
    """
    from app.gateway.administering import encryption as administering

    installation = require_schema(instance)
    gone: list[str] = []
    with keys_told(instance), _progress("Wrapping", as_json) as advanced:
        _require_on(administering.status(installation))
        try:
            if finish:
                gone = administering.finish(installation, advanced, _patience())
            else:
                administering.rotate(installation, advanced)
        except administering.StillRead:
            text = "Somebody still reads what was there before, so no key was destroyed"
            raise Refusal(f"{text}. Repeat the command when that has ended.") from None
        found = administering.status(installation)
    if as_json:
        told({"current": found.current, "destroyed": gone})
    elif finish:
        click.echo(f"Wrapped under {found.current}; destroyed: {', '.join(gone) or 'none'}.")
        if gone:
            click.echo("Delete every copy of the file that still holds what was destroyed.")
    else:
        click.echo(f"Wrapped under {found.current}. Next: copy the keys, `eclaims backup`, then")
        click.echo(f"eclaims encryption rotate --finish --instance {instance}.")


def _require_on(found: Status) -> None:
    if found.current is None and not found.missing:
        raise Refusal(OFF)


def _patience() -> Callable[[], bool]:
    until = time.monotonic() + _SECONDS_TO_WAIT

    def wait() -> bool:
        time.sleep(_SECONDS_BETWEEN)
        return time.monotonic() < until

    return wait


def _show(found: Status) -> None:
    if found.current is None:
        if not found.missing:
            click.echo(OFF)
        return
    table(
        "Keys that wrap others",
        "Key",
        "Made at",
        "Wraps",
        "Is",
        rows=[
            (
                key.id,
                key.created_at.isoformat(timespec="seconds"),
                str(key.wraps),
                _standing(key.id, found),
            )
            for key in found.keys
        ],
    )
    click.echo(f"{found.plain} texts are plain.")


def _standing(id: str, found: Status) -> str:
    if id in found.missing:
        return "missing"
    if id == found.current:
        return "current"
    return "to be destroyed" if id in found.held else "gone"


def remind_to_copy(instance: Path) -> None:
    """Tell that the file of keys has to be copied, where they come from one."""
    file = read_settings(instance).keys_file
    if file.exists():
        click.echo(f"Copy {file} to a safe place, apart from backups: without it all is lost.")


@contextmanager
def _progress(name: str, as_json: bool) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    from app.cli.process import ending_in_order

    console = Console(stderr=True)
    is_hidden = as_json or not console.is_terminal
    with ending_in_order(), Progress(console=console, disable=is_hidden) as shown:
        task = shown.add_task(name, total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)
