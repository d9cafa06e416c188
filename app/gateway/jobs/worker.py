"""Works off due jobs: lease, ask, settle; bounded attempts, then abandoned and shown.

Any number of workers may run, in any number of processes: the database is the referee.
"""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import TypeVar

from app.domain.adjudication import Adjudicator
from app.domain.parties import Payer
from app.gateway.installation import Installation
from app.gateway.jobs.adjudicate import facts_for
from app.gateway.jobs.asking import TooSlow, answer
from app.gateway.jobs.batches import NOTHING_LEFT, STORES_OWN, Alone, Asked, Batch, Left
from app.gateway.jobs.chores import CHORES, Chore
from app.gateway.jobs.kinds import ADJUDICATE
from app.gateway.jobs.leasing import NOTHING_TAKEN, Leasing
from app.gateway.jobs.nights import Nights
from app.gateway.jobs.settle import CountersMoved, LeaseLost, settle
from app.gateway.jobs.turns import Turns
from app.store.database.walls import EVERYBODY
from app.store.jobs.work_queue import Job
from app.store.parties import Parties
from app.store.resources import VersionConflict
from app.store.unit_of_work import UnitOfWork
from app.telemetry import log

T = TypeVar("T")

ADJUDICATOR_TIMEOUT = timedelta(seconds=30)
# The lease outlives the adjudicator's timeout on purpose: shorter, and a slow payer would be asked
# again for ever and never be heard.
LEASE = 2 * ADJUDICATOR_TIMEOUT
BATCH = 50
MOST_ATTEMPTS = 10
LONGEST_PAUSE = timedelta(hours=1)
# How often a Claim is asked about anew at once because others of its family were decided first.
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class _Urgency:
    """How long an answer may take, and whether it goes back with the request that asked for it."""

    budget: timedelta
    is_handed_over: bool = False


