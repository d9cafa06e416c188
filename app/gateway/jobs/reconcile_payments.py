"""Job ``reconcile-payments``: once a day, each payee is paid what became owed to it.

One job, and one transaction, for each payee and currency. Docs: docs/payments.md.
"""

from collections import Counter
from datetime import date

from app.domain.parties import Payer, Scope
from app.gateway import payments
from app.gateway.installation import Installation
from app.gateway.jobs.kinds import RECONCILE_PAYMENTS
from app.gateway.payments import Paid
from app.store.payables import Account
from app.store.unit_of_work import UnitOfWork
from app.store.work_queue import Job
from app.telemetry import log

_TYPE = "PaymentReconciliation"


def enqueue(payer: Payer, _today: date, work: UnitOfWork) -> int:
    """One job for each account of a payer in which anything was not settled; how many."""
    accounts = work.payables.unsettled_accounts() if payer.settings.pays_daily else []
    for account in accounts:
        scope = Scope(payer.id, account.submitter_id)
        work.jobs.add(scope, RECONCILE_PAYMENTS, (_TYPE, account.id), 0, work.now)
    return len(accounts)


def reconcile(installation: Installation, job: Job, payer: Payer) -> None:
    """Pay one account, unless another run has paid it meanwhile."""
    reconciled(installation, payer, job.submitter_id, job.submission_id)


def reconciled(
    installation: Installation, payer: Payer, submitter_id: str, account_id: str
) -> Paid:
    """Pay one account in a transaction of its own; what was done."""
    scope = Scope(payer.id, submitter_id)
    paid = installation.write(scope, lambda work: payments.pay(account_id, payer, work))
    for fault, count in sorted(Counter(paid.faults.values()).items()):
        log.warning("claims left out of a payment", outcome=str(fault), count=count)
    return paid


def unsettled(installation: Installation, payer: Payer) -> list[Account]:
    """The accounts of a payer that a run has to look at."""
    return installation.read(Scope(payer.id), lambda work: work.payables.unsettled_accounts())


def tried(installation: Installation, account: Account, payer: Payer) -> Paid:
    """What a run would do with an account now."""
    scope = Scope(payer.id, account.submitter_id)
    return installation.read(scope, lambda work: payments.planned(account, work))
