"""What a request costs over HTTP: `eclaims serve` under load, beside its floor and another server.

Each figure stands beside the floor of the same minute: the same web server and database with the
same bytes in one row, durable, and nothing else (`benchmarks/measuring/floor.py`). For reads it is
a trivial GET of the gateway itself. The other server is fhirstarter on a SQLite file. They take
turns in each cell, so that whatever else the machine does meets all of them.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from benchmarks.measuring import cloning, plot, requests
from benchmarks.measuring.cells import Cell, goals_table, json_of, table_of
from benchmarks.measuring.figures import Sample
from benchmarks.measuring.load import Seen, Step
from benchmarks.measuring.options import Options
from benchmarks.measuring.peer_environment import NotInstalled, peer_python
from benchmarks.measuring.queues import refilled
from benchmarks.measuring.report import Report, Table
from benchmarks.measuring.rounds import Measured
from benchmarks.measuring.servers import (
    Server,
    Site,
    floor_server,
    gateway,
    new_site,
    peer_server,
)
from benchmarks.measuring.starting import started
from tests.postgresql import Cluster

ROUNDS = 2
JOBS = 10
# Answers wait in the queues for each second of a cell, at most so many in all.
ANSWERED_A_SECOND, MOST_ANSWERED = 2_000, 8_000
# So many answers at once by a poll of the mixed load.
POLLED = 10
NOBODY = ("",)
_MIB = 2**20


@dataclass
class Sent:
    """Claims that were sent and not yet cancelled: of each token their numbers and ids."""

    claims: list[list[tuple[str, str]]]

    def add(self, seen: Seen) -> None:
        """What was created meanwhile."""
        for own, created in zip(self.claims, seen.created, strict=True):
            own.extend(created)

    @property
    def ids(self) -> list[list[str]]:
        """Their ids."""
        return [[id for _, id in own] for own in self.claims]

    @property
    def numbers(self) -> list[list[str]]:
        """Their business identifiers."""
        return [[number for number, _ in own] for own in self.claims]

    def keep(self, counts: list[int]) -> None:
        """The first so many of each token; the others were cancelled."""
        for own, count in zip(self.claims, counts, strict=True):
            del own[count:]


class Bench:
    """One database: its gateway, its floor, and the other server where there is one."""

    def __init__(
        self,
        measured: Measured,
        site: Site,
        server: Server,
        floor: Server,
        peer: Server | None,
        progress: Progress,
    ) -> None:
        self.measured = measured
        self.site = site
        self.server = server
        self.floor = floor
        self.peer = peer
        self.database = "sqlite" if site.is_sqlite else "postgresql"
        self.task = progress.add_task(self.database, total=None)
        self.progress = progress
        self.sent = Sent([[] for _ in site.tokens])
        self.at_peer = Sent([[]])

    def cells(self, connections: int) -> Iterator[Cell]:
        """All jobs at this number of connections."""
        live = self._cell(requests.trivial(), connections)
        yield live
        for items in (requests.ITEMS, requests.MANY_ITEMS):
            step = requests.submit(items)
            size = len(requests.a_claim_of(items))
            peer_step = requests.peer_create(items)
            yield self._cell(step, connections, requests.row(step.name, size), peer_step)
        yield self._cell(requests.status(self.sent.ids), connections, "answer")
        read = requests.peer_read(self.at_peer.ids)
        yield self._cell(requests.read(self.sent.ids), connections, live.gateway, read)
        search = requests.peer_search(self.at_peer.numbers)
        yield self._cell(requests.search(self.sent.numbers), connections, live.gateway, search)
        for count in (1, 100):
            yield self._cell(requests.poll(count, []), connections)
        yield self._mixed(connections)
        yield self._cell(requests.cancel(self.sent.ids), connections, "answer")

    def _cell(
        self,
        step: Step,
        connections: int,
        floor: Step | Sample | str | None = None,
        peer: Step | None = None,
    ) -> Cell:
        """One job in rounds; the floor "answer" is as many bytes as the answer has."""
        cell = Cell(self.database, step.name, connections, Sample())
        for _ in range(ROUNDS):
            if step.follow is not None:
                count = int(step.name.split()[1])
                step.values = [[""] * (own // count) for own in refilled(self.site)]
            sample, seen = self.measured.sample(self.server, self.site.tokens, step, connections)
            cell.gateway += sample
            self._note(step, seen)
            if floor == "answer":
                floor = requests.row(step.name, seen.body_bytes.get(step.name, 1))
            if isinstance(floor, Step):
                cell.floor = (cell.floor or Sample()) + self._of(self.floor, floor, connections)
            if peer is not None and self.peer is not None:
                cell.peer = (cell.peer or Sample()) + self._of(self.peer, peer, connections)
        if isinstance(floor, Sample):
            cell.floor = floor
        self._tell(cell)
        return cell

    def _tell(self, cell: Cell) -> None:
        told = f"{cell.database}, {cell.job}, {cell.connections} connections"
        self.progress.update(self.task, description=told, advance=1)

    def _of(self, server: Server, step: Step, connections: int) -> Sample:
        sample, seen = self.measured.sample(server, NOBODY, step, connections)
        if server is self.peer and step.values is None:
            self.at_peer.add(seen)
        return sample

    def _note(self, step: Step, seen: Seen) -> None:
        """What there is now to ask about, and what is not there any more."""
        if step.name.startswith("submit"):
            self.sent.add(seen)
        if step.once and step.values is not None:
            left = seen.left[step.name]
            step.values = [own[:count] for own, count in zip(step.values, left, strict=True)]
            if step.name == "cancel":
                self.sent.keep(left)

    def _mixed(self, connections: int) -> Cell:
        """A payer's day: mostly Claims, then questions about them, some polled, a few cancelled."""
        cell = Cell(self.database, "mixed", connections, Sample())
        for _ in range(ROUNDS):
            steps = self._mixture()
            samples, seen = self.measured.load(self.server, self.site.tokens, steps, connections)
            # All in the same seconds.
            together = Sample(
                [one for sample in samples.values() for one in sample.milliseconds],
                seen.seconds,
                sum(sample.processor_seconds for sample in samples.values()),
                seen.processor_seconds,
                seen.answered,
                seen.unexpected,
                seen.surprise,
            )
            cell.gateway += together
            self.sent.keep(seen.left["cancel"])
            self.sent.add(seen)
        self._tell(cell)
        return cell

    def _mixture(self) -> list[Step]:
        ids = self.sent.ids
        polls = [own // POLLED for own in refilled(self.site)]
        steps = {
            40: requests.submit(requests.ITEMS),
            25: requests.status(ids),
            20: requests.read(ids),
            8: requests.search(self.sent.numbers),
            4: requests.poll(POLLED, polls),
            3: requests.cancel([own.copy() for own in ids]),
        }
        for weight, step in steps.items():
            step.weight = weight
        return list(steps.values())


def benchmarked(
    options: Options, database: str, python: Path | None, progress: Progress
) -> tuple[list[Cell], tuple[object, ...]]:
    """The cells of one database, and how its server started."""
    cells: list[Cell] = []
    folder = options.workplace / database
    folder.mkdir()
    with ExitStack() as stack:
        urls: tuple[str | None, str | None] = (None, None)
        pids: tuple[int, ...] = ()
        if database == "postgresql":
            cluster = stack.enter_context(Cluster(durable=True))
            urls, pids = (cluster.create_database(), cluster.create_database()), (cluster.pid,)
        site = new_site(folder / "instance", urls[0])
        original = cloning.an_original(site)
        answered = range(min(MOST_ANSWERED, int(ANSWERED_A_SECOND * options.seconds)))
        cloning.copied(site, original, answered, answered)
        server = stack.enter_context(gateway(site, *pids))
        floor = stack.enter_context(floor_server(folder, urls[1], *pids))
        peer = None if python is None else stack.enter_context(peer_server(folder, python))
        bench = Bench(Measured(options.seconds / ROUNDS), site, server, floor, peer, progress)
        progress.update(bench.task, total=JOBS * len(options.connections))
        for connections in options.connections:
            cells.extend(bench.cells(connections))
        size = round(server.largest_worker_bytes() / _MIB)
        progress.update(bench.task, description=database)
        return cells, (database, server.seconds_to_ready, 2.0, size, 150)


def main(options: Options) -> Report:
    """Both databases, then how long a start takes."""
    python, note = None, ""
    if options.has_peer:
        try:
            python = peer_python(options.workplace)
        except NotInstalled as error:
            note = f"fhirstarter could not be installed, so its columns are empty: {error}"
    cells: list[Cell] = []
    servers = []
    with Progress(transient=True) as progress:
        for database in options.databases:
            found, server = benchmarked(options, database, python, progress)
            cells.extend(found)
            servers.append(server)
    starts = Table(
        "Start",
        ("", "Seconds", "Goal, at most", "MiB of the largest process", "Goal, at most"),
        (("`eclaims --help`", started(), 0.3, None, None), *servers),
    )
    tables = [table_of(database, cells, note) for database in options.databases]
    plots = {
        database: plot.bars(
            f"Requests a second, {database}",
            ("gateway", "floor", "fhirstarter"),
            [cell.group() for cell in cells if cell.database == database],
        )
        for database in options.databases
    }
    return Report("http", [goals_table(cells), *tables, starts], json_of(cells, starts), plots)
