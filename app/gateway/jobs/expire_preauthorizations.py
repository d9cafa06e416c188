"""Jobs of the calendar: each night, what is open of preauthorizations whose time is over expires.

Docs: docs/preauthorizations.md.
"""

from app.domain.lifecycle import State
from app.domain.parties import Payer
from app.gateway.installation import Installation
from app.gateway.jobs.kinds import EXPIRE_PREAUTHORIZATION
from app.store.audit import Event
from app.store.calendar import Calendar
from app.store.unit_of_work import UnitOfWork
from app.store.work_queue import Job

ACTOR = "calendar"


def enqueue(installation: Installation, payers: list[Payer]) -> int:
    """One job for each preauthorization that ended before today; how many.

    Each payer's day begins in its own zone. Whoever takes the (payer, day) first enqueues, in the
    same transaction; every other clock finds it taken.
    """
    return sum(_enqueue_of(payer, installation) for payer in payers)


def _enqueue_of(payer: Payer, installation: Installation) -> int:
    today = installation.clock().astimezone(payer.settings.zone).date()
    slot = f"{payer.id} {today.isoformat()}"

    def is_taken(calendar: Calendar) -> bool:
        return calendar.is_taken(EXPIRE_PREAUTHORIZATION, slot)

    def take(calendar: Calendar) -> int:
        if not calendar.take(EXPIRE_PREAUTHORIZATION, slot):
            return 0
        return calendar.enqueue_ended_reservations(EXPIRE_PREAUTHORIZATION, payer.id, today)

    now = installation.clock()
    if installation.store.read(lambda connection: is_taken(Calendar(connection, now))):
        return 0
    return installation.store.write(lambda connection: take(Calendar(connection, now)))


def expire(installation: Installation, job: Job, payer: Payer) -> None:
    """Expire one preauthorization, unless it was cancelled or prolonged meanwhile."""
    installation.write(job.scope, lambda work: _expire(job, payer, work))


def _expire(job: Job, payer: Payer, work: UnitOfWork) -> None:
    submission = work.submissions.find(job.type, job.submission_id, lock=True)
    if submission is None or submission.state is not State.DECIDED:
        return
    terms = work.reservations.terms(submission.id)
    today = work.now.astimezone(payer.settings.zone).date()
    if terms is None or terms.ends_on is None or terms.ends_on >= today:
        return
    work.reservations.expire(submission.id)
    work.audit.add(Event(ACTOR, "expire", "expired", submission.type, submission.id))
