"""The command in processes of its own, and a gateway that is asked over a real socket."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.fhir import json_text

LOOPBACK = "127.0.0.1"
DEADLINE = 60.0
PAUSE = 0.05


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def document(self) -> Any:
        """What the body says."""
        return json_text.parsed(self.text)


@dataclass(frozen=True)
class Gateway:
    """A served installation, asked by one client."""

    process: subprocess.Popen[str]
    port: int
    token: str | None = None

    @property
    def base(self) -> str:
        """The FHIR base that its addresses must start with."""
        return f"http://{LOOPBACK}:{self.port}/fhir/r4"

    def as_client(self, token: str) -> "Gateway":
        """The same gateway, asked with a credential."""
        return Gateway(self.process, self.port, token)

    def ask(self, method: str, path: str, document: Any = None) -> Answer:
        """One request on a connection of its own."""
        headers = {"Content-Type": "application/fhir+json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=DEADLINE)
        try:
            body = None if document is None else json_text.write(document)
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read().decode())
        finally:
            connection.close()

    def post(self, type: str, document: Any) -> Answer:
        """POST under the FHIR base."""
        return self.ask("POST", f"/fhir/r4/{type}", document)

    def get(self, reference: str) -> Answer:
        """GET under the FHIR base; an absolute address of it may be given."""
        return self.ask("GET", f"/fhir/r4/{reference.removeprefix(f'{self.base}/')}")

    def decided(self, taken: Answer) -> Any:
        """The ClaimResponse to a Claim that was taken in, once it is no longer queued."""
        address = taken.headers["link"].partition(">")[0].lstrip("<")
        return wait_for(lambda: _unless_queued(self.get(address).document))


def _unless_queued(response: Any) -> Any:
    return None if response["outcome"] == "queued" else response


def wait_for(find: Any) -> Any:
    """What `find` returns once it is something; fails after a generous deadline."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        found = find()
        if found is not None:
            return found
        time.sleep(PAUSE)
    raise AssertionError("it did not come in time")


@dataclass
class Processes:
    """Processes of the command on one installation; none outlives the test."""

    instance: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command; its output is read when it has ended."""
        process = subprocess.Popen(
            self._words(arguments),
            env=_environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self._words(arguments),
            env=_environment(environment),
            capture_output=True,
            text=True,
            timeout=2 * DEADLINE,
            check=False,
        )

    def serve(self, *options: str, **environment: str) -> Gateway:
        """A gateway that is ready."""
        port = free_port()
        environment.setdefault("ECLAIMS_TICK_SECONDS", "0.1")
        process = self.start("serve", "--port", str(port), *options, **environment)
        gateway = Gateway(process, port)
        wait_for(lambda: True if self._is_ready(gateway) else None)
        return gateway

    def _is_ready(self, gateway: Gateway) -> bool:
        if gateway.process.poll() is not None:
            raise AssertionError(gateway.process.communicate())
        try:
            return gateway.ask("GET", "/health/ready").status == 200
        except OSError:
            return False

    def _words(self, arguments: tuple[str, ...]) -> list[str]:
        words = [sys.executable, "-m", "app.cli", *arguments]
        # The demo has an installation of its own.
        return words if arguments[0] == "demo" else [*words, "--instance", str(self.instance)]


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Ask a process to end as a service manager does: its exit code and what it said."""
    process.terminate()
    out, err = process.communicate(timeout=DEADLINE)
    return process.returncode, out, err


def log_lines(text: str) -> list[dict[str, Any]]:
    """The JSON lines of a log; every other line must be the one that greets."""
    lines = [line for line in text.splitlines() if not line.startswith("Serving http")]
    return [json.loads(line) for line in lines]


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as trial:
        trial.bind((LOOPBACK, 0))
        return trial.getsockname()[1]


def _environment(given: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ECLAIMS_")}
    return kept | given
