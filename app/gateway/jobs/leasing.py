"""Takes jobs for one worker, and gives back what it does not come to."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.domain.parties import Payer, Scope
from app.gateway.installation import Installation
from app.gateway.jobs.kinds import ADJUDICATE
from app.store.database.walls import EVERYBODY, around
from app.store.jobs.work_queue import Job, WorkQueue
from app.store.parties import Parties
from app.store.submissions import Submissions

# What is left of a batch is done with the next, and a job that was tried is alone.
_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """Leased jobs, all payers by their ids, and whether a job that was tried before is due too."""

    jobs: list[Job]
    payers: Mapping[str, Payer]
    is_tried_due: bool


NOTHING_TAKEN = Taken([], {}, is_tried_due=False)


class Leasing:
    """The leases of one worker, each for so long as `length` says."""

    def __init__(self, installation: Installation, length: timedelta) -> None:
        self._installation = installation
        self.length = length
        self._tokens: deque[str] = deque(maxlen=_AT_ONCE)
        self._is_owing = False
        self._was_given_back = False

    def due(self, limit: int, *, tried: bool) -> list[Job]:
        """Lease so many of the oldest due jobs; `tried` as in WorkQueue."""
        return self.next(limit, tried=tried).jobs

    def next(self, limit: int, *, tried: bool, behind: Collection[str] = ()) -> Taken:
        """As `due`, with what a worker asks next: one transaction for all; `behind`: WorkQueue."""
        now, token = self._installation.clock(), self._installation.new_id()

        def effect(connection: Any) -> Taken:
            queue = WorkQueue(connection, now)
            jobs = queue.lease(token, limit, self.length, tried=tried, behind=behind)
            for payer_id in sorted({job.payer_id for job in jobs}):
                _begin([job for job in jobs if job.payer_id == payer_id], payer_id, connection)
            payers = {payer.id: payer for payer in Parties(connection).payers()}
            return Taken(jobs, payers, queue.is_any_due(tried=True))

        taken = self._installation.store.write(effect, EVERYBODY)
        if taken.jobs:
            self._tokens.append(token)
        return taken

    def one(self, submission: tuple[str, str], payer: Payer) -> Job | None:
        """Lease one submission's adjudication, due or not; None where somebody has it."""
        now, token = self._installation.clock(), self._installation.new_id()

        def effect(connection: Any) -> Job | None:
            jobs = WorkQueue(connection, now)
            job = jobs.lease_one(token, payer.id, submission, ADJUDICATE, self.length)
            _begin([job] if job else [], payer.id, connection)
            return job

        return self._installation.store.write(effect, around(Scope(payer.id)))

    def give_back(self) -> int:
        """Make due what is still leased by `due`; how many jobs that were.

        Whoever works on them all the same finds the lease gone, and changes nothing.
        """
        now, tokens = self._installation.clock(), list(self._tokens)
        return self._installation.store.write(
            lambda connection: WorkQueue(connection, now).give_back(tokens), EVERYBODY
        )

    @contextmanager
    def given_back_after(self, *faults: type[Exception]) -> Iterator[None]:
        """Give back what is leased where one of these faults ends the block, with its attempt.

        Not after two such blocks in turn: the fault may be a job's own doing, and then its
        attempts are to be counted. That lease lapses.
        """
        self._repay()
        try:
            yield
        except faults:
            self._is_owing = not self._was_given_back
            self._was_given_back = False
            # Where the database cannot do this either, the next block begins with it.
            with suppress(*faults):
                self._repay()
            raise
        self._was_given_back = False

    def _repay(self) -> None:
        if self._is_owing:
            self._was_given_back = self.give_back() > 0
            self._is_owing = False

    def return_all(self) -> int:
        """After a crash of the one process that works on this database: its jobs are due again."""
        now = self._installation.clock()
        return self._installation.store.write(
            lambda connection: WorkQueue(connection, now).return_leases(), EVERYBODY
        )


def _begin(jobs: list[Job], payer_id: str, connection: Any) -> None:
    """Mark what is being decided from now on."""
    keys = [job.submission for job in jobs if job.kind == ADJUDICATE]
    if keys:
        Submissions(connection, Scope(payer_id)).begin(keys)
