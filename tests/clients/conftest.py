"""A served gateway, and a story that every client tells it."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import a_coverage
from tests.cli.processes import Gateway, Processes

# As behind a proxy, which each client here is to itself.
_BEHIND_A_PROXY = 'client_certificate_header = "ClientCert"\ntrusted_proxies = ["127.0.0.1"]\n'


@dataclass(frozen=True)
class Served:
    """Where a gateway is, and what one submitter of it asks with."""

    base: str
    token: str


@pytest.fixture(scope="module")
def _running(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[tuple[Processes, Gateway]]:
    folder = tmp_path_factory.mktemp("served")
    file, coverage = folder / "rows.sqlite3", folder / "coverage.json"
    shutil.copy(sqlite_template, file)
    coverage.write_text(json.dumps(a_coverage()), encoding="utf-8")
    with Processes(folder / "instance") as processes:
        for words in (("init", "--database", f"sqlite:///{file}"), ("load", str(coverage))):
            done = processes.run(*words)
            assert done.returncode == 0, done.stderr
        with (processes.instance / "settings.toml").open("a", encoding="utf-8") as settings:
            settings.write(_BEHIND_A_PROXY)
        yield processes, processes.serve()


@pytest.fixture
def served(_running: tuple[Processes, Gateway], request: pytest.FixtureRequest) -> Served:
    """The gateway for a submitter of this test's own, whose queue nobody else empties."""
    processes, gateway = _running
    name = request.node.name
    identified = ("--identifier", f"sid|{name}", "--acts-for", "*")
    added = processes.run("submitter", "add", name, *identified, "--json")
    assert added.returncode == 0, added.stderr
    return Served(gateway.base, json.loads(added.stdout)["token"])
