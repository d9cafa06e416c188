"""What decisions, reprocesses, cancels and purges enter in the ledger of payables.

Docs: docs/payments.md.
"""

from app.domain.money import Money
from app.domain.settlement import EntryKind
from app.fhir import json_text
from app.fhir.documents import Document
from app.gateway.payments.payees import payee_of
from app.store.ledgers.payables import Balance, PayeeLedger
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork


def is_paid(claim_id: str, benefit: Money, work: UnitOfWork) -> bool:
    """Whether exactly this was paid for the Claim before, so that nothing is owed any more."""
    due = {
        balance.currency: balance.settled
        for balance in work.payables.balances(claim_id)
        if balance.was_paid
    }
    return {currency: units for currency, units in due.items() if units} == {
        benefit.currency: benefit.minor_units
    }


def owe(claim: Submission, benefit: Money | None, document: Document, work: UnitOfWork) -> None:
    """Enter what a decision on a Claim changed: all of it the first time, then the difference.

    `claim` is as it stands after the decision. The ledger of an earlier decision stays the one.
    """
    units = benefit.minor_units if benefit is not None else 0
    currency = benefit.currency if benefit is not None else None
    entered = work.payables.balances(claim.id)
    same = [balance for balance in entered if balance.currency == currency]
    for balance in entered:
        target = units if same and balance is same[0] else 0
        _enter(claim, balance, target - balance.entered, EntryKind.ADJUSTMENT, work)
    if units and not same and currency is not None:
        ledger = work.payables.open_ledger(_ledger(claim, currency, document, work))
        _enter(claim, ledger, units, EntryKind.PAYMENT, work)
    if entered:
        _clear(claim.id, work)


def take_back(claim: Submission, work: UnitOfWork) -> None:
    """Enter the opposite of all that a Claim came to: what was paid is asked back by a run."""
    entered = work.payables.balances(claim.id)
    for balance in entered:
        _enter(claim, balance, -balance.entered, EntryKind.REVERSAL, work)
    # By now it comes to nothing.
    if entered and not any(balance.was_paid for balance in entered):
        _settle_nothing(claim.id, work)


def _clear(claim_id: str, work: UnitOfWork) -> None:
    """What comes to nothing before it was ever paid is settled at once: no run is to look at it."""
    balances = work.payables.balances(claim_id)
    if not any(balance.was_paid or balance.entered for balance in balances):
        _settle_nothing(claim_id, work)


def _settle_nothing(claim_id: str, work: UnitOfWork) -> None:
    work.payables.void(claim_id)
    work.payments.release(claim_id)


def _ledger(claim: Submission, currency: str, document: Document, work: UnitOfWork) -> PayeeLedger:
    payee = payee_of(document, work.base, work)
    reference = None if payee.reference is None else json_text.write(payee.reference)
    id = work.hasher("payee-ledger", claim.submitter_id, payee.key, currency)
    return PayeeLedger(id, claim.submitter_id, payee.key, currency, reference)


def _enter(
    claim: Submission,
    ledger: PayeeLedger | Balance,
    units: int,
    kind: EntryKind,
    work: UnitOfWork,
) -> None:
    work.payables.enter(
        ledger,
        (claim.id, claim.epoch),
        claim.response_id or "",
        kind,
        units,
        claim.submitter_id,
    )
