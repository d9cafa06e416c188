"""What was given up is tried again: an operator's act, of which each part is in the audit.

Docs: docs/operations.md.
"""

from collections.abc import Callable
from typing import TypeVar

from app.domain.parties import Scope
from app.gateway.installation import Installation
from app.gateway.jobs.kinds import RECONCILE_PAYMENTS
from app.store.audit import Event
from app.store.jobs.work_queue import Requeued
from app.store.leases import PutBack
from app.store.ledgers.payments import Quarantined
from app.store.unit_of_work import UnitOfWork

T = TypeVar("T")

ACTION = "requeue"
OPERATOR = "operator"
# One transaction each: on SQLite everybody else waits for it.
AT_ONCE = 500


def requeue_parked(installation: Installation, scope: Scope) -> list[PutBack]:
    """Make every parked answer of a payer, or of one submitter, undelivered again."""
    return _all(installation, scope, _put_back)


def requeue_abandoned(installation: Installation, scope: Scope) -> list[Requeued]:
    """Make every abandoned job of a payer, or of one submitter, due again with all its attempts."""
    return _all(installation, scope, _made_due)


def requeue_quarantined(installation: Installation, scope: Scope) -> list[Quarantined]:
    """Let every Claim out of quarantine, and have a payment run look at its ledger now."""
    return _all(installation, scope, _released)


def _released(work: UnitOfWork) -> list[Quarantined]:
    claims = work.payments.release_all(AT_ONCE)
    for claim in claims:
        work.audit.add(Event(OPERATOR, ACTION, "released", "Claim", claim.claim_id))
    for ledger_id, submitter_id in sorted({(one.ledger_id, one.submitter_id) for one in claims}):
        due_of = Scope(work.scope.payer_id, submitter_id)
        ledger = ("PaymentReconciliation", ledger_id)
        work.jobs.add(due_of, RECONCILE_PAYMENTS, ledger, 0, work.now)
    return claims


def _put_back(work: UnitOfWork) -> list[PutBack]:
    # Also what nobody has polled for since its last lease was over.
    work.leases.park()
    answers = work.leases.put_back(AT_ONCE)
    for one in answers:
        work.audit.add(Event(OPERATOR, ACTION, "undelivered", one.type, one.resource_id))
    return answers


def _made_due(work: UnitOfWork) -> list[Requeued]:
    jobs = work.jobs.requeue(work.scope, AT_ONCE)
    for one in jobs:
        work.audit.add(Event(OPERATOR, ACTION, "waiting", one.type, one.submission_id))
    return jobs


def _all(
    installation: Installation, scope: Scope, some: Callable[[UnitOfWork], list[T]]
) -> list[T]:
    """Until a transaction finds less than it could take; each makes what it found fewer."""
    everything: list[T] = []
    while True:
        found = installation.write(scope, some)
        everything += found
        if len(found) < AT_ONCE:
            return everything
