"""What a command tells when something outside of it fails: one line, never a traceback.

A fault of our own keeps its traceback: nobody could mend it without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.options import KEYS_MISSING, NO_ANSWER, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a shell gives to a process that SIGINT ended: 128 + 2.
INTERRUPTED = 130


class Commands(click.Group):
    """A group whose commands end quietly when interrupted, and clearly when the database fails."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except OSError as fault:
            if fault.filename is None:
                raise
            raise Refusal(f"{fault.filename}: {fault.strerror}.") from None
        except Exception as fault:
            text = _sentences().get(type(fault)) or _sentence(fault)
            if text is None:
                raise
            raise Refusal(text) from None


def _sentence(fault: Exception) -> str | None:
    """What a fault of a backup, a restore or a key says itself."""
    from app.gateway.tasks.withdrawals import StillThere
    from app.store.backups import postgresql, sqlite
    from app.store.backups.manifest import NoBackup
    from app.store.encryption.ring import KeyDamaged
    from app.store.schema import NotTakenBack

    told = (NoBackup, KeyDamaged, postgresql.ProgramMissing, postgresql.ProgramFailed)
    if isinstance(fault, told):
        return f"{fault}."
    if isinstance(fault, NotTakenBack):
        return f"The schema stays as it is: {fault}."
    if isinstance(fault, StillThere):
        return f"Not restored: what was nullified cannot be purged again, {fault}."
    if isinstance(fault, (sqlite.InUse, postgresql.InUse)):
        return "Somebody else uses the database: stop every server and command first."
    if isinstance(fault, postgresql.NotEmpty):
        return "The database is not empty. To let go of what is in it, add --replace."
    return None


def _sentences() -> Mapping[type[Exception], str]:
    from app.store.database.engine import Busy, CommitUnknown, DiskFull
    from app.store.encryption.ring import KeyUnknown, WrongKeys
    from app.store.encryption.sources import BeingChanged
    from app.store.schema import RestoreUnfinished

    return {
        RestoreUnfinished: (
            "A restore of this database is not finished, so nothing works with it. "
            "Repeat `eclaims restore` with --replace."
        ),
        Busy: NO_ANSWER,
        BeingChanged: (
            "Another command changes the keys, or somebody changed their file meanwhile: "
            "it is left as it is. Repeat the command when that has ended."
        ),
        KeyUnknown: f"{KEYS_MISSING}: put them back from your copy.",
        WrongKeys: f"{KEYS_MISSING}, or damaged: put them back from your copy.",
        DiskFull: "The disk is full; nothing was changed. Make room and repeat the command.",
        CommitUnknown: "The connection broke while committing: look what is there, then repeat.",
    }
