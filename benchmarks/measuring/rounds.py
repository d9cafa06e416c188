"""One cell of a table: a server under load for some seconds, by the client in its own process."""

import json
import subprocess
import sys
from dataclasses import asdict

from benchmarks.measuring.figures import Sample
from benchmarks.measuring.load import PATIENCE_SECONDS, Job, Seen, Step
from benchmarks.measuring.servers import ROOT, Server

WARM_UP = 0.2
LONGEST_WARM_UP_SECONDS = 1.0


class Measured:
    """Servers under load, and what was created meanwhile; numbers are never given twice."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._number = 1

    def load(
        self, server: Server, tokens: tuple[str, ...], steps: list[Step], connections: int
    ) -> tuple[dict[str, Sample], Seen]:
        """Samples by the step's name; of several steps the server's time is told as a share."""
        warm_up = min(self.seconds * WARM_UP, LONGEST_WARM_UP_SECONDS)
        job = Job(
            server.port, connections, self.seconds, warm_up, list(tokens), steps, self._number
        )
        before = server.processor_seconds()
        seen = _run(job)
        used = server.processor_seconds() - before
        self._number = seen.next_number
        measured = sum(len(values) for values in seen.milliseconds.values())
        samples = {}
        for step in steps:
            own = seen.milliseconds.get(step.name, [])
            share = len(own) / measured if measured else 0.0
            samples[step.name] = Sample(
                own,
                seen.seconds,
                used * share,
                seen.processor_seconds,
                round(seen.answered * share),
                seen.unexpected,
                seen.surprise,
            )
        return samples, seen

    def sample(
        self, server: Server, tokens: tuple[str, ...], step: Step, connections: int
    ) -> tuple[Sample, Seen]:
        """Of one step."""
        samples, seen = self.load(server, tokens, [step], connections)
        return samples[step.name], seen


def _run(job: Job) -> Seen:
    # Where it cannot say what it saw it has failed, and so has the benchmark.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measuring.load"],
        cwd=ROOT,
        input=json.dumps(asdict(job)).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=job.seconds + job.warm_up + 2 * PATIENCE_SECONDS,
    )
    return Seen(**json.loads(done.stdout))
