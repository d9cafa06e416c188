"""Cells of the table over HTTP: what was measured, what stands beside it, and what was to reach."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measuring.figures import Sample, ratio
from benchmarks.measuring.plot import Group
from benchmarks.measuring.report import Table, shown

JUDGED_AT = 16
# Of fewer answers the slowest hundredth is the accident of a few.
FEWEST_FOR_P99 = 500


@dataclass(frozen=True)
class Goal:
    """At least so many times the floor, or the other server, or so many a second.

    `spread`: p99 is at most so many times p50.
    """

    floor: float | None = None
    peer: float | None = None
    per_second: float | None = None
    spread: float | None = None

    def __str__(self) -> str:
        told = (
            (self.floor, "≥ {:g} x floor"),
            (self.peer, "≥ {:g} x fhirstarter"),
            (self.per_second, "≥ {:g}/s"),
            (self.spread, "p99 ≤ {:g} x p50"),
        )
        return ", ".join(text.format(value) for value, text in told if value is not None)


GOALS = {
    "submit 3": Goal(floor=0.5, peer=6),
    "submit 100": Goal(per_second=120),
    "status": Goal(floor=0.5),
    "cancel": Goal(floor=0.4),
    "poll 100": Goal(per_second=120),
    "read": Goal(floor=0.6, peer=15),
    "search": Goal(peer=10),
    "mixed": Goal(spread=5),
}


@dataclass
class Cell:
    """One job on one database at one number of connections."""

    database: str
    job: str
    connections: int
    gateway: Sample
    floor: Sample | None = None
    peer: Sample | None = None

    @property
    def of_floor(self) -> float | None:
        """Times as many a second as the floor; None where that was not measured well."""
        return _times(self.gateway, self.floor)

    @property
    def of_peer(self) -> float | None:
        """Times as many a second as the other server; None where that was not measured well."""
        return _times(self.gateway, self.peer)

    @property
    def goal(self) -> Goal | None:
        """What was to reach, where it is judged: at the connections that the goals name."""
        return GOALS.get(self.job) if self.connections == JUDGED_AT else None

    @property
    def is_met(self) -> bool | None:
        """Whether all of the goal was reached; None without one, or where that cannot be said.

        It cannot where one side is missing or answered wrongly, nor of a p99 of few answers.
        """
        goal = self.goal
        if goal is None:
            return None
        if not self.gateway.milliseconds or self.gateway.unexpected:
            return False
        asked = (
            (goal.floor, self.of_floor),
            (goal.peer, self.of_peer),
            (goal.per_second, self.gateway.per_second),
        )
        reached = [
            None if seen is None else seen >= wanted for wanted, seen in asked if wanted is not None
        ]
        if goal.spread is not None:
            is_enough = len(self.gateway.milliseconds) >= FEWEST_FOR_P99
            is_near = self.gateway.p99 <= goal.spread * self.gateway.p50
            reached.append(is_near if is_enough else None)
        if False in reached:
            return False
        return None if None in reached else True

    def in_words(self) -> str:
        """Each figure that the goal asks about."""
        goal, seen = GOALS[self.job], self.gateway
        told = [f"{shown(seen.per_second)}/s"]
        if goal.floor is not None and self.of_floor is not None:
            told.append(f"{shown(self.of_floor)} x floor{self._by_processor()}")
        if goal.peer is not None and self.of_peer is not None:
            told.append(f"{shown(self.of_peer)} x fhirstarter")
        if goal.spread is not None and seen.p50:
            told.append(f"p99 {shown(seen.p99 / seen.p50)} x p50")
        return ", ".join(told)

    def _by_processor(self) -> str:
        """How many times the floor it would be if the processor were all; on a busy machine."""
        own = self.gateway.processor_ms
        beside = self.floor.processor_ms if self.floor else 0.0
        return f" (CPU {shown(beside / own)})" if own and beside else ""

    def row(self) -> tuple[object, ...]:
        """As it stands in the table."""
        seen, floor, peer = self.gateway, _usable(self.floor), _usable(self.peer)
        return (
            self.job,
            str(self.goal or ""),
            self.connections,
            seen.per_second,
            seen.p50,
            seen.p95,
            seen.p99,
            seen.processor_ms,
            floor.per_second if floor else None,
            floor.processor_ms if floor else None,
            self.of_floor,
            peer.per_second if peer else None,
            self.of_peer,
            self.is_met,
        )

    def notes(self) -> Iterator[str]:
        """Why a figure or a verdict is missing, one sentence each."""
        name = f"{self.job}, {self.connections} connections"
        sides = (("gateway", self.gateway), ("floor", self.floor), ("fhirstarter", self.peer))
        for side, seen in sides:
            if seen is not None and seen.unexpected:
                yield (
                    f"{name}: {seen.unexpected} answers of the {side} were not as expected:"
                    f" {seen.surprise}"
                )
            elif seen is not None and not seen.milliseconds:
                yield f"{name}: no answer of the {side}."
        count = len(self.gateway.milliseconds)
        if self.goal is not None and self.goal.spread is not None and count < FEWEST_FOR_P99:
            yield f"{name}: {count} answers are too few to judge p99 by."

    def group(self) -> Group:
        """As bars."""
        usable = (_usable(self.floor), _usable(self.peer))
        beside = (None if one is None else one.per_second for one in usable)
        return Group(f"{self.job}, {self.connections}", (self.gateway.per_second, *beside))

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return {
            "database": self.database,
            "job": self.job,
            "connections": self.connections,
            "gateway": self.gateway.as_json(),
            "floor": self.floor.as_json() if self.floor else None,
            "fhirstarter": self.peer.as_json() if self.peer else None,
            "of_floor": self.of_floor,
            "of_fhirstarter": self.of_peer,
            "goal": str(self.goal or ""),
            "is_met": self.is_met,
        }


def _usable(seen: Sample | None) -> Sample | None:
    """What was measured; None where that is nothing, or some answers were not as expected."""
    return None if seen is None or not seen.milliseconds or seen.unexpected else seen


def _times(own: Sample, beside: Sample | None) -> float | None:
    usable = _usable(beside)
    return None if usable is None else ratio(own.per_second, usable.per_second)


HEADS = (
    "Job",
    "Goal",
    "Conn.",
    "A second",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "CPU ms",
    "Floor/s",
    "Floor CPU ms",
    "x floor",
    "fhirstarter/s",
    "x fhirstarter",
    "Met",
)


def table_of(database: str, cells: Sequence[Cell], note: str = "") -> Table:
    """One database's cells, job by job."""
    own = [cell for cell in cells if cell.database == database]
    jobs = list(dict.fromkeys(cell.job for cell in own))
    rows = [cell.row() for job in jobs for cell in own if cell.job == job]
    notes = [note, *(told for cell in own for told in cell.notes())]
    title = f"HTTP, {database}"
    return Table(title, HEADS, tuple(rows), 2, " ".join(one for one in notes if one))


def goals_table(cells: Sequence[Cell]) -> Table:
    """What was to reach beside what was, on each database; of those cells that are judged."""
    judged = [cell for cell in cells if cell.goal is not None]
    databases = list(dict.fromkeys(cell.database for cell in judged))
    rows: list[tuple[object, ...]] = []
    for job in dict.fromkeys(cell.job for cell in judged):
        own = {cell.database: cell for cell in judged if cell.job == job}
        seen = [own[name].in_words() if name in own else None for name in databases]
        met = [cell.is_met for cell in own.values()]
        all_met = False if False in met else None if None in met else True
        rows.append((job, str(GOALS[job]), *seen, all_met))
    title = f"To reach, at {JUDGED_AT} connections"
    return Table(title, ("Job", "Goal", *databases, "Met"), tuple(rows), 2 + len(databases))


def json_of(cells: Sequence[Cell], starts: Table) -> dict[str, Any]:
    """All cells and how the servers started."""
    return {
        "cells": [cell.as_json() for cell in cells],
        "starts": [dict(zip(starts.heads, row, strict=True)) for row in starts.rows],
    }
