"""Jobs: work to be done later, leased by whoever is free, at most one at a time each.

A lease is a token and an instant. Whoever finishes shows the token: a lease that has lapsed and
was taken by another finds its row no longer matching, and its result is dropped.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from app.domain.adjudication import Awaiting
from app.domain.lifecycle import State
from app.domain.parties import Scope
from app.store import tables
from app.store.database.questions import Change
from app.store.fences import finishing
from app.store.jobs import leasing
from app.store.jobs.job_rows import Depth, Job, Requeued
from app.store.tables import JobState
from app.store.together.transaction import hits, insert_rows

__all__ = ["Depth", "Job", "Requeued", "WorkQueue"]

_j = tables.job.c
_s = tables.submission.c
# Fewer than the variables that SQLite takes in one statement.
_AT_ONCE = 5_000
_WITHDRAWING = Change(
    delete(tables.job).where(
        _j.payer_id == bindparam("b_payer"),
        _j.type == bindparam("b_type"),
        _j.submission_id == bindparam("b_submission"),
    )
)


class WorkQueue:
    """The jobs of every payer; a job names its own."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def add(
        self,
        scope: Scope,
        kind: str,
        submission: tuple[str, str],
        epoch: int,
        due_at: datetime,
        family: str | None = None,
    ) -> None:
        """Enqueue a job on a submission of one submitter; `family`: see `lease`."""
        row = {
            "payer_id": scope.payer_id,
            "submitter_id": scope.submitter_id,
            "kind": kind,
            "type": submission[0],
            "submission_id": submission[1],
            "epoch": epoch,
            "state": JobState.WAITING,
            "due_at": due_at,
            "attempts": 0,
            "created_at": self._now,
            "family": family,
        }
        insert_rows(self._connection, tables.job, (row,))

    def lease_one(
        self, token: str, payer_id: str, submission: tuple[str, str], kind: str, length: timedelta
    ) -> Job | None:
        """Lease one submission's waiting job of this kind, due or not; None if someone has it."""
        found = (
            select(_j.id)
            .where(
                _j.payer_id == payer_id,
                _j.type == submission[0],
                _j.submission_id == submission[1],
                _j.kind == kind,
                _j.state == JobState.WAITING,
            )
            .with_for_update(skip_locked=True)
            .cte("found")
        )
        leased = self._leased(found, token, length)
        return leased[0] if leased else None

    def lease(
        self,
        token: str,
        limit: int,
        length: timedelta,
        *,
        tried: bool | None = None,
        behind: Collection[str] = (),
    ) -> list[Job]:
        """Lease the oldest due jobs, also those whose lease has lapsed.

        Of a family whose jobs are leased already, or that has one among them, others are passed
        over while there are enough of other families. None passes a job without a family.

        `tried` tells whether only those that were leased before are wanted, or only the others: a
        worker may have died of a job, and apart from the others it can take none with it.

        Half of the jobs are of other payers than those `behind`, while these have any due.
        """
        jobs: list[Job] = []
        given: dict[str, Any] = {"b_now": self._now}
        if limit > 1:
            chosen = leasing.chosen(self._connection, self._now, limit, tried=tried, behind=behind)
            if not chosen:
                return []
            jobs = self._leased(leasing.free(tried=tried), token, length, given | {"b_ids": chosen})
            if len(jobs) == len(chosen):
                return jobs
        # Another worker leases some of those at this moment: whatever else is due is taken.
        given["b_most"] = limit - len(jobs)
        return sorted(
            [*jobs, *self._leased(leasing.oldest(tried=tried), token, length, given)],
            key=lambda job: job.id,
        )

    def is_any_due(self, *, tried: bool | None = None) -> bool:
        """Whether `lease` would find any at this moment."""
        return leasing.is_any_due(self._connection, self._now, tried=tried)

    def _leased(
        self, found: CTE, token: str, length: timedelta, given: Mapping[str, Any] | None = None
    ) -> list[Job]:
        lease = {"b_token": token, "b_until": self._now + length}
        rows = self._connection.execute(_leasing(found), {**lease, **(given or {})})
        return sorted((Job(*row) for row in rows), key=lambda job: job.id)

    def return_leases(self) -> int:
        """Make every leased job due again: for a database that no other process works on."""
        returned = self._connection.execute(
            update(tables.job)
            .where(_j.state == JobState.LEASED)
            .values(state=JobState.WAITING, token=None, leased_until=None)
        )
        return returned.rowcount

    def give_back(self, tokens: Sequence[str]) -> int:
        """Make due what is still leased under these tokens, as if it had not been; how many."""
        returned = self._connection.execute(
            update(tables.job)
            .where(_j.state == JobState.LEASED, _j.token.in_(tokens))
            .values(
                state=JobState.WAITING,
                token=None,
                leased_until=None,
                attempts=_j.attempts - 1,
            )
        )
        return returned.rowcount

    def finish(self, job: Job) -> bool:
        """The job is done and gone; False if the lease is no longer ours."""
        return hits(self._connection, finishing(), {"b_id": job.id, "b_token": job.token})

    def put_back(
        self, job: Job, due_at: datetime, *, counts: bool = True, fault: str | None = None
    ) -> bool:
        """Wait until `due_at`; False if the lease is no longer ours.

        `counts` False: the attempt was no failure and is not counted.
        """
        values = {"state": JobState.WAITING, "due_at": due_at, "token": None, "fault": fault}
        if not counts:
            values["attempts"] = job.attempts - 1
        return self._changed(job, values)

    def put_back_unasked(self, job: Job, fault: str) -> bool:
        """Due as it was before it was leased; False if the lease is no longer ours."""
        attempts = job.attempts - 1
        values = {"token": None, "fault": fault, "attempts": attempts}
        return self._changed(job, values | {"state": JobState.WAITING})

    def abandon(self, job: Job, fault: str) -> bool:
        """Give the job up and keep it for the operator; False if the lease is no longer ours."""
        return self._changed(job, {"state": JobState.ABANDONED, "token": None, "fault": fault})

    def requeue(self, scope: Scope, limit: int) -> list[Requeued]:
        """Make abandoned jobs of one scope due again with every attempt; at most so many."""
        owned = [_j.payer_id == scope.payer_id, _j.state == JobState.ABANDONED]
        if scope.submitter_id is not None:
            owned.append(_j.submitter_id == scope.submitter_id)
        oldest = select(_j.id).where(*owned).order_by(_j.id).limit(limit)
        moved = self._connection.execute(
            update(tables.job)
            .where(_j.id.in_(oldest), _j.state == JobState.ABANDONED)
            .values(state=JobState.WAITING, due_at=self._now, attempts=0, fault=None)
            .returning(_j.id, _j.kind, _j.type, _j.submission_id, _j.submitter_id)
        )
        return [Requeued(*row[1:]) for row in sorted(moved)]

    def withdraw(self, payer_id: str, submission: tuple[str, str]) -> int:
        """Drop every job of a submission, leased or not; how many."""
        given = {"b_payer": payer_id, "b_type": submission[0], "b_submission": submission[1]}
        return _WITHDRAWING.hits(self._connection, given)

    def wake(self, payer_id: str, awaiting: Iterable[Awaiting]) -> int:
        """Make the waiting jobs of submissions that await one of these due now; how many."""
        return self._wake(payer_id, _s.awaiting.in_(list(awaiting)))

    def wake_among(self, payer_id: str, awaiting: Awaiting, ids: Sequence[str]) -> int:
        """As `wake`, of the submissions with these ids alone."""
        parts = (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))
        is_awaited = _s.awaiting == awaiting
        return sum(self._wake(payer_id, is_awaited, _s.id.in_(part)) for part in parts)

    def _wake(self, payer_id: str, *wanted: ColumnElement[bool]) -> int:
        waiting = select(_s.id).where(_s.payer_id == payer_id, _s.state == State.AWAITING, *wanted)
        woken = self._connection.execute(
            update(tables.job)
            .where(
                _j.payer_id == payer_id,
                _j.state == JobState.WAITING,
                _j.due_at > self._now,
                _j.submission_id.in_(waiting),
            )
            .values(due_at=self._now)
        )
        return woken.rowcount

    def depths(self) -> list[Depth]:
        """Every kind of job by state, and the oldest that is due."""
        oldest = func.min(_j.due_at).filter(_j.state == JobState.WAITING, _j.due_at <= self._now)
        query = (
            select(_j.kind, *(_in_state(state) for state in JobState), oldest)
            .group_by(_j.kind)
            .order_by(_j.kind)
        )
        return [Depth(*row) for row in self._connection.execute(query)]

    def _changed(self, job: Job, values: Mapping[str, object]) -> bool:
        changed = self._connection.execute(update(tables.job).where(*_held(job)).values(**values))
        return changed.rowcount == 1


# One object for each way to find them; of one submission's job it is made anew.
@lru_cache(maxsize=16)
def _leasing(found: CTE) -> ReturningUpdate[Any]:
    return (
        update(tables.job)
        .where(_j.id.in_(select(found.c.id)))
        .values(
            state=JobState.LEASED,
            token=bindparam("b_token"),
            leased_until=bindparam("b_until"),
            attempts=_j.attempts + 1,
        )
        .returning(
            _j.id,
            _j.payer_id,
            _j.kind,
            _j.type,
            _j.submission_id,
            _j.submitter_id,
            _j.epoch,
            _j.attempts,
            _j.token,
        )
    )


def _held(job: Job) -> tuple[ColumnElement[bool], ...]:
    return (_j.id == job.id, _j.token == job.token, _j.state == JobState.LEASED)


def _in_state(state: JobState) -> ColumnElement[int]:
    return func.count().filter(_j.state == state)
