"""How the clocks of each kind stand, and which will be late if decisions go on as they did.

Docs: docs/clocks.md, "The forecast".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.clocks import Clock, Kind

DAY, WEEK = timedelta(days=1), timedelta(days=7)
SOON = DAY


@dataclass(frozen=True, slots=True)
class Pace:
    """So many decisions were made in a length of time."""

    decisions: int
    within: timedelta

    def decided_at(self, now: datetime, nth: int) -> datetime | None:
        """When the nth from now is decided if the pace holds; None where that is never.

        Never is also what comes after the last day that there is a date for.
        """
        if not self.decisions:
            return None
        try:
            return now + self.within * nth / self.decisions
        except OverflowError:
            return None


def pace(last_day: int, last_week: int) -> Pace:
    """The pace of the last day; after a day without a decision, that of the last week."""
    return Pace(last_day, DAY) if last_day else Pace(last_week, WEEK)


@dataclass(slots=True)
class Standing:
    """The clocks of one kind that have not ended.

    `open` counts all of them; `paused`, `breached` and `due_soon` are some of these, `due_soon` and
    `will_breach` among those that run and are not late yet. `first_breach_at` is when the first
    of `will_breach` is due.
    """

    kind: Kind
    pace: Pace
    open: int = 0
    paused: int = 0
    breached: int = 0
    due_soon: int = 0
    oldest_at: datetime | None = None
    will_breach: int = 0
    first_breach_at: datetime | None = None

    def add(self, clock: Clock, now: datetime) -> None:
        """Count a clock; those that run come in the order in which they are due."""
        self.open += 1
        self.oldest_at = min(self.oldest_at or clock.started_at, clock.started_at)
        is_breached = clock.is_breached(now)
        self.breached += is_breached
        if clock.paused_at is not None:
            self.paused += 1
        elif not is_breached:
            self.due_soon += clock.left(now) <= SOON
            self._foresee(clock, now)

    def _foresee(self, clock: Clock, now: datetime) -> None:
        # What waits for the provider is nobody's to decide yet; all others come before it.
        at = self.pace.decided_at(now, self.open - self.paused)
        if at is None or at > clock.decide_by:
            self.will_breach += 1
            self.first_breach_at = self.first_breach_at or clock.decide_by


def standings(clocks: Iterable[Clock], paces: Mapping[Kind, Pace], now: datetime) -> list[Standing]:
    """How each kind stands that has a clock, by kind; clocks that run come as they are due."""
    found: dict[Kind, Standing] = {}
    for clock in clocks:
        if clock.kind not in found:
            found[clock.kind] = Standing(clock.kind, paces.get(clock.kind, Pace(0, WEEK)))
        found[clock.kind].add(clock, now)
    return [found[kind] for kind in sorted(found, key=str)]
