"""Commands in this process, and real processes where a process is what matters."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from tests.cli.processes import Processes
from tests.conftest import INDEX_KEY


@dataclass(frozen=True)
class Eclaims:
    """The command on one installation, in this process."""

    instance: Path
    runner: CliRunner = field(default_factory=CliRunner)

    def __call__(self, *arguments: str | Path, **environment: str) -> Result:
        """Run a command; a fault of ours is raised here."""
        words = [str(word) for word in (*arguments, "--instance", self.instance)]
        return self.runner.invoke(
            main, words, prog_name="eclaims", env=environment, catch_exceptions=False
        )

    def json(self, *arguments: str | Path) -> Any:
        """What a command prints for scripts; it must go well and say nothing else."""
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.output)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("ECLAIMS_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """A shell starts its background jobs deaf to SIGINT, and what they start would be so too."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """A folder for an installation; it is not there yet."""
    return tmp_path / "instance"


@pytest.fixture
def eclaims(instance: Path) -> Eclaims:
    """The command, on a folder without an installation yet."""
    return Eclaims(instance)


@pytest.fixture
def installed(eclaims: Eclaims, database: str, request: pytest.FixtureRequest) -> Eclaims:
    """The command, on a fresh installation on either database."""
    options = ("--no-encryption",) if "plain" in request.fixturenames else ()
    eclaims.json("init", "--database", database, *options)
    return eclaims


@pytest.fixture
def on_sqlite(
    eclaims: Eclaims, sqlite_template: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Eclaims:
    """The command, on a fresh installation on SQLite."""
    file = tmp_path / "rows.sqlite3"
    shutil.copy(sqlite_template, file)
    options = ("--no-encryption",) if "plain" in request.fixturenames else ()
    eclaims.json("init", "--database", f"sqlite:///{file}", *options)
    return eclaims


@pytest.fixture
def processes(instance: Path) -> Iterator[Processes]:
    """Real processes of the command; those still running are ended."""
    with Processes(instance) as started:
        yield started


@pytest.fixture
def beside_the_wire(eclaims: Eclaims, database: str) -> Eclaims:
    """The command, on the installation that the fixtures of the gateway are on."""
    return written_settings(eclaims, database)


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, backend: str, tmp_path: Path) -> Iterator[Eclaims]:
    """The command, on another machine: the same key, and a database without a table."""
    there = Eclaims(tmp_path / "elsewhere")
    if backend == "sqlite":
        yield written_settings(there, f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}")
        return
    cluster = request.getfixturevalue("cluster")
    url = cluster.create_database()
    yield written_settings(there, url)
    cluster.drop(url)


def written_settings(eclaims: Eclaims, database: str) -> Eclaims:
    """An installation whose settings name a database, and the key of the tests."""
    eclaims.instance.mkdir()
    settings = f'index_key = "{INDEX_KEY.hex()}"\ndatabase = "{database}"\n'
    (eclaims.instance / "settings.toml").write_text(settings)
    return eclaims
