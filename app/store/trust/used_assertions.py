"""Which assertions of a client were taken already: a unique row per assertion."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, tuple_

from app.domain.parties import Client
from app.store import tables
from app.store.statements import inserted_if_absent

_u = tables.used_assertion.c


def take(connection: Connection, client: Client, jti_hash: str, expires_at: datetime) -> bool:
    """Take an assertion; whether nobody took it before. Waits for who is about to take it."""
    row = {
        "payer_id": client.payer.id,
        "client_id": client.id,
        "jti_hash": jti_hash,
        "expires_at": expires_at,
    }
    return inserted_if_absent(connection, tables.used_assertion, row)


class UsedAssertions:
    """Those of one payer's clients, to be forgotten once none of them could be taken any more."""

    def __init__(self, connection: Connection, payer_id: str) -> None:
        self._connection = connection
        self._payer_id = payer_id

    def count_lapsed(self, before: datetime, at_most: int) -> int:
        """How many lapsed before an instant, counted up to a limit."""
        rows = select(_u.jti_hash).where(*self._lapsed(before)).limit(at_most)
        query = select(func.count()).select_from(rows.subquery())
        return self._connection.execute(query).scalar_one()

    def lapsed(self, before: datetime, limit: int) -> list[Row[tuple[str, str]]]:
        """Some of those that lapsed before an instant: client and hash."""
        query = select(_u.client_id, _u.jti_hash).where(*self._lapsed(before)).limit(limit)
        return list(self._connection.execute(query))

    def forget(self, lapsed: Sequence[Row[tuple[str, str]]]) -> None:
        """Take these away."""
        wanted = tuple_(_u.client_id, _u.jti_hash).in_([tuple(one) for one in lapsed])
        self._connection.execute(
            delete(tables.used_assertion).where(_u.payer_id == self._payer_id, wanted)
        )

    def _lapsed(self, before: datetime) -> tuple[ColumnElement[bool], ...]:
        return (_u.payer_id == self._payer_id, _u.expires_at < before)
