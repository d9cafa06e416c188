"""Jobs of the calendar: each night, what is open of preauthorizations expires after their run-out.

Docs: docs/preauthorizations.md.
"""

from datetime import date

from app.domain.lifecycle import State
from app.domain.parties import Payer
from app.gateway.installation import Installation
from app.gateway.jobs.kinds import EXPIRE_PREAUTHORIZATION
from app.store.audit import Event
from app.store.jobs.work_queue import Job
from app.store.unit_of_work import UnitOfWork

ACTOR = "calendar"


def enqueue(payer: Payer, today: date, work: UnitOfWork) -> int:
    """One job for each preauthorization of a payer whose run-out is over; how many."""
    before = today - payer.settings.preauthorization_run_out
    return work.calendar.enqueue_ended_reservations(EXPIRE_PREAUTHORIZATION, payer.id, before)


def expire(installation: Installation, job: Job, payer: Payer) -> None:
    """Expire one preauthorization, unless it was cancelled or prolonged meanwhile."""
    installation.write(job.scope, lambda work: _expire(job, payer, work))


def _expire(job: Job, payer: Payer, work: UnitOfWork) -> None:
    submission = work.submissions.find(job.type, job.submission_id, lock=True)
    if submission is None or submission.state is not State.DECIDED:
        return
    held = work.reservations.find(submission.id)
    if held is None or not held.terms.is_over(payer.settings.over_before(work.now)):
        return
    if held.closed_at is not None:
        # Whoever had this job before died once it was done: it expires once, and is told once.
        return
    work.reservations.expire(submission.id)
    work.audit.add(Event(ACTOR, "expire", "expired", submission.type, submission.id))
