"""How long a payer may take to decide: limits by kind of request, and the clock of each request.

A clock runs while the payer can work, and stands still while it waits for the provider or for what
the provider has to bring. Docs: docs/clocks.md.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.adjudication import Awaiting
from app.domain.codes import ClaimUse, Coding
from app.domain.decisions import Ending

# The provider has to bring both: an attachment, or what an earlier payer answered. A missing
# Coverage or plan, and a person's look, are the payer's own matter: there the clock runs on.
PAUSING = frozenset({Awaiting.INFORMATION, Awaiting.OTHER_PAYER})

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=3650)

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_TIME = re.compile(r"([1-9][0-9]{0,6})([mhd])")
_LONGEST_TYPE = 255
# Rules speak of 72 hours, not of three days.
_TOLD_IN_HOURS = timedelta(days=4)


class Priority(StrEnum):
    """How urgent a request is: http://terminology.hl7.org/CodeSystem/processpriority."""

    STAT = "stat"
    NORMAL = "normal"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """A kind of request; as a rule's, None stands for any priority, any type of Claim.

    `type` is a code whatever its system, or `system|code`.
    """

    use: ClaimUse
    priority: Priority | None = None
    type: str | None = None

    def __str__(self) -> str:
        if self.type is not None:
            return f"{self.use}/{self.priority or ''}/{self.type}"
        return f"{self.use}/{self.priority}" if self.priority else str(self.use)

    @classmethod
    def parse(cls, text: str) -> "Kind":
        """Read `use`, `use/priority`, `use//type` or `use/priority/type`; raises ValueError."""
        use, priority, type = (*text.split("/", 2), "", "")[:3]
        if len(type) > _LONGEST_TYPE:
            raise ValueError(f"a type has {_LONGEST_TYPE} characters at most")
        return cls(ClaimUse(use), Priority(priority) if priority else None, type or None)

    def covers(self, use: ClaimUse, priority: Priority, type: Coding | None) -> bool:
        """Whether a rule of this kind is about such a request."""
        is_type = self.type is None or (type is not None and self.type in (type.code, type.key))
        return self.use is use and self.priority in (None, priority) and is_type


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A rule: requests of a kind are decided within a time, by the calendar."""

    kind: Kind
    within: timedelta

    def __str__(self) -> str:
        return f"{self.kind}={_spelled(self.within)}"

    @classmethod
    def parse(cls, text: str) -> "TimeLimit":
        """Read `preauthorization/stat=72h` (m, h or d); raises ValueError."""
        kind, _, time = text.rpartition("=")
        return cls(Kind.parse(kind), time_of(time))


def time_of(text: str) -> timedelta:
    """Read `60m`, `72h` or `7d`; raises ValueError, also beyond ten years."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("a time is a whole number of minutes, hours or days: 60m, 72h, 7d")
    time = int(found[1]) * _UNITS[found[2]]
    if time > LONGEST:
        raise ValueError(f"a time is {LONGEST.days} days at most")
    return time


def _spelled(time: timedelta) -> str:
    if time % _UNITS["h"]:
        return f"{time // _UNITS['m']}m"
    is_in_days = time >= _TOLD_IN_HOURS and not time % _UNITS["d"]
    return f"{time // _UNITS['d']}d" if is_in_days else f"{time // _UNITS['h']}h"


# Prior authorization: 42 CFR 422.568(b)(1) and 422.572(a), from 2026. Claims: 42 CFR 422.520(a).
DEFAULT_LIMITS = tuple(
    TimeLimit.parse(text)
    for text in (
        "claim=30d",
        "preauthorization=7d",
        "preauthorization/stat=72h",
        "predetermination=7d",
        "predetermination/stat=72h",
    )
)


def limits(own: Iterable[TimeLimit]) -> tuple[TimeLimit, ...]:
    """What holds for a payer, in the order of kinds: its own rules in the place of the defaults."""
    merged = {one.kind: one for one in (*DEFAULT_LIMITS, *own)}
    return tuple(sorted(merged.values(), key=lambda one: str(one.kind)))


def limit_for(
    own: Iterable[TimeLimit], use: ClaimUse, priority: Priority, type: Coding | None
) -> TimeLimit:
    """The rule of a request: of those about it, the most exact.

    One that names a type comes first, then one with a priority, then one with the type's system.
    """

    def exactness(kind: Kind) -> tuple[bool, bool, bool]:
        has_system = type is not None and kind.type == type.key
        return (kind.type is not None, kind.priority is not None, has_system)

    about = [one for one in limits(own) if one.kind.covers(use, priority, type)]
    return max(about, key=lambda one: exactness(one.kind))


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of one request for a decision.

    `decide_by` counts the pauses that are over; `paused_at` None while it runs.
    """

    kind: Kind
    started_at: datetime
    decide_by: datetime
    paused_at: datetime | None = None
    paused_for: timedelta = timedelta(0)
    is_extended: bool = False
    ended_at: datetime | None = None
    ending: Ending | None = None

    def paused(self, at: datetime) -> "Clock":
        """It stands still from now on; one that does already, or has ended, is left as it is."""
        if self.paused_at is not None or self.ended_at is not None:
            return self
        return replace(self, paused_at=max(at, self.started_at), is_extended=True)

    def resumed(self, at: datetime) -> "Clock":
        """It runs again, and what was left when it was paused is left."""
        if self.paused_at is None:
            return self
        pause = max(at - self.paused_at, timedelta(0))
        return replace(
            self,
            decide_by=self.decide_by + pause,
            paused_at=None,
            paused_for=self.paused_for + pause,
        )

    def ended(self, at: datetime, ending: Ending) -> "Clock":
        """It is over; a pause that lasts ends with it."""
        if self.ended_at is not None:
            return self
        return replace(self.resumed(at), ended_at=max(at, self.started_at), ending=ending)

    def waited(self, at: datetime) -> timedelta:
        """How long it stood still up to an instant."""
        return self.resumed(at).paused_for

    def elapsed(self, at: datetime) -> timedelta:
        """How long it ran up to an instant, or until it ended."""
        return max((self.ended_at or at) - self.started_at, timedelta(0)) - self.waited(at)

    def left(self, at: datetime) -> timedelta:
        """What is left of the time, below zero where it is exceeded."""
        return self.decide_by - (self.ended_at or self.paused_at or at)

    def is_breached(self, at: datetime) -> bool:
        """Whether the time is exceeded."""
        return self.left(at) < timedelta(0)
