"""A gateway for a few seconds: its own directory, its own process, both gone in the end."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from app.cli.options import Refusal
from app.cli.shipped_plans import NAMES

PAYER = "National Insurers"
# As the official Tasks name it.
_PAYER_IDENTIFIER = "http://nationalinsurers.com/identifiers|12345"
SUBMITTER = "Happy Valley Dental"
SENDER = {"system": "http://happyvalley.example/provider", "value": "HV-1"}
LOOPBACK = "127.0.0.1"

DATA = Path(__file__).parent / "data"
_SECONDS_TO_START = 60.0
_SECONDS_TO_END = 30.0
_SECONDS_BETWEEN = 0.05
# Five times the usual pace: what is decided later is what the demo waits for.
_TICK_SECONDS = "0.2"
# What is urgent is decided at once on a machine of any speed.
_URGENT_SECONDS = "30"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Served:
    """Where a gateway listens, the credential of its one submitter, and its directory."""

    port: int
    token: str
    instance: Path = Path()


@dataclass(slots=True)
class TemporaryGateway:
    """An installation in a directory of its own; `server` is its process once started."""

    folder: Path
    server: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def instance(self) -> Path:
        """The installation's directory."""
        return self.folder / "instance"

    def started(self, tell: Tell) -> Served:
        """Set the installation up with the commands that anybody would use, and serve it."""
        tell("eclaims init")
        run(self.instance, "init")
        tell("eclaims payer add")
        run(self.instance, "payer", "add", PAYER, "--identifier", _PAYER_IDENTIFIER)
        run(self.instance, "payer", "set", PAYER, "--real-time-budget-seconds", _URGENT_SECONDS)
        # A run of the demo may pass midnight.
        run(self.instance, "payer", "set", PAYER, "--no-pay-daily")
        tell("eclaims load")
        load(self.instance, *sorted(DATA.glob("*.json")), sets=NAMES)
        tell("eclaims submitter add")
        identifier = ("--identifier", f"{SENDER['system']}|{SENDER['value']}")
        added = run(self.instance, "submitter", "add", SUBMITTER, *identifier, "--payer", PAYER)
        tell("eclaims serve")
        port = _free_port()
        self._serve(port)
        return Served(port, added["token"], self.instance)

    def end(self) -> None:
        """Ask the server to stop, and make sure that it has."""
        if self.server is None:
            return
        self.server.terminate()
        try:
            self.server.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()

    def _serve(self, port: int) -> None:
        with self._log.open("wb") as log:
            self.server = subprocess.Popen(  # noqa: S603  likewise
                _command(self.instance, "serve", "--port", str(port)),
                env=_environment(),
                stdout=log,
                stderr=log,
                # Ctrl-C is for the demo, which then ends the server itself.
                process_group=0,
            )
        deadline = time.monotonic() + _SECONDS_TO_START
        while not _is_ready(port):
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise Refusal(f"`eclaims serve` did not start:\n{self._log.read_text().strip()}")
            time.sleep(_SECONDS_BETWEEN)

    @property
    def _log(self) -> Path:
        return self.folder / "serve.log"


@contextmanager
def temporary_gateway(*, is_kept: bool) -> Iterator[TemporaryGateway]:
    """A gateway that is gone at the end, however it ends; kept, its directory stays."""
    gateway = TemporaryGateway(Path(tempfile.mkdtemp(prefix="eclaims-demo-")))
    try:
        yield gateway
    finally:
        gateway.end()
        if is_kept:
            click.echo(f"The installation stays in {gateway.instance}", err=True)
        else:
            shutil.rmtree(gateway.folder)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM unwind as Ctrl-C does, so that what was started is ended."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def load(instance: Path, *files: Path, sets: tuple[str, ...] = ()) -> Any:
    """Load the payer's data from files, and sets that come with the gateway; what became of it."""
    shipped = (word for name in sets for word in ("--shipped", name))
    return run(instance, "load", *map(str, files), *shipped, "--payer", PAYER)


def pay(instance: Path) -> Any:
    """Pay what the payer owes; what was done for each payee and currency."""
    return run(instance, "pay", "--payer", PAYER)


def run(instance: Path, *arguments: str) -> Any:
    """What a command of ours prints for scripts; raises Refusal where it fails."""
    done = subprocess.run(  # noqa: S603  this very command, without a shell
        _command(instance, *arguments, "--json"),
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        process_group=0,
    )
    if done.returncode != 0:
        raise Refusal(f"`eclaims {arguments[0]}` failed:\n{done.stderr.strip()}")
    return json.loads(done.stdout)


def _command(instance: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "app.cli", *arguments, "--instance", str(instance)]


def _environment() -> dict[str, str]:
    """This process's own, without the settings of an installation that somebody really runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ECLAIMS_")}
    return kept | {"ECLAIMS_TICK_SECONDS": _TICK_SECONDS}


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind((LOOPBACK, 0))
        port: int = trial.getsockname()[1]
        return port


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
