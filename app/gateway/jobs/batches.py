"""Decides many jobs of one payer together: one view, the answers, one transaction.

What two Claims could see of each other they see as if each were decided by itself, in the order of
their jobs: those that share anything are decided in rounds. Whatever fails together is settled in
halves, and in the end by itself, so that one job takes no other with it.

Docs: docs/adr/0017-claims-are-decided-in-batches.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.domain.adjudication import Adjudicator, Answer, Decided
from app.domain.parties import Payer, Scope
from app.gateway.installation import Installation
from app.gateway.jobs.adjudicate import Facts, facts_for
from app.gateway.jobs.asking import TooLate, answers
from app.gateway.jobs.reading_ahead import WorkOf, read_facts_ahead, read_standing_ahead
from app.gateway.jobs.settle import settle
from app.store.database.engine import Busy, CommitUnknown, DiskFull
from app.store.jobs.work_queue import Job
from app.store.unit_of_work import UnitOfWork

Keys = frozenset[str]
# SQLite has one writer: whoever sends a Claim meanwhile waits for so many answers to be written.
MOST_ON_SQLITE = 25
# An answer waits no longer for those after it, but for the one that is just asked for.
LONGEST_WAIT = timedelta(seconds=1)
# The store's faults: no job is to blame for them.
STORES_OWN = (Busy, CommitUnknown, DiskFull)


@dataclass(frozen=True, slots=True)
class Asked:
    """A job, what was asked, and what was answered."""

    job: Job
    facts: Facts
    answer: Answer


@dataclass(frozen=True, slots=True)
class Alone:
    """What is done with one job of a batch by itself."""

    # Decide it, or settle what was answered already.
    work_on: Callable[[Job, Asked | None], None]
    # It was not answered.
    failed: Callable[[Job, Exception], None]
    # It is too late to ask.
    put_back: Callable[[Job], None]


@dataclass(frozen=True, slots=True)
class Left:
    """Leased jobs that are decided with the next batch, not to be asked after `last_start`."""

    jobs: Sequence[Job]
    last_start: datetime


NOTHING_LEFT = Left((), datetime.max.replace(tzinfo=UTC))


class Batch:
    """The jobs of one payer that a worker has leased; none is asked that `may_start` denies."""

    def __init__(
        self,
        payer: Payer,
        adjudicator: Adjudicator,
        installation: Installation,
        timeout: timedelta,
        may_start: Callable[[], bool],
        alone: Alone,
    ) -> None:
        self._payer = payer
        self._adjudicator = adjudicator
        self._installation = installation
        self._timeout = timeout
        self._may_start = may_start
        self._alone = alone
        # What each job has in common with others, once it is known.
        self._keys: dict[int, Keys] = {}
        # Those that another worker was faster with: they are asked about once more, together.
        self._outrun: list[Job] = []
        self._once_more: set[int] = set()

    def decide(self, jobs: Sequence[Job], fresh: AbstractSet[int] = frozenset()) -> list[Job]:
        """Decide these jobs, in rounds of such as have nothing in common.

        Of those whose ids are `fresh` the rest of the first round is left for the next batch, where
        it costs less than a round of its own: also such as another worker was faster with.
        """
        waiting = list(jobs)
        while len(waiting) == len(jobs) or any(job.id not in fresh for job in waiting):
            chosen = self._apart(waiting)
            if len(chosen) == 1:
                self._alone.work_on(chosen[0], None)
            else:
                facts = self._facts(chosen)
                # Now that more is known of them.
                chosen = self._apart(chosen)
                self._ask(chosen, facts)
            again, self._outrun = self._outrun, []
            done = {job.id for job in chosen} - {job.id for job in again}
            waiting = [job for job in waiting if job.id not in done]
        return waiting

    def _apart(self, jobs: Iterable[Job]) -> list[Job]:
        """Those that have nothing in common with one before them, as far as that is known."""
        taken: set[str] = set()
        apart = []
        for job in jobs:
            keys = self._keys.get(job.id, frozenset())
            if not keys & taken:
                apart.append(job)
            taken |= keys
        return apart

    def _facts_of(self, job: Job, work: UnitOfWork) -> Facts | None:
        try:
            return facts_for(job, self._payer, self._installation.base_url, work)
        except STORES_OWN:
            raise
        except Exception:  # noqa: BLE001  read by itself, it tells what is wrong with it
            return None

    def _facts(self, jobs: Sequence[Job]) -> dict[int, Facts]:
        """The facts of jobs by their ids; without those of which there are none."""

        def read(work_of: WorkOf) -> dict[int, Facts]:
            base = self._installation.base_url
            read_facts_ahead(jobs, self._payer, base, work_of)
            found = ((job.id, self._facts_of(job, work_of(job.scope))) for job in jobs)
            return {id: facts for id, facts in found if facts is not None}

        try:
            facts = self._installation.read_together(read)
        except STORES_OWN:
            raise
        except Exception:  # noqa: BLE001  whoever is to blame is read by itself, and tells then
            half = len(jobs) // 2
            return self._facts(jobs[:half]) | self._facts(jobs[half:]) if half else {}
        self._keys |= {id: in_common(each) for id, each in facts.items()}
        return facts

    def _ask(self, jobs: Sequence[Job], facts: Mapping[int, Facts]) -> None:
        for job in jobs:
            if job.id not in facts:
                self._alone.work_on(job, None)
        known = [job for job in jobs if job.id in facts]
        requests = [facts[job.id].request for job in known]
        told = answers(self._adjudicator, requests, self._timeout, self._may_start)
        at_once = MOST_ON_SQLITE if self._installation.store.is_sqlite else len(jobs)
        together: list[Asked] = []
        first_at = self._installation.clock()
        for job, answer in zip(known, told, strict=True):
            if isinstance(answer, TooLate):
                self._alone.put_back(job)
            elif isinstance(answer, Exception):
                self._alone.failed(job, answer)
            elif _is_plain(facts[job.id], answer):
                together.append(Asked(job, facts[job.id], answer))
            else:
                self._alone.work_on(job, Asked(job, facts[job.id], answer))
            now = self._installation.clock()
            if len(together) >= at_once or now - first_at >= LONGEST_WAIT:
                self._settle(together)
                together, first_at = [], self._installation.clock()
        self._settle(together)

    def _settle(self, asked: Sequence[Asked]) -> None:
        """Write answers in one transaction; where that fails, each half in one of its own."""
        if len(asked) < 2:
            for each in asked:
                self._alone.work_on(each.job, each)
            return
        try:
            moved_on = self._installation.write_together(lambda work: self._settled(asked, work))
        except STORES_OWN:
            raise
        except Exception:  # noqa: BLE001  whoever's fault it was has it again by itself
            half = len(asked) // 2
            self._settle(asked[:half])
            self._settle(asked[half:])
            return
        for each in moved_on:
            if each.job.id in self._once_more:
                self._alone.work_on(each.job, each)
            else:
                self._once_more.add(each.job.id)
                self._outrun.append(each.job)

    def _settled(self, asked: Sequence[Asked], work_of: WorkOf) -> list[Asked]:
        """Write answers; those are left whose Claims or counters moved on since."""
        still = self._unmoved(asked, work_of(Scope(self._payer.id)))
        read_standing_ahead([each.facts for each in still], self._payer, work_of)
        rules = self._adjudicator.rules
        for each in still:
            settle(each.job, each.facts, each.answer, rules, work_of(each.job.scope))
        kept = {each.job.id for each in still}
        return [each for each in asked if each.job.id not in kept]

    def _unmoved(self, asked: Sequence[Asked], work: UnitOfWork) -> list[Asked]:
        """Those whose Claims and counters are as they were, and stay so: their rows are locked."""
        # Before anything else is read, so that nothing comes to a Claim in between.
        now = work.submissions.claims([each.facts.submission.id for each in asked], lock=True)
        # Another worker may have decided others of these families.
        holders = {holder for each in asked for holder in each.facts.counter_versions}
        versions = work.counters.locked(holders)
        return [
            each
            for each in asked
            if now.get(each.facts.submission.id) == each.facts.submission
            and all(versions.get(name, 0) == at for name, at in each.facts.counter_versions.items())
        ]


def in_common(facts: Facts) -> Keys:
    """What another Claim's decision could change of this one's, or this one's of another."""
    request, claim = facts.request, facts.request.claim
    keys = {f"holder {holder}" for holder in facts.counter_versions}
    # The reference that later Claims quote, and the answer that they may bring as an earlier one's.
    keys |= {f"quoted PA-{facts.submission.id}", f"answer {facts.submission.response_id}"}
    for insurance in claim.insurance:
        coverage, response = insurance.coverage, insurance.claim_response
        keys |= {f"quoted {reference}" for reference in insurance.preauthorizations}
        keys |= {f"person {coverage.type}/{coverage.id}"} if coverage.id else set()
        keys |= {f"person {coverage.identifier.key}"} if coverage.identifier else set()
        if response is not None:
            value = response.identifier.value if response.identifier else None
            keys |= {f"answer {response.id}", f"answer {value}"}
    keys |= {f"holder {request.coverage.member}"} if request.coverage else set()
    return frozenset(keys)


def _is_plain(facts: Facts, answer: Answer) -> bool:
    """Whether it is a first decision; what is rarer is settled by itself."""
    return isinstance(answer, Decided) and facts.request.reissue is None
