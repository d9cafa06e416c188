"""Whose turn it is: payers take turns in a batch, each with its share of the time that is left."""

from collections.abc import Iterable
from datetime import datetime

from app.store.jobs.work_queue import Job


class Turns:
    """The turns of one worker's payers; an adjudicator that is slow costs its own payer's time."""

    def __init__(self) -> None:
        # When each payer was last asked, as the number of that turn.
        self._asked: dict[str, int] = {}
        # Who was asked in this batch, and who of those needed more time than there was.
        self._begun: set[str] = set()
        self._behind: set[str] = set()

    def of(self, jobs: Iterable[Job]) -> list[tuple[str, list[Job]]]:
        """Each payer with its jobs: first who was not asked for longest, then whose are oldest."""
        self._begun = set()
        of_payer: dict[str, list[Job]] = {}
        for job in sorted(jobs, key=lambda job: job.id):
            of_payer.setdefault(job.payer_id, []).append(job)
        # The jobs are in order, and so are those who were never asked.
        return sorted(of_payer.items(), key=lambda turn: self._asked.get(turn[0], 0))

    def share(self, payer_id: str, now: datetime, until: datetime, payers: int) -> datetime:
        """The latest start of a payer's questions, where so many have to share the time."""
        if now > until:
            # Nobody is asked any more; who was not begins the next batch.
            return until
        self._begun.add(payer_id)
        self._asked.pop(payer_id, None)
        self._asked[payer_id] = max(self._asked.values(), default=0) + 1
        return now + (until - now) / payers

    def out_of_time(self, payer_id: str) -> None:
        """A job of this payer was not asked, for want of time."""
        if payer_id in self._begun:
            self._behind.add(payer_id)

    def behind(self) -> list[str]:
        """Those who needed more than their share since this was asked last."""
        behind, self._behind = sorted(self._behind), set()
        return behind
