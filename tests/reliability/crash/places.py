"""A database that can be put back to how it was, without anything that came after."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.postgresql import Cluster


class Place(Protocol):
    """Where a database lies. Nobody may be connected to it meanwhile."""

    url: str

    def keep(self) -> None:
        """Remember how it is now."""

    def put_back(self) -> None:
        """Make it what was remembered."""


@dataclass
class File:
    """A database of SQLite, with its log."""

    url: str
    _path: Path

    def keep(self) -> None:
        """Copy the file; nobody is connected, so it has no log."""
        assert not self._path.with_name(f"{self._path.name}-wal").exists()
        shutil.copy(self._path, self._kept)

    def put_back(self) -> None:
        """Copy the file back, and leave nothing that a killed process left beside it."""
        for beside in ("-wal", "-shm"):
            self._path.with_name(self._path.name + beside).unlink(missing_ok=True)
        shutil.copy(self._kept, self._path)

    @property
    def _kept(self) -> Path:
        return self._path.with_name("kept.sqlite3")


@dataclass
class Copies:
    """A database of a cluster, of which a copy is kept."""

    url: str
    _cluster: Cluster
    _kept: str = ""

    def keep(self) -> None:
        """Copy the database."""
        self._kept = self._cluster.create_database(self.url)

    def put_back(self) -> None:
        """Copy it back under the same name."""
        self._cluster.replace(self.url, self._kept)
