"""What was paid: each payment with its details, and the Claims that were left out.

Docs: docs/payments.md.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, insert, select

from app.domain.lifecycle import State
from app.domain.parties import Scope
from app.domain.proofs import LeftOut
from app.domain.settlement import Detail, Fault
from app.store import tables
from app.store.ledgers.payables import PayeeLedger, owned
from app.store.versions import Stored, is_version, stored_from, with_versions

_p = tables.payment.c
_s = tables.submission.c
_r = tables.resource.c
_d = tables.payment_detail.c
_q = tables.payment_quarantine.c
# Fewer than the variables that SQLite takes in one statement.
_AT_ONCE = 5_000


def detail_name(payment_id: str, position: int) -> str:
    """What identifies a detail: its payment, and its place in it from 1."""
    return f"{payment_id}.{position}"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A Claim that a run left out: of which ledger, whose, and why."""

    claim_id: str
    ledger_id: str
    submitter_id: str
    fault: Fault


class Payments:
    """The payments of one scope."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._scope = scope
        self._now = now

    def add(
        self, id: str, ledger: PayeeLedger, units: int, issued_on: date, details: Sequence[Detail]
    ) -> None:
        """Keep a payment with its details, in their order."""
        payer_id = self._scope.payer_id
        self._connection.execute(
            insert(tables.payment).values(
                payer_id=payer_id,
                id=id,
                submitter_id=ledger.submitter_id,
                ledger_id=ledger.id,
                currency=ledger.currency,
                amount=units,
                issued_on=issued_on,
                issued_at=self._now,
            )
        )
        rows = [
            {
                "payer_id": payer_id,
                "payment_id": id,
                "position": position,
                "claim_id": detail.claim_id,
                "type": detail.type,
                "amount": detail.units,
            }
            for position, detail in enumerate(details, 1)
        ]
        self._connection.execute(insert(tables.payment_detail), rows)

    def brought(self, id: str, carried: Mapping[str, int], paid: Collection[str]) -> None:
        """Keep for the proof what had been carried, and which Claims of it are in the payment."""
        rows = [
            {
                "payer_id": self._scope.payer_id,
                "payment_id": id,
                "claim_id": claim_id,
                "amount": units,
                "is_paid": claim_id in paid,
            }
            for claim_id, units in sorted(carried.items())
        ]
        if rows:
            self._connection.execute(insert(tables.payment_brought), rows)

    def left_out(self, id: str, claims: Iterable[LeftOut]) -> None:
        """Keep for the proof which Claims a payment does not hold."""
        rows = [
            {
                "payer_id": self._scope.payer_id,
                "payment_id": id,
                "claim_id": claim.claim_id,
                "fault": claim.fault,
                "amount": claim.units,
            }
            for claim in claims
        ]
        if rows:
            self._connection.execute(insert(tables.payment_left_out), rows)

    def notices_about(self, id: str) -> list[Stored]:
        """The PaymentNotices about an Invoice that stand, in the order of their ids."""
        is_its_own = (_s.payer_id == _r.payer_id) & (_s.type == _r.type) & (_s.id == _r.id)
        query = (
            with_versions()
            .join(tables.submission, is_its_own)
            .where(
                *owned(_s, self._scope),
                _s.type == "PaymentNotice",
                _s.about_id == id,
                _s.state == State.STORED,
                is_version(_r.version),
            )
            .order_by(_r.id)
        )
        return [stored_from(row, self._connection) for row in self._connection.execute(query)]

    def newest_details(self, ledger_id: str, claim_ids: Iterable[str]) -> dict[str, str]:
        """Of each Claim that this ledger was paid for, the name of its newest detail."""
        wanted, found = sorted(claim_ids), {}
        for at in range(0, len(wanted), _AT_ONCE):
            query = (
                select(_d.claim_id, _d.payment_id, _d.position)
                .join(tables.payment, (_p.payer_id == _d.payer_id) & (_p.id == _d.payment_id))
                .where(
                    *owned(_p, self._scope),
                    _p.ledger_id == ledger_id,
                    _d.claim_id.in_(wanted[at : at + _AT_ONCE]),
                )
                .order_by(_p.issued_at, _p.id)
            )
            for claim_id, payment_id, position in self._connection.execute(query):
                found[claim_id] = detail_name(payment_id, position)
        return found

    def quarantine(self, ledger: PayeeLedger, faults: Mapping[str, Fault], seen: set[str]) -> None:
        """Of the Claims that were looked at, exactly these are in quarantine from now on."""
        for at in range(0, len(seen), _AT_ONCE):
            some = sorted(seen)[at : at + _AT_ONCE]
            self._connection.execute(
                delete(tables.payment_quarantine).where(
                    *owned(_q, self._scope), _q.claim_id.in_(some)
                )
            )
        rows = [
            {
                "payer_id": self._scope.payer_id,
                "claim_id": claim_id,
                "submitter_id": ledger.submitter_id,
                "ledger_id": ledger.id,
                "fault": fault,
                "quarantined_at": self._now,
            }
            for claim_id, fault in sorted(faults.items())
        ]
        if rows:
            self._connection.execute(insert(tables.payment_quarantine), rows)

    def release(self, claim_id: str) -> None:
        """A Claim has no part in the next run, or another one: it is out of quarantine."""
        self._connection.execute(
            delete(tables.payment_quarantine).where(
                *owned(_q, self._scope), _q.claim_id == claim_id
            )
        )

    def release_all(self, limit: int) -> list[Quarantined]:
        """Let Claims out of quarantine, at most so many: the next run looks at them anew."""
        some = select(_q.claim_id).where(*owned(_q, self._scope)).order_by(_q.claim_id)
        released = self._connection.execute(
            delete(tables.payment_quarantine)
            .where(*owned(_q, self._scope), _q.claim_id.in_(some.limit(limit)))
            .returning(_q.claim_id, _q.ledger_id, _q.submitter_id, _q.fault)
        )
        return sorted((Quarantined(*row) for row in released), key=lambda each: each.claim_id)

    def faults(self) -> list[tuple[Fault, int]]:
        """How many Claims are in quarantine for each reason."""
        query = select(_q.fault, func.count()).where(*owned(_q, self._scope)).group_by(_q.fault)
        rows = self._connection.execute(query.order_by(_q.fault))
        return [(fault, count) for fault, count in rows]
