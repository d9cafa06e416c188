"""Cells of the table over HTTP: what was measured, what stands beside it, and what was to reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measuring.figures import Sample, ratio
from benchmarks.measuring.plot import Group
from benchmarks.measuring.report import Table

JUDGED_AT = 16


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
        """Times as many a second as the floor."""
        return ratio(self.gateway.per_second, self.floor.per_second) if self.floor else None

    @property
    def of_peer(self) -> float | None:
        """Times as many a second as the other server."""
        return ratio(self.gateway.per_second, self.peer.per_second) if self.peer else None

    @property
    def goal(self) -> Goal | None:
        """What was to reach, where it is judged: at the connections that the goals name."""
        return GOALS.get(self.job) if self.connections == JUDGED_AT else None

    @property
    def is_met(self) -> bool | None:
        """Whether all of the goal was reached; None without one, or where one side is missing."""
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
            reached.append(self.gateway.p99 <= goal.spread * self.gateway.p50)
        if False in reached:
            return False
        return None if None in reached else True

    def row(self) -> tuple[object, ...]:
        """As it stands in the table."""
        seen, floor, peer = self.gateway, self.floor, self.peer
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

    def group(self) -> Group:
        """As bars."""
        beside = (None if one is None else one.per_second for one in (self.floor, self.peer))
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
    unexpected = sum(cell.gateway.unexpected for cell in own)
    told = next((cell.gateway.surprise for cell in own if cell.gateway.surprise), "")
    notes = [note, f"{unexpected} answers were not as expected: {told}" if unexpected else ""]
    title = f"HTTP, {database}"
    return Table(title, HEADS, tuple(rows), 2, " ".join(one for one in notes if one))


def json_of(cells: Sequence[Cell], starts: Table) -> dict[str, Any]:
    """All cells and how the servers started."""
    return {
        "cells": [cell.as_json() for cell in cells],
        "starts": [dict(zip(starts.heads, row, strict=True)) for row in starts.rows],
    }
