"""Jobs of the calendar: what is due on a day is enqueued once, by whoever is first."""

from collections.abc import Callable, Iterable
from datetime import date

from app.domain.parties import Payer, Scope
from app.gateway.installation import Installation
from app.gateway.jobs import expire_preauthorizations, forget_expired, reconcile_payments
from app.gateway.jobs.kinds import EXPIRE_PREAUTHORIZATION, FORGET_EXPIRED, RECONCILE_PAYMENTS
from app.store.unit_of_work import UnitOfWork

# What is enqueued on a day, by the kind of job; it tells how many jobs are new.
Enqueue = Callable[[Payer, date, UnitOfWork], int]
_DAILY: dict[str, Enqueue] = {
    EXPIRE_PREAUTHORIZATION: expire_preauthorizations.enqueue,
    FORGET_EXPIRED: forget_expired.enqueue,
    RECONCILE_PAYMENTS: reconcile_payments.enqueue,
}


class Nights:
    """Enqueues, once a day of each payer's zone, what is due on it."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        # The day each payer was last seen to be done with; only spares the database the question.
        self._done: dict[str, date] = {}

    def enqueue(self, payers: Iterable[Payer]) -> int:
        """The jobs of the day; how many are new.

        Whoever takes the (kind, payer, day) first enqueues, in the same transaction; every other
        clock finds it taken.
        """
        enqueued = 0
        for payer in payers:
            today = self._installation.clock().astimezone(payer.settings.zone).date()
            if self._done.get(payer.id) != today:
                enqueued += sum(self._enqueue(kind, payer, today) for kind in _DAILY)
                self._done[payer.id] = today
        return enqueued

    def _enqueue(self, kind: str, payer: Payer, today: date) -> int:
        def take(work: UnitOfWork) -> int:
            if not work.calendar.take(kind, f"{payer.id} {today.isoformat()}"):
                return 0
            return _DAILY[kind](payer, today, work)

        return self._installation.write(Scope(payer.id), take)
