"""Counts the changes of a payer's reference data, so that none passes a waiting Claim unseen.

Whoever changes it and whoever begins to wait for it lock the same row: one of the two sees the
other.
"""

from sqlalchemy import Connection, select, update

from app.domain.parties import Scope
from app.store import tables

_p = tables.payer.c


class ReferenceEpoch:
    """The count of one payer."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id

    def advance(self) -> None:
        """Count a change; until the transaction ends nobody begins to wait."""
        self._connection.execute(
            update(tables.payer)
            .where(_p.id == self._payer_id)
            .values(reference_epoch=_p.reference_epoch + 1)
        )

    def held(self) -> int:
        """The count, which nobody changes until the transaction ends."""
        query = select(_p.reference_epoch).where(_p.id == self._payer_id)
        epoch: int = self._connection.execute(query.with_for_update(read=True)).scalar_one()
        return epoch
