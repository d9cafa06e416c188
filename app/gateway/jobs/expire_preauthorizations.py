"""Jobs of the calendar: each night, what is open of preauthorizations whose time is over expires.

Docs: docs/preauthorizations.md.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from app.domain.lifecycle import State
from app.domain.parties import Payer
from app.gateway.installation import Installation
from app.gateway.jobs.kinds import EXPIRE_PREAUTHORIZATION
from app.store.audit import Event
from app.store.calendar import Calendar
from app.store.unit_of_work import UnitOfWork
from app.store.work_queue import Job

ACTOR = "calendar"


class Nights:
    """Enqueues, once a day of each payer's zone, what is due on it."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        # The day each payer was last seen to be done with; only spares the database the question.
        self._done: dict[str, date] = {}

    def enqueue(self, payers: Iterable[Payer]) -> int:
        """One job for each preauthorization that ended before today; how many are new.

        Whoever takes the (payer, day) first enqueues, in the same transaction; every other clock
        finds it taken.
        """
        enqueued = 0
        for payer in payers:
            today = self._installation.clock().astimezone(payer.settings.zone).date()
            if self._done.get(payer.id) != today:
                enqueued += self._enqueue(payer, today)
                self._done[payer.id] = today
        return enqueued

    def _enqueue(self, payer: Payer, today: date) -> int:
        now, slot = self._installation.clock(), f"{payer.id} {today.isoformat()}"

        def take(connection: Any) -> int:
            calendar = Calendar(connection, now)
            if not calendar.take(EXPIRE_PREAUTHORIZATION, slot):
                return 0
            return calendar.enqueue_ended_reservations(EXPIRE_PREAUTHORIZATION, payer.id, today)

        return self._installation.store.write(take)


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
    held = work.reservations.find(submission.id)
    if held is None or held.closed_at is not None:
        # Whoever had this job before died once it was done: it expires once, and is told once.
        return
    work.reservations.expire(submission.id)
    work.audit.add(Event(ACTOR, "expire", "expired", submission.type, submission.id))
