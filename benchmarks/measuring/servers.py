"""The servers that are measured, each in processes of its own that end with it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import create_installation, settings
from app.domain.parties import Client, ClientKind, Payer
from app.domain.references import Identifier
from app.fhir import json_text
from app.gateway.administering import reference_data
from app.gateway.administering.administration import Administration
from app.gateway.installation import Installation
from benchmarks.measuring import floor
from benchmarks.measuring.processor import resident_bytes, seconds_of
from tests.builders import a_coverage
from tests.cli.processes import LOOPBACK, free_port

ROOT = Path(__file__).parents[2]
SUBMITTERS = 8
MEMBERS = ("M1", "M2")
READY_SECONDS = 60.0
STOP_SECONDS = 30.0
# So that no clock decides anything while the taking in is measured.
NEVER_SECONDS = "3600"
THREADS = 16


@dataclass
class Server:
    """A server that answers on a port of this machine; `other_pids` work for it as well."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    other_pids: tuple[int, ...] = ()
    seconds_to_ready: float = 0.0

    def processor_seconds(self) -> float:
        """Of the processor, by all of its processes so far."""
        return seconds_of((self.process.pid, *self.other_pids))

    def largest_worker_bytes(self) -> int:
        """Resident memory of its largest process."""
        return resident_bytes(self.process.pid)


@dataclass(frozen=True)
class Site:
    """An installation and who may send to it."""

    instance: Path
    database: str
    payer_id: str
    clients: tuple[Client, ...]
    tokens: tuple[str, ...]

    @property
    def is_sqlite(self) -> bool:
        """Whether its rows are in a file of its own."""
        return self.database.startswith("sqlite")

    @contextmanager
    def opened(self) -> Iterator[Installation]:
        """The installation, in this process."""
        ours = create_installation(settings.read(self.instance, {}))
        try:
            yield ours
        finally:
            ours.store.close()


def new_site(folder: Path, database: str | None, *, is_encrypted: bool = True) -> Site:
    """A new installation with submitters that may send for anybody, and members' Coverages."""
    given = () if database is None else ("--database", database)
    if not is_encrypted:
        given = (*given, "--no-encryption")
    command = [sys.executable, "-m", "app.cli", "init", "--instance", str(folder), "--json", *given]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), check=True, capture_output=True, timeout=120
    )
    payer_id = json.loads(done.stdout)["payer_id"]
    url = database or f"sqlite:///{folder / 'eclaims.sqlite3'}"
    ours = create_installation(settings.read(folder, {}))
    try:
        payer = _there(Administration(ours).find_payer(None))
        issued = [
            Administration(ours).add_client(
                Client(
                    ours.new_id(),
                    payer,
                    ClientKind.SUBMITTER,
                    f"Clinic {nth}",
                    (Identifier("sid", f"Clinic {nth}"),),
                    acts_for_anybody=True,
                )
            )
            for nth in range(SUBMITTERS)
        ]
        for member in MEMBERS:
            _keep(ours, payer, a_coverage(member))
    finally:
        ours.store.close()
    clients = tuple(one.client for one in issued)
    return Site(folder, url, payer_id, clients, tuple(one.token for one in issued))


def _keep(ours: Installation, payer: Payer, document: dict[str, Any]) -> None:
    core = Client("payer", payer, ClientKind.PAYER_CLIENT, "Core")
    text = json_text.write(document)
    ours.write(core.scope, lambda work: reference_data.keep(document, text, "benchmark", work))


def _there(payer: Payer | None) -> Payer:
    if payer is None:
        raise LookupError("the new installation has no payer")
    return payer


@contextmanager
def gateway(site: Site, *pids: int) -> Iterator[Server]:
    """`eclaims serve` on an installation, as its users start it; it logs into a file."""
    words = ["-m", "app.cli", "serve", "--instance", str(site.instance)]
    log = site.instance / "serve.log"
    with _served("gateway", words, log, {"ECLAIMS_TICK_SECONDS": NEVER_SECONDS}, pids) as server:
        yield server


@contextmanager
def floor_server(folder: Path, database: str | None, *pids: int) -> Iterator[Server]:
    """The floor on a file in a folder, or on a PostgreSQL database of its own."""
    if database is None:
        url, workers = f"sqlite:///{folder / 'floor.sqlite3'}", 1
    else:
        url, workers = database.replace("+psycopg", ""), os.cpu_count() or 1
        floor.create_table(url)
    words = [
        *("-m", "granian", "--interface", "wsgi", "--factory", "--http", "1"),
        *("--workers", str(workers), "--blocking-threads", str(THREADS)),
        *("--host", LOOPBACK, f"{floor.__name__}:{floor.application.__name__}"),
    ]
    with _served("floor", words, folder / "floor.log", {floor.URL: url}, pids) as server:
        yield server


@contextmanager
def peer_server(folder: Path, python: Path) -> Iterator[Server]:
    """The other server, by the interpreter of its own environment."""
    words = [
        *("-m", "granian", "--interface", "asgi", "--http", "1", "--no-ws", "--workers", "1"),
        *("--host", LOOPBACK, "peer:app"),
    ]
    variables = {
        "ECLAIMS_BENCHMARK_PEER": str(folder / "peer.sqlite3"),
        "FHIR_SEQUENCE": "R4B",
        "PYTHONPATH": str(Path(__file__).parent),
    }
    log = folder / "peer.log"
    with _served("fhirstarter", words, log, variables, (), "/metadata", python) as server:
        yield server


def environment(given: Mapping[str, str] = {}) -> dict[str, str]:
    """This process's own variables without those that would change an installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ECLAIMS_")}
    return {**kept, **given}


@contextmanager
def _served(
    name: str,
    words: list[str],
    log: Path,
    variables: Mapping[str, str],
    pids: tuple[int, ...],
    path: str = "/health/live",
    python: Path = Path(sys.executable),
) -> Iterator[Server]:
    port = free_port()
    # In util-linux, which Debian always has: the server ends with a benchmark that is killed.
    leash = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    words = [*leash, str(python), *words, "--port", str(port)]
    with log.open("ab") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            words, cwd=ROOT, env=environment(variables), stdout=output, stderr=output
        )
    try:
        server = Server(name, port, process, pids)
        _await_ready(server, path, log)
        server.seconds_to_ready = time.perf_counter() - started
        yield server
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(server: Server, path: str, log: Path) -> None:
    import http.client

    deadline = time.monotonic() + READY_SECONDS
    while True:
        connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                told = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{server.name} did not start: {told}") from error
        finally:
            connection.close()
        time.sleep(0.02)
