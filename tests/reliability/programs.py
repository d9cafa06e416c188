"""The real `eclaims` as processes: set up by the contract for scripts, killed and started again."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import create_server
from typing import Any

from tests.builders import a_coverage

ECLAIMS = Path(sys.executable).with_name("eclaims")
SECONDS_TO_START = 60
SECONDS_TO_STOP = 60


@dataclass(frozen=True)
class Instance:
    """An installation in a folder, with one submitter and a port of its own."""

    folder: Path
    token: str
    port: int


def set_up(folder: Path, database: str | None) -> Instance:
    """A fresh installation whose payer insures the member M1."""
    instance = folder / "instance"
    place = ["--instance", str(instance)]
    _told("init", *place, *(["--database", database] if database else []))
    who = ["Load", "--identifier", "sid|Happy Valley"]
    submitter = _told("submitter", "add", *who, *place)
    coverage = folder / "coverage.json"
    coverage.write_text(json.dumps(a_coverage()))
    _told("load", str(coverage), *place)
    with create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return Instance(instance, submitter["token"], port)


def ran(*arguments: str, instance: Instance) -> "subprocess.CompletedProcess[str]":
    """One command to its end, whatever that is."""
    return subprocess.run(
        [ECLAIMS, *arguments, "--instance", instance.folder],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_TO_START,
    )


@contextmanager
def running(*arguments: str, instance: Instance) -> Iterator["subprocess.Popen[bytes]"]:
    """A command that runs until it is told to stop, at the end of the block at the latest."""
    with (instance.folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [ECLAIMS, *arguments, "--instance", instance.folder],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


@contextmanager
def serving(instance: Instance, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`eclaims serve`, once it answers that it is ready."""
    port = ["--port", str(instance.port)]
    with running("serve", *port, *options, instance=instance) as process:
        _await_ready(process, instance)
        yield process


def kill(*processes: "subprocess.Popen[bytes]") -> None:
    """`kill -9` of these processes alone; what they started is theirs to take along."""
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()


def asked(
    instance: Instance, method: str, path: str, body: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one request; raises OSError or HTTPException without one."""
    connection = HTTPConnection("127.0.0.1", instance.port, timeout=SECONDS_TO_START)
    try:
        headers = {
            "Authorization": f"Bearer {instance.token}",
            "Content-Type": "application/fhir+json",
        }
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read()
    finally:
        connection.close()


def _await_ready(process: "subprocess.Popen[bytes]", instance: Instance) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            if asked(instance, "GET", "/health/ready")[0] == 200:
                return
        except (OSError, HTTPException):
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError((instance.folder / "log").read_text()[-2000:])
        time.sleep(0.02)


def _told(*arguments: Any) -> Any:
    command: Sequence[Any] = [ECLAIMS, *arguments, "--json"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)
