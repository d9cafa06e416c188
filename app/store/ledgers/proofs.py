"""What the proof of a payment is made of, as it was kept when the payment was issued.

Docs: docs/payments.md.
"""

from sqlalchemy import Connection, case, func, select

from app.domain.parties import Scope
from app.domain.proofs import LeftOut, Line, Proof
from app.store import tables
from app.store.ledgers.payables import owned

_a = tables.payee_ledger.c
_p = tables.payment.c
_d = tables.payment_detail.c
_b = tables.payment_brought.c
_o = tables.payment_left_out.c
_e = tables.payable_entry.c
_s = tables.payable_settled.c


class Proofs:
    """The proofs of one scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def find(self, payment_id: str) -> Proof | None:
        """The proof of a payment, its payee as the ledger has it; None if not in this scope.

        Raises Unbalanced where the rows of the payment do not agree.
        """
        query = (
            select(_p.id, _a.reference, _p.issued_on, _p.currency, _p.amount)
            .join(tables.payee_ledger, (_a.payer_id == _p.payer_id) & (_a.id == _p.ledger_id))
            .where(*owned(_p, self._scope), _p.id == payment_id)
        )
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        carried, withdrawn = self._carried(payment_id)
        return Proof(
            payment_id=row.id,
            payee=row.reference or "",
            issued_on=row.issued_on,
            currency=row.currency,
            units=row.amount,
            carried=carried,
            withdrawn=withdrawn,
            settled=self._settled(payment_id),
            lines=self._lines(payment_id),
            left_out=self._left_out(payment_id),
        )

    def _carried(self, payment_id: str) -> tuple[int, int]:
        withdrawn = func.sum(case((_b.is_paid, 0), else_=-_b.amount))
        query = select(func.coalesce(func.sum(_b.amount), 0), func.coalesce(withdrawn, 0)).where(
            _b.payer_id == self._scope.payer_id, _b.payment_id == payment_id
        )
        row = self._connection.execute(query).one()
        return int(row[0]), int(row[1])

    def _settled(self, payment_id: str) -> int:
        """What the entries come to that the payment has settled; they never change."""
        query = (
            select(func.coalesce(func.sum(_e.amount), 0))
            .join(
                tables.payable_settled,
                (_s.payer_id == _e.payer_id) & (_s.entry_seq == _e.seq),
            )
            .where(_s.payer_id == self._scope.payer_id, _s.payment_id == payment_id)
        )
        return int(self._connection.execute(query).scalar_one())

    def _lines(self, payment_id: str) -> tuple[Line, ...]:
        is_brought = (
            (_b.payer_id == _d.payer_id)
            & (_b.payment_id == _d.payment_id)
            & (_b.claim_id == _d.claim_id)
            & _b.is_paid
        )
        query = (
            select(_d.position, _d.claim_id, _d.type, _d.amount, func.coalesce(_b.amount, 0))
            .outerjoin(tables.payment_brought, is_brought)
            .where(_d.payer_id == self._scope.payer_id, _d.payment_id == payment_id)
            .order_by(_d.position)
        )
        return tuple(Line(*row) for row in self._connection.execute(query))

    def _left_out(self, payment_id: str) -> tuple[LeftOut, ...]:
        query = (
            select(_o.claim_id, _o.fault, _o.amount)
            .where(_o.payer_id == self._scope.payer_id, _o.payment_id == payment_id)
            .order_by(_o.claim_id)
        )
        return tuple(LeftOut(*row) for row in self._connection.execute(query))
