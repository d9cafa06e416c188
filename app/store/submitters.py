"""The submitters of a payer, found by the identifiers that were registered for them."""

import json
from typing import Any

from sqlalchemy import Connection, Select, select

from app.domain.parties import ClientKind, Scope
from app.domain.references import Identifier
from app.store import tables

_c = tables.client.c


class Submitters:
    """The submitters of one scope that can be reached: a disabled one polls no more."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def identified(self, *identifiers: Identifier) -> set[str]:
        """The ids of those with one of these identifiers; where none has, of those acting for it.

        Acting for anybody names nobody.
        """
        wanted = {identifier.key for identifier in identifiers}
        own, acting = set(), set()
        for id, registered, acts_for in self._connection.execute(self._reachable()):
            if wanted & set(json.loads(registered)):
                own.add(id)
            if wanted & set(json.loads(acts_for)):
                acting.add(id)
        return own or acting

    def party(self, id: str) -> tuple[str, Identifier | None]:
        """Name and first identifier of a submitter, disabled or not; raises LookupError."""
        query = select(_c.name, _c.identifiers).where(
            _c.payer_id == self._scope.payer_id, _c.id == id, _c.kind == ClientKind.SUBMITTER
        )
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise LookupError(f"there is no submitter {id}")
        registered = json.loads(row.identifiers)
        return row.name, Identifier.parse(registered[0]) if registered else None

    def let_none_wait(self) -> None:
        """Bring what this submitter's Claims may wait for: none begins to until this ends."""
        self._connection.execute(self._own().with_for_update(key_share=True))

    def let_nothing_come(self) -> None:
        """Let a Claim begin to wait: nothing of the kind is brought until this ends."""
        self._connection.execute(self._own().with_for_update(read=True))

    def _own(self) -> Select[Any]:
        return select(_c.id).where(
            _c.payer_id == self._scope.payer_id, _c.id == self._scope.submitter_id
        )

    def _reachable(self) -> Select[Any]:
        query = select(_c.id, _c.identifiers, _c.acts_for).where(
            _c.payer_id == self._scope.payer_id,
            _c.kind == ClientKind.SUBMITTER,
            _c.disabled_at.is_(None),
        )
        if self._scope.submitter_id is not None:
            query = query.where(_c.id == self._scope.submitter_id)
        return query
