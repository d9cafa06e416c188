"""How soon the command answers and a server is ready, and how much memory each process takes.

Run with `python -m benchmarks.start`. Each start is of a process of its own, on SQLite in a
temporary folder. Seconds by the clock move with the machine; those of the processor hardly do, and
stand beside them. Memory is what is resident, after the first request and after the first Claim,
for which the checker is compiled.
"""

import http.client
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.fhir import json_text
from tests.builders import a_claim

ROUNDS = 3
HELP_SECONDS, READY_SECONDS, MOST_MEGABYTES = 0.3, 2.0, 150
LOOPBACK = "127.0.0.1"
PATIENCE_SECONDS = 120
_COMMAND = [sys.executable, "-m", "app.cli"]


def help_seconds() -> tuple[float, float]:
    """`eclaims --help`: by the clock, and of the processor; the best of some."""
    rounds = []
    for _ in range(ROUNDS):
        before, started = _of_children(), time.perf_counter()
        subprocess.run([*_COMMAND, "--help"], stdout=subprocess.DEVNULL, check=True)
        rounds.append((time.perf_counter() - started, _of_children() - before))
    return min(rounds)


def initialized(instance: Path) -> str:
    """A new installation with a submitter; its token."""
    chosen = ["--instance", str(instance), "--json"]
    subprocess.run([*_COMMAND, "init", *chosen], stdout=subprocess.DEVNULL, check=True)
    words = ["submitter", "add", "Happy Valley", "--identifier", "sid|Happy Valley"]
    told = subprocess.run([*_COMMAND, *words, *chosen], stdout=subprocess.PIPE, check=True)
    return str(json.loads(told.stdout)["token"])


def served(instance: Path, token: str) -> tuple[float, float, dict[str, list[float]]]:
    """Seconds until ready, by the clock and of the processor, and megabytes of each process."""
    with socket.socket() as trial:
        trial.bind((LOOPBACK, 0))
        port = trial.getsockname()[1]
    words = ["serve", "--instance", str(instance), "--port", str(port)]
    started = time.perf_counter()
    server = subprocess.Popen([*_COMMAND, *words], stderr=subprocess.DEVNULL)
    try:
        _until_ready(server, port)
        seconds = time.perf_counter() - started
        processor = sum(_processor_seconds(pid) for pid in _family(server.pid))
        memory = {"ready": _megabytes(server.pid)}
        _ask(port, "POST", "/fhir/r4/Claim", json_text.write(a_claim()), token)
        memory["a Claim checked"] = _megabytes(server.pid)
        return seconds, processor, memory
    finally:
        server.terminate()
        server.wait(PATIENCE_SECONDS)


def main() -> None:
    """Print what each takes beside its goal."""
    seconds, processor = help_seconds()
    print(f"eclaims --help   {seconds:6.2f} s, processor {processor:5.2f} s  (goal {HELP_SECONDS})")
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder) / "instance"
        token = initialized(instance)
        rounds = [served(instance, token) for _ in range(ROUNDS)]
    seconds, processor, memory = min(rounds, key=lambda one: one[0])
    print(
        f"server is ready  {seconds:6.2f} s, processor {processor:5.2f} s  (goal {READY_SECONDS})"
    )
    for when, megabytes in memory.items():
        told = " and ".join(f"{one:.0f}" for one in megabytes)
        print(f"  {when:<16} {told} MB, parent and web process  (goal {MOST_MEGABYTES})")


def _until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if _ask(port, "GET", "/health/ready") == 200:
                return
        except OSError:
            time.sleep(0.01)
    raise SystemExit("the server was never ready")


def _ask(port: int, method: str, path: str, body: str = "", token: str = "") -> int:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)
    headers = {"Content-Type": "application/fhir+json", "Authorization": f"Bearer {token}"}
    try:
        connection.request(method, path, body, headers if token else {})
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _family(pid: int) -> list[int]:
    """A process and those that it started; what only tracks others for it is left out."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(child) for child in children if not _is_tracker(int(child)))]


def _is_tracker(pid: int) -> bool:
    return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> list[float]:
    pages = (int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in _family(pid))
    return [one * os.sysconf("SC_PAGE_SIZE") / 2**20 for one in pages]


if __name__ == "__main__":
    main()
