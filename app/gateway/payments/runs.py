"""One payment: what a ledger is owed is examined, issued, told to its submitter, and settled.

Docs: docs/payments.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.money import Money
from app.domain.parties import Payer
from app.domain.settlement import Fault, Settlement
from app.fhir import json_text
from app.fhir.answers.payment_notice import payment_notice
from app.fhir.answers.payment_reconciliation import Remittance, payment_reconciliation
from app.fhir.answers.writing import filled, identifier_document
from app.fhir.documents import Document
from app.gateway import answers
from app.gateway.payments.plans import Plan, Run, plan
from app.store.audit import Event
from app.store.ledgers.payables import PayeeLedger
from app.store.pended import Answer
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

ACTOR = "payments"
# Each makes what is left fewer, or knows of one more Claim in doubt: only a fault needs so many.
MOST_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Paid:
    """What a run did with a ledger in one transaction; `payment_id` None: nothing was issued.

    `amount` is what was paid, or below zero what was carried forward; `run` is what is known for
    the next transaction, where `has_more`.
    """

    ledger: PayeeLedger
    settlement: Settlement
    amount: Money
    faults: Mapping[str, Fault]
    has_more: bool
    run: Run
    payment_id: str | None = None

    @property
    def is_carried(self) -> bool:
        """Whether what the payee has had too much is carried forward."""
        return self.amount.amount < 0


def planned(
    ledger: PayeeLedger, payer: Payer, work: UnitOfWork, run: Run | None = None
) -> list[Paid]:
    """What a run would do with a ledger now, told as the run tells it; nothing is changed."""
    run, told, in_doubt = run or Run(), list[Paid](), dict[str, Fault]()
    for _ in range(MOST_STEPS):
        step = plan(ledger, run, work, payer.settings.zone, lock=False)
        # What came to nothing would be settled, and is not looked at again either.
        void = {entry.claim_id for entry in step.settlement.void}
        run = replace(step.run, done=run.done | (step.seen if step.is_issued else void))
        paid = _told(step)
        in_doubt |= paid.faults
        if step.is_issued or not step.has_more:
            told.append(replace(paid, faults=in_doubt))
            in_doubt = {}
        if not step.has_more:
            break
    return told


def pay(ledger_id: str, payer: Payer, work: UnitOfWork, run: Run | None = None) -> Paid:
    """Pay what a ledger is owed, or as much of it as one payment holds, in `work`'s transaction.

    The ledger is locked first, so that its runs follow each other; then the Claims: whoever cancels
    or decides one of them comes before or after.
    """
    ledger = work.payables.ledger(ledger_id, lock=True)
    step = plan(ledger, run or Run(), work, payer.settings.zone, lock=True)
    faults = {each.claim_id: each.fault for each in step.left_out}
    work.payments.quarantine(ledger, faults, set(step.seen))
    work.payables.settle((entry.seq for entry in step.settlement.void), None)
    if step.is_issued:
        return _told(step, _issue(step, payer, work))
    if step.has_more:
        return _told(step)
    carried = min(work.carried.keep(ledger_id, step.run.left_out), 0)
    if carried:
        work.audit.add(Event(ACTOR, "pay", "carried"))
    return _told(replace(step, units=carried))


def _told(step: Plan, payment_id: str | None = None) -> Paid:
    units = step.settlement.units if step.is_issued else min(step.units, 0)
    return Paid(
        ledger=step.ledger,
        settlement=step.settlement,
        amount=Money.of_minor_units(units, step.ledger.currency),
        faults={each.claim_id: each.fault for each in step.left_out},
        has_more=step.has_more,
        run=step.run,
        payment_id=payment_id,
    )


def _issue(step: Plan, payer: Payer, work: UnitOfWork) -> str:
    ledger, settled = step.ledger, step.settlement
    id = work.new_id()
    remittance = _remittance(id, step, payer, work)
    work.payments.add(id, ledger, settled.units, remittance.paid_on, settled.details)
    in_it = {detail.claim_id for detail in settled.details}
    work.payments.brought(id, work.carried.of(ledger.id), in_it)
    work.payments.left_out(id, step.run.left_out.values())
    work.carried.drop(ledger.id)
    work.payables.settle((entry.seq for entry in settled.settled), id)
    work.submissions.mark_paid(in_it, ledger.currency, work.now)
    _tell(payment_reconciliation(remittance), id, ledger, payer, work)
    notice_id = work.new_id()
    identifier = answers.own_identifier("PaymentNotice", notice_id)
    notice = payment_notice(remittance, identifier, _recipient(ledger, work))
    _tell(notice, notice_id, ledger, payer, work)
    work.audit.add(Event(ACTOR, "pay", "issued", "PaymentReconciliation", id))
    return id


def _remittance(id: str, step: Plan, payer: Payer, work: UnitOfWork) -> Remittance:
    return Remittance(
        id=id,
        payer_name=payer.name,
        payer_identifier=next(iter(payer.identifiers), None),
        identifier=answers.own_identifier("PaymentReconciliation", id),
        created=work.now,
        paid_on=work.now.astimezone(payer.settings.zone).date(),
        payee=json_text.parsed(step.ledger.reference or "{}"),
        currency=step.ledger.currency,
        settlement=step.settlement,
    )


def _tell(document: Document, id: str, ledger: PayeeLedger, payer: Payer, work: UnitOfWork) -> None:
    stored = answers.added(document, id, ledger.submitter_id, work)
    _pend(stored, ledger, payer, work)


def _pend(stored: Stored, ledger: PayeeLedger, payer: Payer, work: UnitOfWork) -> None:
    text = stored.text or ""
    work.pended.add(
        Answer(
            submitter_id=ledger.submitter_id,
            type=stored.type,
            resource_id=stored.id,
            version=stored.version,
            dated=answers.dated(stored.type, text, payer),
            size=len(text.encode()),
        )
    )


def _recipient(ledger: PayeeLedger, work: UnitOfWork) -> Document:
    """The submitter: it is told, whoever of those it acts for is paid."""
    name, identifier = work.submitters.party(ledger.submitter_id)
    return filled(
        type="Organization",
        identifier=identifier and identifier_document(identifier),
        display=name,
    )