class Worker:
    """Decides what is due; `adjudicators` by the name that a payer's settings use.

    `timeout` is what an adjudicator has for one answer, well below `LEASE`; `batch` is how many
    jobs are leased at once, for so long as `lease` says.
    """

    def __init__(
        self,
        installation: Installation,
        adjudicators: Mapping[str, Adjudicator],
        timeout: timedelta = ADJUDICATOR_TIMEOUT,
        batch: int = BATCH,
        lease: timedelta = LEASE,
    ) -> None:
        self._installation = installation
        self._adjudicators = adjudicators
        self._timeout = timeout
        self._batch = batch
        self._leasing = Leasing(installation, lease)
        self._nights = Nights(installation)
        self._turns = Turns()
        self._is_ending = threading.Event()

    def end(self) -> None:
        """Take no further jobs: a `drain` that runs finishes what it has begun to ask.

        What it has leased beyond that is put back, due at once for another worker.
        """
        self._is_ending.set()

    def give_back(self) -> int:
        """Make due whatever this worker still has leased for `drain`; how many jobs that were."""
        return self._leasing.give_back()

    def drain(self, limit: int | None = None) -> int:
        """Work until nothing is due, or `limit` jobs are done; how many were worked on.

        Raises Busy, DiskFull, CommitUnknown: then what it had leased is due again.
        """
        with self._leasing.given_back_after(*STORES_OWN):
            return self._drained(limit)

    def _drained(self, limit: int | None) -> int:
        done, left = 0, NOTHING_LEFT
        self._nights.enqueue(self._payers().values())
        while not self._is_ending.is_set() and (limit is None or done < limit):
            taken = self._leasing.next(self._batch, tried=False, behind=self._turns.behind())
            held, left = left.jobs, self._work_off(taken.jobs, taken.payers, left)
            # A job that was tried may be what its worker died of: it is leased and worked on alone.
            retried = self._leasing.next(1, tried=True) if taken.is_tried_due else NOTHING_TAKEN
            self._work_off(retried.jobs, retried.payers)
            done += len(taken.jobs) + len(retried.jobs)
            # What was held is done or put back, and then it may be due again.
            if not taken.jobs and not retried.jobs and not held:
                break
        self._work_off([], self._payers() if left.jobs else {}, left)
        return done

    def _work_off(
        self, jobs: list[Job], payers: Mapping[str, Payer], left: Left = NOTHING_LEFT
    ) -> Left:
        """Work on these jobs, and on what was left, for the last time; what is left to the next."""
        # A question that starts later than this could be answered after its lease has lapsed.
        last_start = self._installation.clock() + self._leasing.length - self._timeout
        if not self._may_start(left.last_start):
            for job in left.jobs:
                self._too_late(job)
            left = NOTHING_LEFT
        first = min(last_start, left.last_start)
        still: list[Job] = []
        # Where fewer came than could have, no other batch is to be expected.
        fresh = {job.id for job in jobs} if len(jobs) == self._batch else set()
        turns = self._turns.of([*left.jobs, *jobs])
        for nth, (payer_id, of_payer) in enumerate(turns):
            now = self._installation.clock()
            share = self._turns.share(payer_id, now, first, len(turns) - nth)
            still += self._take_turn(of_payer, fresh, payers[payer_id], share)
        return Left(still, last_start)

    def _take_turn(
        self, jobs: list[Job], fresh: set[int], payer: Payer, last_start: datetime
    ) -> list[Job]:
        still: list[Job] = []
        for kind, some in groupby(jobs, lambda job: job.kind):
            of_kind = list(some)
            if kind == ADJUDICATE and len(of_kind) > 1:
                still += self._decide_together(of_kind, fresh, payer, last_start)
                continue
            for job in of_kind:
                self._work_in_time(job, payer, last_start)
        return still

    def _decide_together(
        self, jobs: list[Job], fresh: set[int], payer: Payer, last_start: datetime
    ) -> list[Job]:
        def work_on(job: Job, asked: Asked | None) -> None:
            if asked is None:
                self._work_in_time(job, payer, last_start)
            else:
                self._work_on(job, payer, asked=asked)

        adjudicator = self._adjudicators.get(payer.settings.adjudicator)
        if adjudicator is None:
            for job in jobs:
                work_on(job, None)
            return []
        alone = Alone(
            work_on=work_on,
            failed=lambda job, fault: self._failed(job, type(fault).__name__),
            put_back=self._too_late,
        )
        may_start = partial(self._may_start, last_start)
        batch = Batch(payer, adjudicator, self._installation, self._timeout, may_start, alone)
        return batch.decide(jobs, fresh)

    def _may_start(self, last_start: datetime) -> bool:
        return not self._is_ending.is_set() and self._installation.clock() <= last_start

    def _work_in_time(self, job: Job, payer: Payer, last_start: datetime) -> None:
        if self._may_start(last_start):
            self._work_on(job, payer)
        else:
            self._too_late(job)

    def _too_late(self, job: Job) -> None:
        self._turns.out_of_time(job.payer_id)
        # Due as it was: it was first, and is first the next time.
        self._write(job, lambda work: work.jobs.put_back_unasked(job, "LeaseTooShort"))

    def return_leases(self) -> int:
        """After a crash of the one process that works on this database: its jobs are due again."""
        return self._leasing.return_all()

    def decide_now(
        self, submission: tuple[str, str], payer: Payer, *, is_handed_over: bool = False
    ) -> None:
        """Try one submission's adjudication at once, within the payer's real-time budget.

        `is_handed_over`: whoever asked is given the response itself. What is not decided in time
        is due for the clock, as anything else is.
        """
        job = self._leasing.one(submission, payer)
        if job is not None:
            budget = min(payer.settings.real_time_budget, self._timeout)
            self._work_on(job, payer, _Urgency(budget, is_handed_over))

    def _payers(self) -> dict[str, Payer]:
        return self._installation.store.read(
            lambda connection: {payer.id: payer for payer in Parties(connection).payers()},
            EVERYBODY,
        )

    def _work_on(
        self,
        job: Job,
        payer: Payer,
        urgency: _Urgency | None = None,
        asked: Asked | None = None,
    ) -> None:
        if job.attempts > MOST_ATTEMPTS:
            # Its workers died over it, each time before they could say so.
            self._write(job, lambda work: work.jobs.abandon(job, "NeverAnswered"))
            return
        try:
            if job.kind in CHORES:
                self._do(CHORES[job.kind], job, payer)
                return
            for nth in range(_ROUNDS):
                known = asked if nth == 0 else None
                if self._decided(job, payer, urgency or _Urgency(self._timeout), known):
                    return
            self._put_back(job, "CountersMoved", counts=False)
        except LeaseLost:
            log.info("lease lost", job=job.id)
        except TooSlow as fault:
            if urgency is None:
                self._failed(job, type(fault).__name__)
            else:
                # Only this asker's patience is over; the clock asks again with its own.
                self._put_back(job, "OutOfTime", counts=False)
        except STORES_OWN:
            # The store's fault, not the adjudicator's: the lease lapses, and the job is due again.
            raise
        except Exception as fault:  # noqa: BLE001  a payer's adjudicator may raise anything
            self._failed(job, type(fault).__name__)

    def _do(self, chore: Chore, job: Job, payer: Payer) -> None:
        pause = chore(self._installation, job, payer)
        if pause is None:
            self._write(job, lambda work: work.jobs.finish(job))
            return
        again_at = self._installation.clock() + pause
        self._write(job, lambda work: work.jobs.put_back(job, again_at, counts=False))

    def _decided(self, job: Job, payer: Payer, urgency: _Urgency, asked: Asked | None) -> bool:
        """One round of asking, unless that was done; False where the counters moved meanwhile."""
        adjudicator = self._adjudicators[payer.settings.adjudicator]
        if asked is None:
            facts = self._read(job, lambda work: facts_for(job, payer, self._base, work))
            if facts is None:
                self._write(job, lambda work: work.jobs.finish(job))
                return True
            asked = Asked(job, facts, answer(adjudicator, facts.request, urgency.budget))
        facts, told, is_handed_over = asked.facts, asked.answer, urgency.is_handed_over

        def settled(work: UnitOfWork) -> bool:
            return settle(job, facts, told, adjudicator.rules, work, is_handed_over=is_handed_over)

        try:
            counted = self._write(job, settled)
        except (CountersMoved, VersionConflict):
            return False
        if not counted:
            log.info("late decision dropped", job=job.id)
        return True

    def _failed(self, job: Job, fault: str) -> None:
        log.warning("job failed", job=job.id, attempt=job.attempts, error_class=fault)
        if job.attempts < MOST_ATTEMPTS:
            self._put_back(job, fault, counts=True)
        else:
            self._write(job, lambda work: work.jobs.abandon(job, fault))

    def _put_back(self, job: Job, fault: str, *, counts: bool) -> None:
        pause = _pause(job.attempts) if counts else timedelta(0)
        self._write(
            job,
            lambda work: work.jobs.put_back(job, work.now + pause, counts=counts, fault=fault),
        )

    @property
    def _base(self) -> str:
        return self._installation.base_url

    def _read(self, job: Job, query: Callable[[UnitOfWork], T]) -> T:
        return self._installation.read(job.scope, query)

    def _write(self, job: Job, effect: Callable[[UnitOfWork], T]) -> T:
        return self._installation.write(job.scope, effect)


def _pause(attempts: int) -> timedelta:
    """Twice as long each time, up to an hour, with jitter so that failures do not march in step."""
    seconds = min(2.0**attempts, LONGEST_PAUSE.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311  jitter, no secret
