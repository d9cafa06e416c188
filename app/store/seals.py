"""Seals of the audit: each over the rows behind the last one, and over that seal itself.

Docs: docs/adr/0023-the-audit-is-sealed-behind-open-transactions.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, func, select, text

from app.store import tables
from app.store.audit import Recorded, recorded
from app.store.hashing import Hasher
from app.store.statements import inserted_if_absent

_a = tables.audit.c
_s = tables.audit_seal.c

# A transaction has this lock from before it draws the number of a row until it has ended, and what
# it committed is seen by whoever finds the lock gone.
_WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation'"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND relation = 'audit'::regclass AND mode = 'RowExclusiveLock' AND granted"
)


@dataclass(frozen=True, slots=True)
class Seal:
    """Vouches for `rows` rows of a payer, up to `last_seq`; the first of them is `first_seq`."""

    number: int
    first_seq: int
    last_seq: int
    rows: int
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Horizon:
    """Every row up to `last_seq` is there, or never will be, once the `writers` have ended."""

    last_seq: int
    writers: frozenset[str] = frozenset()


def horizon(connection: Connection) -> Horizon:
    """How far rows were numbered, and who may still write one of the numbers before."""
    # In this order: whoever begins in between draws a higher number.
    last_seq = connection.execute(select(func.max(_a.seq))).scalar_one() or 0
    return Horizon(last_seq, writers(connection))


def writers(connection: Connection) -> frozenset[str]:
    """The transactions that may have rows of the audit that nobody sees yet."""
    if connection.dialect.name == "sqlite":
        # One writes at a time, and numbers come in the order of commits.
        return frozenset()
    return frozenset(connection.execute(_WRITERS).scalars())


class Seals:
    """The seals of one payer."""

    def __init__(
        self, connection: Connection, payer_id: str, now: datetime, hasher: Hasher
    ) -> None:
        self._connection = connection
        self._payer_id = payer_id
        self._now = now
        self._hasher = hasher

    def add(self, last_seq: int, most: int) -> int:
        """Seal the rows behind the last seal, up to this number; how many, at most `most`.

        Nothing where somebody else did so just now.
        """
        last = self.newest()
        after, previous = (0, "") if last is None else (last.last_seq, last.digest)
        query = (
            select(_a.seq, _a.digest)
            .where(_a.payer_id == self._payer_id, _a.seq > after, _a.seq <= last_seq)
            .order_by(_a.seq)
            .limit(most)
        )
        rows = [(row.seq, row.digest) for row in self._connection.execute(query)]
        if not rows:
            return 0
        number = 1 if last is None else last.number + 1
        seal = Seal(number, rows[0][0], rows[-1][0], len(rows), self._now, "")
        row = {
            "payer_id": self._payer_id,
            "number": number,
            "first_seq": seal.first_seq,
            "last_seq": seal.last_seq,
            "rows": seal.rows,
            "at": seal.at,
            "digest": digest_of(self._payer_id, seal, rows, previous, self._hasher),
        }
        return len(rows) if inserted_if_absent(self._connection, tables.audit_seal, row) else 0

    def newest(self) -> Seal | None:
        """The last seal."""
        found = self._seals(_s.number.desc(), 0, 1)
        return found[0] if found else None

    def after(self, number: int, limit: int) -> list[Seal]:
        """The seals behind this one, in their order."""
        return self._seals(_s.number, number, limit)

    def rows(self, after: int, limit: int) -> list[Recorded]:
        """The rows of the audit behind this number, in their order."""
        query = (
            select(tables.audit)
            .where(_a.payer_id == self._payer_id, _a.seq > after)
            .order_by(_a.seq)
            .limit(limit)
        )
        return [recorded(row) for row in self._connection.execute(query)]

    def count(self) -> int:
        """How many rows the audit has."""
        query = select(func.count()).where(_a.payer_id == self._payer_id)
        return self._connection.execute(query).scalar_one()

    def _seals(self, order: ColumnElement[int], after: int, limit: int) -> list[Seal]:
        query = (
            select(_s.number, _s.first_seq, _s.last_seq, _s.rows, _s.at, _s.digest)
            .where(_s.payer_id == self._payer_id, _s.number > after)
            .order_by(order)
            .limit(limit)
        )
        return [Seal(*row) for row in self._connection.execute(query)]


def digest_of(
    payer_id: str,
    seal: Seal,
    rows: Sequence[tuple[int, str]],
    previous: str,
    hasher: Hasher,
) -> str:
    """What a seal's digest is; `rows` are numbers and digests, `previous` the digest before it."""
    return hasher("audit-seal", payer_id, *_told(seal), previous, *_spelled(rows))


def _told(seal: Seal) -> tuple[str, ...]:
    counts = (seal.number, seal.first_seq, seal.last_seq, seal.rows)
    return (*map(str, counts), seal.at.astimezone(UTC).isoformat())


def _spelled(rows: Sequence[tuple[int, str]]) -> Iterator[str]:
    return (f"{seq} {digest}" for seq, digest in rows)
