"""Business identifiers as keyed hashes: found by equality, unreadable without the key."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete

from app.domain.parties import Scope
from app.domain.references import Identifier
from app.store import tables
from app.store.hashing import Hasher
from app.store.together.transaction import insert_rows

_i = tables.business_identifier.c


class Identifiers:
    """What the resources of one payer are known by."""

    def __init__(self, connection: Connection, scope: Scope, hasher: Hasher) -> None:
        self._connection = connection
        self._scope = scope
        self._hasher = hasher

    def hash_of(self, identifier: Identifier) -> str:
        """The keyed hash an identifier is found by."""
        return self._hasher("identifier", identifier.key)

    def add(
        self, type: str, id: str, identifiers: Iterable[Identifier], submitter_id: str | None
    ) -> None:
        """Let a resource be found by these."""
        rows = [
            {
                "payer_id": self._scope.payer_id,
                "key_hash": key_hash,
                "type": type,
                "resource_id": id,
                "submitter_id": submitter_id,
            }
            for key_hash in sorted({self.hash_of(one) for one in identifiers})
        ]
        insert_rows(self._connection, tables.business_identifier, rows)

    def forget(self, type: str, id: str) -> None:
        """Let nothing find a resource by an identifier any more."""
        self._connection.execute(
            delete(tables.business_identifier).where(
                _i.payer_id == self._scope.payer_id, _i.type == type, _i.resource_id == id
            )
        )
