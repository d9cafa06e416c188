"""One payment: what an account is owed is examined, issued, told to its submitter, and settled.

Docs: docs/payments.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.domain.lifecycle import UNDECIDED, State
from app.domain.money import Money
from app.domain.parties import Payer
from app.domain.settlement import Fault, Owed, Settlement, settlement
from app.fhir import json_text
from app.fhir.answering import filled, identifier_document
from app.fhir.documents import Document
from app.fhir.payment_notice import payment_notice
from app.fhir.payment_reconciliation import Remittance, payment_reconciliation
from app.gateway import answers
from app.store.audit import Event
from app.store.payables import Account
from app.store.pended import Answer
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

ACTOR = "payments"


@dataclass(frozen=True, slots=True)
class Paid:
    """What a run did with one account; `payment_id` None: nothing was issued."""

    account: Account
    settlement: Settlement
    faults: Mapping[str, Fault]
    payment_id: str | None = None

    @property
    def amount(self) -> Money:
        """What was paid, or below zero what was carried forward."""
        return Money.of_minor_units(self.settlement.units, self.account.currency)


@dataclass(frozen=True, slots=True)
class _Plan:
    settlement: Settlement
    faults: Mapping[str, Fault]
    seen: frozenset[str]


def planned(account: Account, work: UnitOfWork) -> Paid:
    """What a run would do with an account now; nothing is changed."""
    claims = {entry.claim_id for entry in work.payables.unsettled(account.id)}
    plan = _plan(account, work.submissions.claims(claims), work)
    return Paid(account, plan.settlement, plan.faults)


def pay(account_id: str, payer: Payer, work: UnitOfWork) -> Paid:
    """Pay what an account is owed, in the transaction of `work`.

    The Claims are locked first: whoever cancels or decides one of them comes before or after.
    """
    account = work.payables.account(account_id)
    claims = {entry.claim_id for entry in work.payables.unsettled(account_id)}
    plan = _plan(account, work.submissions.claims(claims, lock=True), work)
    work.payments.quarantine(account, plan.faults, set(plan.seen))
    settled = plan.settlement
    work.payables.settle((entry.seq for entry in settled.void), None)
    work.payables.carry(account_id, min(settled.units, 0))
    if settled.is_carried:
        work.audit.add(Event(ACTOR, "pay", "carried"))
    if not settled.is_issued:
        return Paid(account, settled, plan.faults)
    payment_id = _issue(account, settled, payer, work)
    return Paid(account, settled, plan.faults, payment_id)


def _plan(account: Account, claims: Mapping[str, Submission], work: UnitOfWork) -> _Plan:
    """What there is to pay of Claims that are decided, and which of them nothing is paid of."""
    ready = {id: claim for id, claim in claims.items() if claim.state not in UNDECIDED}
    # Read after the lock: another run may have settled them, a cancel may have entered more.
    entries = [each for each in work.payables.unsettled(account.id) if each.claim_id in ready]
    sums = work.payables.sums(account.id, ready)
    owed: dict[str, list[Owed]] = {}
    for entry in entries:
        owed.setdefault(entry.claim_id, []).append(entry)
    faults = {}
    for claim_id in owed:
        fault = _fault(ready[claim_id], sums[claim_id], account, work)
        if fault is not None:
            faults[claim_id] = fault
    good = [entry for entry in entries if entry.claim_id not in faults]
    paid = work.payments.newest_details(account.id, {entry.claim_id for entry in good})
    return _Plan(settlement(good, paid), faults, frozenset(ready))


def _fault(claim: Submission, units: int, account: Account, work: UnitOfWork) -> Fault | None:
    """Why a Claim is not paid now; None where it is."""
    if account.reference is None:
        return Fault.PAYEE
    if units != _decided(claim, account):
        return Fault.SUM
    if claim.state is State.PAYABLE and not _is_told(claim, units, account, work):
        return Fault.RESPONSE
    return None


def _decided(claim: Submission, account: Account) -> int:
    """What the Claim's row says that is owed, in minor units; of an ended Claim nothing is."""
    is_owed = claim.state in {State.PAYABLE, State.PAID} and claim.currency == account.currency
    if not is_owed or claim.total is None:
        return 0
    return Money(claim.total, account.currency).minor_units


def _is_told(claim: Submission, units: int, account: Account, work: UnitOfWork) -> bool:
    """Whether the ClaimResponse in force can be read and promises this payment."""
    try:
        stored = work.resources.find("ClaimResponse", claim.response_id or "")
        document = json_text.parsed(stored.text) if stored and stored.text else {}
        promised = document["payment"]["amount"]
        amount, currency = Decimal(promised["value"]), promised["currency"]
    except (ArithmeticError, LookupError, TypeError, ValueError):
        # Whatever is wrong with it, it is this Claim's alone, and its quarantine tells of it.
        return False
    return Money(amount, currency) == Money.of_minor_units(units, account.currency)


def _issue(account: Account, settled: Settlement, payer: Payer, work: UnitOfWork) -> str:
    id = work.new_id()
    remittance = Remittance(
        id=id,
        payer_name=payer.name,
        payer_identifier=next(iter(payer.identifiers), None),
        identifier=answers.own_identifier("PaymentReconciliation", id),
        created=work.now,
        paid_on=work.now.astimezone(payer.settings.zone).date(),
        payee=json_text.parsed(account.reference or "{}"),
        currency=account.currency,
        settlement=settled,
    )
    work.payments.add(id, account, settled.units, remittance.paid_on, settled.details)
    work.payables.settle((entry.seq for entry in settled.settled), id)
    work.submissions.mark_paid({detail.claim_id for detail in settled.details}, work.now)
    _tell(payment_reconciliation(remittance), id, account, payer, work)
    notice_id = work.new_id()
    identifier = answers.own_identifier("PaymentNotice", notice_id)
    notice = payment_notice(remittance, identifier, _recipient(account, work))
    _tell(notice, notice_id, account, payer, work)
    work.audit.add(Event(ACTOR, "pay", "issued", "PaymentReconciliation", id))
    return id


def _tell(document: Document, id: str, account: Account, payer: Payer, work: UnitOfWork) -> None:
    stored = answers.added(document, id, account.submitter_id, work)
    _pend(stored, account, payer, work)


def _pend(stored: Stored, account: Account, payer: Payer, work: UnitOfWork) -> None:
    text = stored.text or ""
    work.pended.add(
        Answer(
            submitter_id=account.submitter_id,
            type=stored.type,
            resource_id=stored.id,
            version=stored.version,
            dated=answers.dated(stored.type, text, payer),
            size=len(text.encode()),
        )
    )


def _recipient(account: Account, work: UnitOfWork) -> Document:
    """The submitter: it is told, whoever of those it acts for is paid."""
    name, identifier = work.submitters.party(account.submitter_id)
    return filled(
        type="Organization",
        identifier=identifier and identifier_document(identifier),
        display=name,
    )
