"""A walk through the steps of the demo: what was sent so far, and how each step went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException

import click

from app.cli.demo import documents
from app.cli.demo.temporary import Served, Tell
from app.cli.demo.wire import Wire


@dataclass(frozen=True, slots=True)
class Came:
    """What was sent, and what came back; `ids` are the resources that were named."""

    sent: str
    back: str
    status: int
    milliseconds: float
    ids: tuple[str, ...] = ()


@dataclass(slots=True)
class Walk:
    """One walk through the care cycle: what was sent so far, by the names the steps give it."""

    served: Served
    wire: Wire = field(init=False)
    references: dict[str, str] = field(default_factory=dict)
    sent: dict[str, documents.Document] = field(default_factory=dict)
    answers: dict[str, documents.Document] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wire = Wire(self.served)


Action = Callable[[Walk], Came]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is for, what it does, and what must come back, word for word."""

    title: str
    action: Action
    expected: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step went; of one that could not be made, `came` says why."""

    number: int
    step: Step
    came: Came

    @property
    def held(self) -> bool:
        """Whether what came back is what was written down."""
        return self.came.back == self.step.expected


def walked(steps: Sequence[Step], walk: Walk, tell: Tell) -> list[Outcome]:
    """Take every step, also after one that went wrong."""
    outcomes = []
    for number, step in enumerate(steps, 1):
        tell(step.title)
        outcomes.append(Outcome(number, step, _taken(step, walk)))
    return outcomes


def _taken(step: Step, walk: Walk) -> Came:
    try:
        return step.action(walk)
    except (
        LookupError,
        OSError,
        ValueError,
        TypeError,
        HTTPException,
        click.ClickException,
    ) as fault:
        # An answer of another shape, or none: a difference like any other.
        return Came("", f"could not be read: {type(fault).__name__} {fault}", 0, 0.0)
