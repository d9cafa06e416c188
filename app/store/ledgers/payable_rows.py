"""Who is owed money and what Claims came to, and the statements that read it, each built once."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, select

from app.domain.parties import Scope
from app.store import tables

_a = tables.payee_ledger.c
_e = tables.payable_entry.c
_s = tables.payable_settled.c


@dataclass(frozen=True, slots=True)
class PayeeLedger:
    """Who is owed money in one currency: `payee` a keyed hash, `reference` how it is addressed.

    `carried`, in minor units, is what the last run left below zero.
    """

    id: str
    submitter_id: str
    payee: str
    currency: str
    reference: str | None
    carried: int = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """What one Claim came to in one ledger, in minor units: altogether, and what was settled."""

    ledger_id: str
    currency: str
    entered: int
    settled: int
    was_paid: bool


LEDGER = (_a.id, _a.submitter_id, _a.payee, _a.currency, _a.reference, _a.carried)
JOINED = tables.payable_entry.outerjoin(
    tables.payable_settled, and_(_s.payer_id == _e.payer_id, _s.entry_seq == _e.seq)
)


def place(scope: Scope, claim_id: str) -> tuple[object, ...]:
    """Under what a transaction for many knows the balances of a Claim."""
    return ("balances", scope.payer_id, scope.submitter_id, claim_id)


@cache
def balances_of_many() -> Select[Any]:
    """What some Claims came to, in the order of the ledgers; whose they are is to be added."""
    settled = func.sum(_e.amount).filter(_s.payment_id.is_not(None))
    ledger = and_(_a.payer_id == _e.payer_id, _a.id == _e.ledger_id)
    return (
        select(
            _e.claim_id,
            _e.submitter_id,
            _e.ledger_id,
            _a.currency,
            func.sum(_e.amount).label("entered"),
            func.coalesce(settled, 0).label("settled"),
            func.count(_s.payment_id).label("payments"),
        )
        .select_from(JOINED.join(tables.payee_ledger, ledger))
        .where(_e.claim_id.in_(bindparam("b_ids", expanding=True)))
        .group_by(_e.claim_id, _e.submitter_id, _e.ledger_id, _a.currency)
        .order_by(_e.ledger_id)
    )


@cache
def ledger_of_payee() -> Select[Any]:
    """The ledger of a payee and currency, of whichever of some submitters."""
    return select(*LEDGER).where(
        _a.payer_id == bindparam("b_payer"),
        _a.submitter_id.in_(bindparam("b_submitters", expanding=True)),
        _a.payee == bindparam("b_payee"),
        _a.currency == bindparam("b_currency"),
    )


def balance(row: Row[Any]) -> Balance:
    """What a row of `balances_of_many` tells."""
    entered, settled = int(row.entered), int(row.settled)
    return Balance(row.ledger_id, row.currency, entered, settled, row.payments > 0)
