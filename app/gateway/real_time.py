"""Priority `stat`: decided while the sender waits, within the payer's budget.

http://terminology.hl7.org/CodeSystem/processpriority
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from app.domain.parties import Client, Payer
from app.gateway.intake.outcome import Taken
from app.store.database.engine import Busy, CommitUnknown, DiskFull
from app.telemetry import log


class Decides(Protocol):
    """Whoever decides a submission at once."""

    def decide_now(
        self, submission: tuple[str, str], payer: Payer, *, is_handed_over: bool = False
    ) -> None:
        """Try it; what is not decided in time is due for the clock, as anything else is."""


def tried(decides: Decides, client: Client, taken: Taken, *, is_handed_over: bool = False) -> None:
    """Decide at once what was taken in as urgent; it is stored already, so nothing can be lost."""
    if taken.urgent is None or not taken.is_new or not client.payer.settings.real_time_budget:
        return
    try:
        decides.decide_now(taken.urgent, client.payer, is_handed_over=is_handed_over)
    except (Busy, CommitUnknown, DiskFull) as fault:
        # The sender is answered as for any other priority, and the clock has its turn.
        log.warning("not decided at once", error_class=type(fault).__name__)


class WithinOneBudget:
    """Decides for a whole Bundle as long as one request has; the rest is left to the clock.

    `elapsed` counts seconds.
    """

    def __init__(self, decides: Decides, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._decides = decides
        self._elapsed = elapsed
        self._began = elapsed()

    def decide_now(
        self, submission: tuple[str, str], payer: Payer, *, is_handed_over: bool = False
    ) -> None:
        """Try it, unless those before it took all of the time."""
        spent = timedelta(seconds=self._elapsed() - self._began)
        if spent < payer.settings.real_time_budget:
            self._decides.decide_now(submission, payer, is_handed_over=is_handed_over)


@dataclass(slots=True)
class AfterCommit:
    """Decides nothing yet: what it is asked in a transaction is tried once that is committed."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def decide_now(
        self, submission: tuple[str, str], payer: Payer, *, is_handed_over: bool = False
    ) -> None:
        """Keep it in mind."""
        self.asked.append(submission)

    def tried(self, decides: Decides, payer: Payer) -> None:
        """Try all of them now."""
        for submission in self.asked:
            try:
                decides.decide_now(submission, payer)
            except (Busy, CommitUnknown, DiskFull) as fault:
                log.warning("not decided at once", error_class=type(fault).__name__)
