"""The jobs that ask nobody, by their kind."""

from collections.abc import Callable
from datetime import timedelta

from app.domain.parties import Payer
from app.gateway.installation import Installation
from app.gateway.jobs import (
    expire_preauthorizations,
    forget_expired,
    reconcile_payments,
    verify_purge,
)
from app.gateway.jobs.kinds import (
    EXPIRE_PREAUTHORIZATION,
    FORGET_EXPIRED,
    RECONCILE_PAYMENTS,
    VERIFY_PURGE,
)
from app.store.jobs.work_queue import Job

# None once it is done, else when to look again.
Chore = Callable[[Installation, Job, Payer], timedelta | None]

CHORES: dict[str, Chore] = {
    EXPIRE_PREAUTHORIZATION: expire_preauthorizations.expire,
    FORGET_EXPIRED: forget_expired.forget,
    RECONCILE_PAYMENTS: reconcile_payments.reconcile,
    VERIFY_PURGE: verify_purge.verify,
}
