"""Backups of an installation, and installations made of them again. Docs: docs/backup.md.

The installation's `index_key` and the keys that its text is encrypted under are in none of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from app.gateway.administering import encryption
from app.gateway.administering.administration import Administration
from app.gateway.installation import Installation
from app.gateway.tasks import withdrawals
from app.gateway.tasks.withdrawals import Applied
from app.store import schema
from app.store.backups import manifest as manifests
from app.store.backups import postgresql, sqlite
from app.store.backups.manifest import Manifest, NoBackup
from app.store.backups.postgresql import Programs
from app.store.backups.withdrawn import Withdrawn
from app.store.database import standing_walls
from app.store.database.engine import Store
from app.store.database.walls import EVERYBODY
from app.store.parties import Parties
from app.store.trust import signing_keys

FILES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}

# After one of these a PostgreSQL database is what it was before.
_UNCHANGED = (
    postgresql.InUse,
    postgresql.NotEmpty,
    postgresql.ProgramMissing,
    postgresql.ProgramFailed,
)

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What the database holds now: the backup's manifest, and what was withdrawn anew.

    `plain` texts are not encrypted though there are keys: the backup is of before there were.
    """

    manifest: Manifest
    applied: Applied
    plain: int


def back_up(installation: Installation, folder: Path, programs: Programs, told: Told) -> Manifest:
    """Write a backup to a new folder while the installation runs.

    Raises FileExistsError, NoBackup where the database is damaged, ProgramMissing, ProgramFailed.
    """
    store = installation.store
    with manifests.appearing(folder) as growing:
        # Whatever is confirmed before this instant is in what is read after it.
        made_at = installation.clock()
        kind = "sqlite" if store.is_sqlite else "postgresql"
        file = growing / FILES[kind]
        if store.is_sqlite:
            contents = sqlite.copy(_file(store), file, told)
        else:
            contents = postgresql.dump(store.url, file, programs, told)
        size, digest = file.stat().st_size, manifests.digest(file)
        told_of = (contents.rows, contents.key_checks, contents.wrapping_keys)
        made = Manifest(kind, contents.revision, made_at, file.name, size, digest, *told_of)
        manifests.write(growing, made)
    return made


def checked(folder: Path, programs: Programs) -> Manifest:
    """What a backup holds, which is read from one end to the other; raises NoBackup."""
    manifest = manifests.read(folder)
    file = manifests.require_whole(folder, manifest)
    if manifest.database == "sqlite":
        sqlite.require_sound(file, is_kept=True)
    else:
        postgresql.require_sound(file, programs)
    return manifest


def usable(folder: Path, installation: Installation) -> Manifest:
    """What a backup holds that this installation can be made of; raises NoBackup."""
    manifest = manifests.read(folder)
    kind = "sqlite" if installation.store.is_sqlite else "postgresql"
    if manifest.database != kind:
        raise NoBackup(f"{folder} is a backup of {manifest.database}, this installation of {kind}")
    if not schema.is_known(manifest.revision):
        text = f"{folder} is at revision {manifest.revision}, which this version does not know"
        raise NoBackup(f"{text}: install the version that made it, or a later one")
    if not Administration(installation).fits(manifest.key_checks):
        raise NoBackup(f"{folder} was written with another index_key than that of the settings")
    lost = encryption.missing_keys(installation, manifest.wrapping_keys)
    if lost:
        text = f"{folder} is encrypted under keys that are not here ({', '.join(lost)})"
        raise NoBackup(f"{text}: put them back; if they were destroyed, nobody can read it")
    manifests.require_whole(folder, manifest)
    return manifest


def is_readable(store: Store) -> bool:
    """Whether a database answers, or is yet to be made; False where its file is damaged."""
    return not store.is_sqlite or not _file(store).exists() or sqlite.is_sound(_file(store))


def is_empty(store: Store) -> bool:
    """Whether nobody has set anything up in a database."""
    if store.is_sqlite and not _file(store).exists():
        return True
    return schema.current(store) is None or not store.read(
        lambda rows: Parties(rows).payers(), EVERYBODY
    )


def is_unchanged_after(installation: Installation, fault: BaseException) -> bool:
    """Whether the database is what it was before a restore that failed.

    A SQLite file is, whatever failed: another takes its place in one step, the last.
    """
    return installation.store.is_sqlite or isinstance(fault, _UNCHANGED)


def restored(
    installation: Installation,
    folder: Path,
    manifest: Manifest,
    withdrawn: Withdrawn,
    programs: Programs,
    *,
    replaces: bool,
) -> Restored:
    """Let the database be what a backup holds, without what was withdrawn since.

    Raises InUse, NotEmpty, ProgramMissing, ProgramFailed, StillThere, NoBackup.
    """
    if installation.store.is_sqlite:
        return _in_place_of_the_file(installation, folder, manifest, withdrawn)
    return _into_the_database(
        installation, folder, manifest, withdrawn, programs, replaces=replaces
    )


def _in_place_of_the_file(
    installation: Installation, folder: Path, manifest: Manifest, withdrawn: Withdrawn
) -> Restored:
    """Put a backup into the place of the file, which nobody may have open.

    The file is made ready beside it first: until then, what was there is there.
    Raises StillThere, NoBackup, InUse.
    """
    target = _file(installation.store)
    installation.store.close()
    with sqlite.beside(target) as ready:
        sqlite.duplicate(folder / manifest.file, ready)
        store = Store(f"sqlite:///{ready}", vault=installation.store.vault)
        try:
            if manifest.revision != schema.newest():
                schema.upgrade(store)
            beside = replace(installation, store=store)
            encryption.know_current(beside)
            applied = withdrawals.apply(beside, withdrawn)
            # One that was retired since would be believed again; the next is made when needed.
            store.write(signing_keys.forget, EVERYBODY)
            plain = encryption.plain(beside)
        finally:
            store.close()
        sqlite.require_sound(ready)
        sqlite.put_in_place(ready, target)
    return Restored(manifest, applied, plain)


def _into_the_database(
    installation: Installation,
    folder: Path,
    manifest: Manifest,
    withdrawn: Withdrawn,
    programs: Programs,
    *,
    replaces: bool,
) -> Restored:
    """Let the database hold what the backup does; it is closed to everybody until all is done.

    Raises StillThere, NoBackup, NotEmpty, InUse, ProgramMissing, ProgramFailed.
    """
    store, file = installation.store, folder / manifest.file
    store.close()
    postgresql.require_room(store.url, replaces=replaces)
    found = postgresql.restore(store.url, file, programs, replaces=replaces)
    if any(found.rows.get(name) != count for name, count in manifest.rows.items()):
        raise NoBackup(f"{folder} gave other rows than it tells of; the database was left closed")
    schema.drop_others(store, manifest.rows)
    schema.tell(store, manifest.revision, is_finished=False)
    schema.upgrade(store, is_restoring=True)
    encryption.know_current(installation)
    applied = withdrawals.apply(installation, withdrawn)
    store.write(signing_keys.forget, EVERYBODY)
    # A backup of before there were walls has none up; nobody who would see nothing is connected.
    standing_walls.put(store, up=True)
    plain = encryption.plain(installation)
    schema.tell(store, is_finished=True)
    return Restored(manifest, applied, plain)


def _file(store: Store) -> Path:
    return Path(store.url.database or "")
