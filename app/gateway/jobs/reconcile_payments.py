"""Job ``reconcile-payments``: once a day, each payee is paid what became owed to it.

One job for each payee and currency, and one transaction for each payment. Docs: docs/payments.md.
"""

from collections import Counter
from dataclasses import replace
from datetime import date
from functools import partial

from app.domain.parties import Payer, Scope
from app.domain.settlement import Fault
from app.gateway.installation import Installation
from app.gateway.jobs.kinds import RECONCILE_PAYMENTS
from app.gateway.payments import runs as payments
from app.gateway.payments.plans import MOST_CLAIMS, Run
from app.gateway.payments.runs import MOST_STEPS, Paid
from app.store.jobs.work_queue import Job
from app.store.ledgers.payables import PayeeLedger
from app.store.unit_of_work import UnitOfWork
from app.telemetry import log

_TYPE = "PaymentReconciliation"


def enqueue(payer: Payer, _today: date, work: UnitOfWork) -> int:
    """One job for each ledger of a payer in which anything was not settled; how many."""
    ledgers = work.payables.unsettled_ledgers() if payer.settings.pays_daily else []
    for ledger in ledgers:
        scope = Scope(payer.id, ledger.submitter_id)
        work.jobs.add(scope, RECONCILE_PAYMENTS, (_TYPE, ledger.id), 0, work.now)
    return len(ledgers)


def reconcile(installation: Installation, job: Job, payer: Payer) -> None:
    """Pay one ledger, unless another run has paid it meanwhile."""
    reconciled(installation, payer, job.submitter_id, job.submission_id)


def reconciled(
    installation: Installation,
    payer: Payer,
    submitter_id: str,
    ledger_id: str,
    most: int = MOST_CLAIMS,
) -> list[Paid]:
    """Pay one ledger, each payment of at most about so many Claims in a transaction of its own.

    What was done: every payment, or that there was none. What was found in doubt on the way is told
    with the payment after it.
    """
    scope, done = Scope(payer.id, submitter_id), list[Paid]()
    run, in_doubt = Run(most), dict[str, Fault]()
    for _ in range(MOST_STEPS):
        paid = installation.write(scope, partial(_step, ledger_id, payer, run))
        run, in_doubt = paid.run, {**in_doubt, **paid.faults}
        if paid.payment_id is not None or not paid.has_more:
            done.append(replace(paid, faults=in_doubt))
            in_doubt = {}
        if not paid.has_more:
            break
    in_all = Counter(fault for paid in done for fault in paid.faults.values())
    for fault, count in sorted(in_all.items()):
        log.warning("claims left out of a payment", outcome=str(fault), count=count)
    return done


def _step(ledger_id: str, payer: Payer, run: Run, work: UnitOfWork) -> Paid:
    return payments.pay(ledger_id, payer, work, run)


def unsettled(installation: Installation, payer: Payer) -> list[PayeeLedger]:
    """The ledgers of a payer that a run has to look at."""
    return installation.read(Scope(payer.id), lambda work: work.payables.unsettled_ledgers())


def tried(
    installation: Installation, ledger: PayeeLedger, payer: Payer, most: int = MOST_CLAIMS
) -> list[Paid]:
    """What a run would do with a ledger now."""
    scope = Scope(payer.id, ledger.submitter_id)
    return installation.read(scope, lambda work: payments.planned(ledger, payer, work, Run(most)))
