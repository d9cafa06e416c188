"""Job ``verify-purge``: looks until the database's files hold no more of what was nullified.

Docs: docs/nullify.md says what this can promise on each database.
"""

from datetime import timedelta

from app.domain.codes import BusinessStatus
from app.domain.parties import Payer
from app.gateway.installation import Installation
from app.gateway.purging.nullification import scrub_late
from app.gateway.tasks import versions as task_versions
from app.store.audit import Event
from app.store.jobs.work_queue import Job
from app.store.unit_of_work import UnitOfWork

ACTOR = "sweep"
_SOON, _LATEST = timedelta(seconds=1), timedelta(minutes=1)


def verify(installation: Installation, job: Job, _payer: Payer) -> timedelta | None:
    """Verify what the Task nullified; None once it is, else after how long to look again."""
    key = (job.type, job.submission_id)
    stone = installation.read(job.scope, lambda work: work.tombstones.find(*key))
    if stone is None or stone.verified_at is not None:
        return None
    since = installation.write(job.scope, lambda work: work.tombstones.begin_sweep(stone.task_id))
    if not installation.store.is_swept(since):
        return _pause(installation.clock() - stone.nullified_at)
    # Whoever began before the purge has ended by now, and may have left a Task behind.
    if installation.write(job.scope, lambda work: scrub_late(key, stone.task_id, work)):
        return _pause(timedelta(0))
    installation.write(job.scope, lambda work: _verified(stone.task_id, job, work))
    return None


def _pause(waited: timedelta) -> timedelta:
    """Soon at first; who reads for an hour is not asked every second."""
    return min(max(waited / 10, _SOON), _LATEST)


def _verified(task_id: str, job: Job, work: UnitOfWork) -> None:
    if work.tombstones.verify(task_id) == 0:
        return
    task_versions.marked(task_id, BusinessStatus.PURGE_VERIFIED, work)
    work.audit.add(Event(ACTOR, "verify-purge", "verified", job.type, job.submission_id, task_id))
