"""Job ``forget-expired``: once a day, a payer's polls, keys and slots that are old enough go.

Docs: docs/retention.md.
"""

from datetime import date

from app.domain.parties import Payer, Scope
from app.gateway.administering.retention import expired, forget_expired
from app.gateway.installation import Installation
from app.gateway.jobs.kinds import FORGET_EXPIRED
from app.gateway.limiting import forget_counted
from app.store.jobs.work_queue import Job
from app.store.unit_of_work import UnitOfWork

_TYPE = "Payer"


def enqueue(payer: Payer, _today: date, work: UnitOfWork) -> int:
    """One job for a payer that has polls, keys or assertions that are old enough; how many.

    Slots alone are too few to make work of: they go with the others.
    """
    found = expired(payer, work, at_most=1)
    if not found.polls and not found.replay_keys and not found.assertions:
        return 0
    # A job is somebody's: this one is of no submitter.
    work.jobs.add(Scope(payer.id, payer.id), FORGET_EXPIRED, (_TYPE, payer.id), 0, work.now)
    return 1


def forget(installation: Installation, _job: Job, payer: Payer) -> None:
    """Take away what the payer need not keep, and who was counted some time ago."""
    forget_expired(installation, payer)
    forget_counted(installation)
