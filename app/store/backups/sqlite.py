"""Copies of a SQLite file, made while others write, and put into its place.

https://www.sqlite.org/backup.html
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from app.store.backups.manifest import WRAPPING_KEYS, Contents, NoBackup, own_as, synced

# Between two parts the progress is told; 4 KiB each.
_PAGES_AT_ONCE = 1024
_BUSY_SECONDS = 10.0
_LIVING = "mode=rw"
# Without companions beside it, and without a lock.
_KEPT = "mode=ro&immutable=1"
_COMPANIONS = ("-wal", "-shm", "-journal")

# Done so far, of how many, in whatever unit.
Told = Callable[[int, int], None]


class InUse(Exception):
    """Somebody else has the file open."""


def copy(source: Path, target: Path, told: Told) -> Contents:
    """Copy what was committed as this began to a new file; those who write are not kept waiting.

    Raises NoBackup where the source, and so the copy of it, is damaged.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with _opened(source) as living, _opened(target) as copied:
        # The view stays the same until the end; without it, each write would begin the copy anew.
        living.execute("BEGIN")
        living.execute("SELECT count(*) FROM sqlite_master").fetchone()
        living.backup(
            copied,
            pages=_PAGES_AT_ONCE,
            progress=lambda _, left, total: told(total - left, total),
        )
        living.execute("ROLLBACK")
        # One file, complete by itself.
        copied.execute("PRAGMA journal_mode=DELETE")
    require_sound(target)
    synced(target)
    return _contents(target)


def require_sound(file: Path, *, is_kept: bool = False) -> None:
    """Pass where every page and every index of a file is as it should be; raises NoBackup.

    What is kept is only read: nobody writes it, and its folder may be read-only.
    """
    import pysqlite3

    try:
        with _opened(file, mode=_KEPT if is_kept else _LIVING) as connection:
            [(verdict,), *_] = connection.execute("PRAGMA integrity_check(1)").fetchall()
            orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    except pysqlite3.DatabaseError:
        raise NoBackup(f"{file} is damaged") from None
    if verdict != "ok" or orphans:
        raise NoBackup(f"{file} is damaged")


def is_sound(file: Path) -> bool:
    """Whether a file can be read at all; False where it is damaged or no database."""
    import pysqlite3

    try:
        with _opened(file) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except pysqlite3.DatabaseError:
        return False
    return True


def duplicate(source: Path, target: Path) -> None:
    """Copy the file of a backup, which nobody writes; the copy is its owner's alone."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with source.open("rb") as read, os.fdopen(descriptor, "wb") as written:
        shutil.copyfileobj(read, written)


def put_in_place(new: Path, file: Path) -> None:
    """Let `new` be the database, at once; what was there is gone. Raises InUse.

    It belongs to whom the file belonged to, else to whom the folder does.
    """
    own_as(new, file if file.exists() else file.absolute().parent)
    synced(new)
    if file.exists():
        _retire_log(file)
    new.replace(file)
    synced(file.absolute().parent)


def _retire_log(file: Path) -> None:
    """Leave no log beside a file: it would be taken for the log of what comes in its place."""
    import pysqlite3

    try:
        with _opened(file, busy_seconds=0) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except pysqlite3.OperationalError as fault:
        if "locked" in str(fault):
            raise InUse from None
        raise
    except pysqlite3.DatabaseError:
        # Damaged: nothing can be made of its log either.
        for suffix in _COMPANIONS:
            file.with_name(file.name + suffix).unlink(missing_ok=True)


@contextmanager
def beside(file: Path) -> Iterator[Path]:
    """A path in the folder of a file for a database to be made there; what is left there goes.

    Only one process at a time may do so, which holds the file.
    """
    clear_beside(file)
    try:
        yield _made_beside(file)
    finally:
        clear_beside(file)


def clear_beside(file: Path) -> None:
    """Remove what a restore that was killed left beside a file: it has all that a backup has."""
    made = _made_beside(file)
    for suffix in ("", *_COMPANIONS):
        made.with_name(made.name + suffix).unlink(missing_ok=True)


def _made_beside(file: Path) -> Path:
    return file.with_name(f".{file.name}-restoring")


def _contents(file: Path) -> Contents:
    with _opened(file) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        rows = {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  our own tables
            for (name,) in sorted(names)
            if name != "alembic_version"
        }
        [(revision,)] = connection.execute("SELECT max(version_num) FROM alembic_version")
        checks = dict(connection.execute("SELECT id, key_check FROM payer ORDER BY id").fetchall())
        keys = connection.execute(WRAPPING_KEYS).fetchall() if "data_key" in rows else ()
    return Contents(revision or "", rows, checks, tuple(key for (key,) in keys))


@contextmanager
def _opened(file: Path, busy_seconds: float = _BUSY_SECONDS, mode: str = _LIVING) -> Iterator[Any]:
    import pysqlite3

    address = f"{file.absolute().as_uri()}?{mode}"
    connecting = pysqlite3.connect(address, uri=True, isolation_level=None, timeout=busy_seconds)
    with closing(connecting) as connection:
        yield connection
