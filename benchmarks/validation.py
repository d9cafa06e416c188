"""The price of the gate and the checker, beside fhir.resources on the same Claim in the same run.

`make bench ARGS=validation`; fhir.resources is the floor that cannot move with the
machine, so the ratio is what counts.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from fhir.resources.R4B.claim import Claim

from app.fhir.json_text import read
from app.fhir.validation import check
from benchmarks.measuring.options import Options
from benchmarks.measuring.report import Report, Table

PROBES = Path(__file__).parents[1] / "tests" / "fhir_examples" / "validation-probes.jsonl"
ROUNDS = 15
CALLS = 200
GOAL = 0.35
LIMIT = 10 * 2**20


def the_claim() -> bytes:
    """The three-item Claim that everyone must accept."""
    for line in PROBES.read_text().splitlines():
        probe = json.loads(line)
        if probe["name"] == "valid claim":
            return str(probe["body"]).encode()
    raise LookupError("no probe is named 'valid claim'")


def microseconds(call: Callable[[], object]) -> float:
    """The mean time of one call in a round of `CALLS`."""
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - started) / CALLS * 1e6


def main(_options: Options) -> Report:
    """The medians, and the median of the paired ratios."""
    body = the_claim()
    document = read(body, LIMIT)
    if check(document):
        raise SystemExit("the Claim is refused: there is nothing to measure")
    rounds = []
    for _ in range(ROUNDS):
        reading = microseconds(lambda: read(body, LIMIT))
        checking = microseconds(lambda: check(document))
        both = microseconds(lambda: check(read(body, LIMIT)))
        model = microseconds(lambda: Claim.model_validate_json(body))
        rounds.append((reading, checking, both, model, both / model))
    *times, ratio = map(statistics.median, zip(*rounds, strict=True))
    figures = dict(zip(("read", "check", "read and check", "fhir.resources"), times, strict=True))
    title = f"Checking one 3-item Claim of {len(body):,} bytes, medians of {ROUNDS} rounds"
    measured = Table(title, ("", "µs"), tuple(figures.items()))
    judged = Table(
        "Checking beside fhir.resources",
        ("", "Ratio", "Goal, at most", "Met"),
        (("read and check", ratio, GOAL, ratio <= GOAL),),
    )
    return Report("validation", [measured, judged], {**figures, "ratio": ratio, "goal": GOAL})
