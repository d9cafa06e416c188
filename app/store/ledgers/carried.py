"""What payment runs carried forward: of which entries it is the sum, until it is paid.

Docs: docs/payments.md.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from app.domain.parties import Scope
from app.store import tables
from app.store.ledgers.payables import READY, opened, owned

_a = tables.payee_ledger.c
_e = tables.payable_entry.c
_c = tables.payable_carried.c


class Carried:
    """What is carried forward in the payee ledgers of one scope."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._scope = scope
        self._now = now

    def keep(self, ledger_id: str, left_out: Collection[str]) -> int:
        """Keep what a run could not pay: all that is open but of these Claims; what that comes to.

        Where that is not below zero after all, nothing is kept.
        """
        self.drop(ledger_id)
        query = select(_e.seq, _e.claim_id, _e.amount).where(*opened(ledger_id, self._scope), READY)
        rows = self._connection.execute(query)
        entries = [(row.seq, row.amount) for row in rows if row.claim_id not in left_out]
        carried: int = sum(units for _, units in entries)
        if carried < 0:
            payer_id = self._scope.payer_id
            self._connection.execute(
                insert(tables.payable_carried),
                [
                    {"payer_id": payer_id, "entry_seq": seq, "ledger_id": ledger_id}
                    for seq, _ in entries
                ],
            )
            self._set(ledger_id, carried)
        return carried

    def of(self, ledger_id: str) -> dict[str, int]:
        """What the last run carried forward, by Claim."""
        query = (
            select(_e.claim_id, func.sum(_e.amount))
            .join(tables.payable_carried, and_(_c.payer_id == _e.payer_id, _c.entry_seq == _e.seq))
            .where(*owned(_e, self._scope), _e.ledger_id == ledger_id)
            .group_by(_e.claim_id)
        )
        return {claim_id: int(units) for claim_id, units in self._connection.execute(query)}

    def drop(self, ledger_id: str) -> None:
        """Nothing of a ledger is carried forward any more."""
        self._connection.execute(
            delete(tables.payable_carried).where(
                _c.payer_id == self._scope.payer_id, _c.ledger_id == ledger_id
            )
        )
        self._set(ledger_id, 0)

    def _set(self, ledger_id: str, units: int) -> None:
        self._connection.execute(
            update(tables.payee_ledger)
            .where(*owned(_a, self._scope), _a.id == ledger_id)
            .values(carried=units, carried_at=self._now if units else None)
        )
