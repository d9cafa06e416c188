"""How often something may be done: a bucket that fills again, and what is told when it is empty.

The bucket is one instant, that at which it will be full: what was taken and is not yet back is the
time until then. https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
"""

from dataclasses import dataclass
from datetime import timedelta

from app.domain.issues import ErrorCode, Issue, Unacceptable

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, and then one for each `interval` that has gone by."""

    interval: timedelta
    burst: int

    @classmethod
    def per(cls, time: timedelta, count: int, burst: int | None = None) -> "Rate":
        """So many in that time; without `burst` as many at once."""
        return cls(time / count, burst or count)

    @property
    def step(self) -> int:
        """What one takes, in microseconds."""
        return self.interval // _MICROSECOND

    @property
    def most(self) -> int:
        """What a full bucket holds, in microseconds."""
        return self.step * self.burst

    def wait(self, full_at: int, now: int) -> int:
        """Microseconds until one may be taken; 0 where it may be at once."""
        return max(0, max(full_at, now) + self.step - now - self.most)

    def after(self, full_at: int, now: int) -> int:
        """When the bucket will be full once one is taken."""
        return max(full_at, now) + self.step


@dataclass(frozen=True, slots=True)
class Limits:
    """The rates of one installation.

    `requests` and `empty_polls` are those of one client, `failures` of one address.
    """

    requests: Rate
    empty_polls: Rate
    failures: Rate


class TooOften(Unacceptable):
    """Done too often: nothing was done now, and may be again after so many seconds."""

    def __init__(self, microseconds: int) -> None:
        super().__init__(Issue(ErrorCode.RATE, ErrorCode.RATE.entry.meaning))
        # Rounded up: whoever comes back then is not sent away once more.
        self.after_seconds = -(-microseconds // 1_000_000)
