"""Ticks once a second and lets a worker drain what is due.

Harmless in any number of processes: a tick that finds nothing due does nothing.
"""

from collections.abc import Callable
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from app.telemetry import log


class Clock:
    """Calls `drain` every `seconds`, one call at a time; a tick that comes meanwhile is skipped."""

    def __init__(self, drain: Callable[[], int], seconds: float) -> None:
        self._drain = drain
        self._scheduler = BackgroundScheduler(timezone=UTC)
        # A missed tick is no debt: the next one finds the same work.
        self._scheduler.add_job(
            self._tick,
            IntervalTrigger(seconds=seconds, timezone=UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def start(self) -> None:
        """Begin to tick, in a thread of its own."""
        self._scheduler.start()

    def stop(self) -> None:
        """Finish the tick that runs, and tick no more."""
        self._scheduler.shutdown(wait=True)

    def _tick(self) -> None:
        try:
            self._drain()
        except Exception as fault:  # noqa: BLE001  a database that is away may be back at a later tick
            log.error("tick failed", error_class=type(fault).__name__)
