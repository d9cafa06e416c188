"""What a backup says of itself: `manifest.json` beside its file.

A backup is a folder that is there as a whole or not at all. Docs: docs/backup.md.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
# The keys that a database needs to be read.
WRAPPING_KEYS = "SELECT DISTINCT wrapping_id FROM data_key ORDER BY 1"
_FORMAT = 1
_BLOCK_BYTES = 1 << 20
_OWNER_ONLY = 0o600


class NoBackup(Exception):
    """The folder holds no backup that this version can read; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy holds: the schema's revision, rows by table, key checks by payer.

    `wrapping_keys` are the ids of those keys without which its text cannot be read.
    """

    revision: str
    rows: dict[str, int]
    key_checks: dict[str, str]
    wrapping_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """`made_at` is the restore point: what was confirmed before is in it.

    `rows` by table, `key_checks` by payer: under which index key the rows were written.
    """

    database: str
    revision: str
    made_at: datetime
    file: str
    bytes: int
    digest: str
    rows: Mapping[str, int]
    key_checks: Mapping[str, str]
    wrapping_keys: Sequence[str] = ()


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a backup to the disk."""
    told = {"format": _FORMAT, **asdict(manifest), "made_at": manifest.made_at.isoformat()}
    file = folder / MANIFEST
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(json.dumps(told, indent=2) + "\n")
    synced(file)


def read(folder: Path) -> Manifest:
    """What a backup says of itself; raises NoBackup."""
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        if told.pop("format") != _FORMAT:
            raise NoBackup(f"{folder} was made by a version that writes other backups")
        manifest = Manifest(**{**told, "made_at": datetime.fromisoformat(told["made_at"])})
    except FileNotFoundError:
        raise NoBackup(
            f"{folder} holds no {MANIFEST}: name a folder that `eclaims backup` wrote"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NoBackup(f"{folder / MANIFEST} is damaged") from None
    # What is read is in the folder, whoever wrote the manifest.
    if Path(manifest.file).name != manifest.file:
        raise NoBackup(f"{folder / MANIFEST} is damaged")
    return manifest


def require_whole(folder: Path, manifest: Manifest) -> Path:
    """The file of a backup, if it is the one that was written; raises NoBackup."""
    file = folder / manifest.file
    if not file.is_file():
        raise NoBackup(f"{file} is missing")
    if file.stat().st_size != manifest.bytes or digest(file) != manifest.digest:
        raise NoBackup(f"{file} is not what was written: its digest differs")
    return file


def digest(file: Path) -> str:
    """SHA-256 of a file."""
    found = hashlib.sha256()
    with file.open("rb") as handle:
        while block := handle.read(_BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()


def synced(*paths: Path) -> None:
    """Return once the disk has these files or folders."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def own_as(file: Path, other: Path) -> None:
    """Let a file belong to whom another belongs to; only root can make something of another's."""
    if os.geteuid() == 0:
        owner = other.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A folder to fill, readable by its owner, that gets its name once it is filled.

    Raises FileExistsError where something is there already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(folder)
    parent = folder.absolute().parent
    growing = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=parent))
    try:
        yield growing
        synced(growing)
        growing.rename(folder)
    except BaseException:
        shutil.rmtree(growing)
        raise
    synced(parent)
