"""How a payer's time limits stand: what an operator asks. Docs: docs/clocks.md."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.forecast import DAY, SOON, WEEK, Standing, pace, standings
from app.domain.parties import Payer, Scope
from app.gateway.installation import Installation
from app.store.clocks import Timed
from app.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How each kind stands, and the requests that are late or due soon, the first one first."""

    at: datetime
    standings: list[Standing]
    due: list[Timed]


def time_limits(installation: Installation, payer: Payer, listed: int = 0) -> TimeLimits:
    """How the clocks of a payer stand now; at most `listed` requests by name."""
    return installation.read(Scope(payer.id), lambda work: _read(listed, work))


def _read(listed: int, work: UnitOfWork) -> TimeLimits:
    now = work.now
    last_day, last_week = (work.due.decided_since(now - span) for span in (DAY, WEEK))
    paces = {kind: pace(last_day.get(kind, 0), count) for kind, count in last_week.items()}
    found = standings(work.due.clocks(), paces, now)
    return TimeLimits(now, found, work.due.by(now + SOON, listed) if listed else [])
