"""`eclaims restore`: the database as a backup has it, without what was withdrawn since."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.backup import described, programs_option
from app.cli.options import (
    Refusal,
    create_installation,
    instance_option,
    json_option,
    read_settings,
    told,
)

if TYPE_CHECKING:
    from app.gateway.administering.backups import Restored
    from app.gateway.installation import Installation
    from app.store.backups.manifest import Manifest
    from app.store.backups.withdrawn import Withdrawn

# What the database knew to be withdrawn, until what was restored knows it.
KEPT = "withdrawn-before-restore.jsonl"


@click.command()
@click.argument("source", metavar="FROM", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Only read the backup from end to end.")
@click.option("--replace", "replaces", is_flag=True, help="Let go of what is in the database.")
@click.option(
    "--tombstones",
    "lists",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A list that `eclaims tombstones export` wrote; repeats, in any order.",
)
@click.option("--no-tombstones", "goes_without", is_flag=True, help="There is no such list.")
@programs_option
@instance_option
@json_option
def restore(
    source: Path,
    check: bool,
    replaces: bool,
    lists: tuple[Path, ...],
    goes_without: bool,
    programs: Path | None,
    instance: Path,
    as_json: bool,
) -> None:
    """Restore the backup FROM into the installation; no server may run.

    What was nullified, and which tokens were disabled or rotated, after the backup was made is told
    by the database that is replaced, if it can be read, and by the lists that are named. One of the
    two there has to be, or --no-tombstones.
    """
    from app.gateway.administering import backups
    from app.store.backups.postgresql import Programs

    found = Programs(programs)
    if check:
        _show(backups.checked(source, found), None, as_json)
        return
    installation = create_installation(instance)
    manifest = backups.usable(source, installation)
    with ExitStack() as held:
        _hold(instance, held)
        was_broken_off = (instance / KEPT).exists()
        given = _withdrawn(installation, instance, lists, replaces, goes_without)
        try:
            done = backups.restored(installation, source, manifest, given, found, replaces=replaces)
        except BaseException as fault:
            # A list that is left must be one of a database that is gone.
            if backups.is_unchanged_after(installation, fault) and not was_broken_off:
                (instance / KEPT).unlink()
            raise
        (instance / KEPT).unlink()
    _show(manifest, done, as_json)


def _hold(instance: Path, held: ExitStack) -> None:
    from app.cli.process import ending_in_order, hold_the_file

    held.enter_context(ending_in_order())
    settings = read_settings(instance)
    if settings.is_sqlite:
        held.enter_context(hold_the_file(settings))


def _withdrawn(
    installation: Installation,
    instance: Path,
    lists: tuple[Path, ...],
    replaces: bool,
    goes_without: bool,
) -> Withdrawn:
    """What must stay withdrawn; on the disk before anything changes, for that may be broken off."""
    from app.store.backups import withdrawn
    from app.store.backups.manifest import own_as

    kept = instance / KEPT
    paths = (*lists, *((kept,) if kept.exists() else ()))
    given = withdrawn.Withdrawn()
    for path in paths:
        given = given.with_others(_read(path))
    living = _of_the_living(installation, replaces)
    if living is None and not paths and not goes_without:
        text = "What was nullified since the backup was made is not known"
        raise Refusal(f"{text}: name the latest list with --tombstones, or say --no-tombstones.")
    given = given.with_others(living or withdrawn.Withdrawn())
    withdrawn.write(kept, given)
    own_as(kept, instance)
    return given


def _read(path: Path) -> Withdrawn:
    from app.store.backups import withdrawn

    try:
        return withdrawn.read(path)
    except withdrawn.DamagedList:
        raise Refusal(f"{path} is no list of `eclaims tombstones export`, or cut off.") from None


def _of_the_living(installation: Installation, replaces: bool) -> Withdrawn | None:
    """What the database that is replaced knows; None where it is empty or cannot be read."""
    from app.gateway.administering import backups
    from app.gateway.tasks import withdrawals

    if not backups.is_readable(installation.store):
        if not replaces:
            text = "The database cannot be read. To put the backup into its place all the same"
            raise Refusal(f"{text}, add --replace.")
        return None
    if backups.is_empty(installation.store):
        return None
    if not replaces:
        text = "The database is not empty. To let go of what is in it, add --replace"
        raise Refusal(f"{text}; to keep it, restore into another installation.")
    return withdrawals.withdrawn(installation)


def _show(manifest: Manifest, done: Restored | None, as_json: bool) -> None:
    if as_json:
        given, plain = (asdict(done.applied), done.plain) if done is not None else (None, None)
        told({"backup": asdict(manifest), "applied": given, "plain": plain})
        return
    click.echo(f"{'Restored' if done else 'Sound'}: {described(manifest)}")
    if done is not None:
        applied = done.applied
        click.echo(
            f"Withdrawn again: {applied.purged} resources purged, {applied.remembered} that came"
            f" later remembered as gone, {applied.tokens} tokens, {applied.holds} legal holds,"
            f" {applied.rights} clients with other scopes or keys."
        )
        if applied.tokens or applied.rights:
            click.echo("Look which clients have a token or keys: `eclaims submitter list`.")
        if done.plain:
            text = f"{done.plain} texts are plain: the backup was made before encryption was on"
            click.echo(f"{text}. Run `eclaims encryption on`.")
