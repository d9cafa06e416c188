"""How long the command takes to answer at all."""

import subprocess
import sys
import time

from benchmarks.measuring.servers import ROOT, environment

TRIES = 5


def started() -> float:
    """Seconds of `eclaims --help`, the fastest of some tries."""
    return min(_once() for _ in range(TRIES))


def _once() -> float:
    began = time.perf_counter()
    words = [sys.executable, "-m", "app.cli", "--help"]
    subprocess.run(
        words, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, check=True, timeout=60
    )
    return time.perf_counter() - began
