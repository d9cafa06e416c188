"""Figures of one cell of a table: how many a second, how long each took, what it cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the values that at least so many percent do not exceed; 0 of none."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


@dataclass
class Sample:
    """What was seen of one kind of request, in one or more rounds.

    `processor_seconds` are the server's, of all `answered`, those of the warm-up included.
    """

    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    processor_seconds: float = 0.0
    client_seconds: float = 0.0
    answered: int = 0
    unexpected: int = 0
    surprise: str = ""

    def __add__(self, other: "Sample") -> "Sample":
        """Both rounds as one."""
        return Sample(
            self.milliseconds + other.milliseconds,
            self.seconds + other.seconds,
            self.processor_seconds + other.processor_seconds,
            self.client_seconds + other.client_seconds,
            self.answered + other.answered,
            self.unexpected + other.unexpected,
            self.surprise or other.surprise,
        )

    @property
    def per_second(self) -> float:
        """Answers a second; 0 where nothing was measured."""
        return len(self.milliseconds) / self.seconds if self.seconds > 0 else 0.0

    @property
    def processor_ms(self) -> float:
        """Processor milliseconds of the server for one answer."""
        return self.processor_seconds * 1000 / self.answered if self.answered else 0.0

    @property
    def p50(self) -> float:
        """Milliseconds that half of the answers took at most."""
        return percentile(self.milliseconds, 50)

    @property
    def p95(self) -> float:
        """Milliseconds that 95 of 100 took at most."""
        return percentile(self.milliseconds, 95)

    @property
    def p99(self) -> float:
        """Milliseconds that 99 of 100 took at most."""
        return percentile(self.milliseconds, 99)

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return {
            "per_second": round(self.per_second, 1),
            "p50_ms": round(self.p50, 2),
            "p95_ms": round(self.p95, 2),
            "p99_ms": round(self.p99, 2),
            "processor_ms": round(self.processor_ms, 3),
            "client_seconds": round(self.client_seconds, 2),
            "seconds": round(self.seconds, 2),
            "count": len(self.milliseconds),
            "unexpected": self.unexpected,
            "surprise": self.surprise,
        }


def ratio(one: float, other: float) -> float | None:
    """How many times the other; None where the other was not measured."""
    return one / other if other else None
