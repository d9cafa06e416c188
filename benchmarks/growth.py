"""What submit, status and poll cost with many stored Claims and long queues.

Each size is an installation of its own, with Claims that are decided and polled, copied from one
that came in by the real code. Its queue is one submitter's. Each takes turns with an empty one, so
the ratio is what counts.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks.measuring import cloning, requests
from benchmarks.measuring.figures import Sample, ratio
from benchmarks.measuring.load import Step
from benchmarks.measuring.options import Options
from benchmarks.measuring.queues import refilled
from benchmarks.measuring.report import Report, Table
from benchmarks.measuring.rounds import Measured
from benchmarks.measuring.servers import Server, Site, gateway, new_site
from tests.postgresql import Cluster

GOAL = 1.3
ROUNDS = 6
CONNECTIONS = 16
EMPTY = (0, 10)
# Of a queue of ten as of a hundred thousand, in one round.
POLLS = 10
ASKED = 1_000
JOBS = ("submit 3", "status", "poll 1")
HEADS = (
    *("Database", "Job", "Stored", "Queue", "p50 ms", "CPU ms"),
    *("Empty p50 ms", "Empty CPU ms", "Ratio of p50", "Ratio of CPU", "Goal, at most", "Met"),
)


@dataclass
class Size:
    """An installation of some size, under load."""

    stored: int
    queue: int
    site: Site
    server: Server
    ids: list[list[str]]
    samples: dict[str, Sample] = field(default_factory=dict)


def main(options: Options) -> Report:
    """Each database: an empty installation, and each size."""
    lines: list[dict[str, Any]] = []
    with Progress(transient=True) as progress:
        for database in options.databases:
            folder = options.workplace / database
            folder.mkdir()
            lines.extend(grown(options, database, folder, progress))
    rows = tuple(tuple(line.values()) for line in lines)
    title = f"Growth, beside an empty database, {CONNECTIONS} connections (poll: 1)"
    return Report("growth", [Table(title, HEADS, rows, 2)], {"goal": GOAL, "figures": lines})


def grown(
    options: Options, database: str, folder: Path, progress: Progress
) -> Iterator[dict[str, Any]]:
    """One line for each job and size."""
    pairs = list(zip_longest(options.stored, options.queues))
    last = options.stored[-1], options.queues[-1]
    wanted = [(stored or last[0], queue or last[1]) for stored, queue in pairs]
    task = progress.add_task(database, total=len(wanted) + 1 + ROUNDS)
    with ExitStack() as stack:
        cluster = None
        if database == "postgresql":
            cluster = stack.enter_context(Cluster(durable=True))
        sizes = []
        for stored, queue in (EMPTY, *wanted):
            progress.update(task, description=f"{database}: {stored:,} stored")
            url = None if cluster is None else cluster.create_database()
            site = new_site(folder / str(stored), url, is_encrypted=False)
            ids = _filled(site, stored, queue)
            pids = () if cluster is None else (cluster.pid,)
            sizes.append(Size(stored, queue, site, stack.enter_context(gateway(site, *pids)), ids))
            progress.advance(task)
        measured = Measured(options.seconds / ROUNDS)
        for _ in range(ROUNDS):
            progress.update(task, description=f"{database}: under load")
            for size in sizes:
                _round(measured, size)
            progress.advance(task)
        for size in sizes[1:]:
            yield from _lines(database, sizes[0], size)


def _filled(site: Site, stored: int, queue: int) -> list[list[str]]:
    """Copies of a Claim; answers some ids of each submitter's, of all ages."""
    original = cloning.an_original(site)
    waiting = range(-(-queue // original.answers))
    numbers = range(max(stored, waiting.stop))
    cloning.copied(site, original, numbers, waiting, in_one_queue=True)
    # Those that wait are all of the first submitter.
    others = numbers[waiting.stop :] or numbers
    some = others[:: max(1, len(others) // ASKED)]
    ids: list[list[str]] = [[] for _ in site.clients]
    for nth in some:
        owner = 0 if nth in waiting else nth % len(site.clients)
        ids[owner].append(original.id_of(nth))
    return ids


def _round(measured: Measured, size: Size) -> None:
    waiting = refilled(size.site)[0]
    polls = requests.poll(1, [min(POLLS, waiting)])
    owners = [nth for nth, own in enumerate(size.ids) if own]
    asked = requests.status([size.ids[nth] for nth in owners])
    tokens = tuple(size.site.tokens[nth] for nth in owners)
    for step, senders, connections in (
        (requests.submit(requests.ITEMS), size.site.tokens, CONNECTIONS),
        (asked, tokens, CONNECTIONS),
        (polls, size.site.tokens[:1], 1),
    ):
        sample = _sample(measured, size.server, senders, step, connections)
        size.samples[step.name] = size.samples.get(step.name, Sample()) + sample


def _sample(
    measured: Measured, server: Server, tokens: tuple[str, ...], step: Step, connections: int
) -> Sample:
    sample, seen = measured.sample(server, tokens, step, connections)
    if seen.unexpected:
        raise RuntimeError(f"{step.name}: {seen.unexpected} unexpected answers: {seen.surprise}")
    return sample


def _lines(database: str, empty: Size, size: Size) -> Iterator[dict[str, Any]]:
    for job in JOBS:
        seen, beside = size.samples[job], empty.samples[job]
        grown_by = ratio(seen.p50, beside.p50)
        yield {
            "database": database,
            "job": job,
            "stored": size.stored,
            "queue": size.queue,
            "p50_ms": round(seen.p50, 2),
            "processor_ms": round(seen.processor_ms, 3),
            "empty_p50_ms": round(beside.p50, 2),
            "empty_processor_ms": round(beside.processor_ms, 3),
            "ratio_p50": grown_by,
            "ratio_processor": ratio(seen.processor_ms, beside.processor_ms),
            "goal": GOAL,
            "is_met": None if grown_by is None else grown_by <= GOAL,
        }
