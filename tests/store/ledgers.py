"""What reservations are for, and what their ledgers come to."""

from collections import Counter
from datetime import date

from sqlalchemy import Connection, select

from app.store import tables
from app.store.reservations import Terms

TERMS = Terms(
    currency="EUR",
    member="coverage-1",
    providers=frozenset({"p1", "p2"}),
    services=frozenset({"s1"}),
    starts_on=date(2026, 3, 1),
    ends_on=date(2026, 5, 30),
)
_KINDS = {
    "reserve": "reserved",
    "consume": "consumed",
    "restore": "restored",
    "release": "released",
    "expire": "expired",
}


def recomputed(connection: Connection, submission_id: str) -> dict[str, int]:
    """The sums of a reservation, added up from its entries and from nothing else."""
    entry = tables.reservation_entry.c
    query = select(entry.kind, entry.amount).where(entry.submission_id == submission_id)
    sums = Counter(dict.fromkeys(_KINDS.values(), 0))
    for kind, amount in connection.execute(query):
        sums[_KINDS[kind]] += amount
    used = sums["consumed"] - sums["restored"]
    return {**sums, "open": sums["reserved"] - used - sums["released"] - sums["expired"]}


def kept(connection: Connection, submission_id: str) -> dict[str, int]:
    """The sums as the row has them."""
    row = connection.execute(
        select(tables.reservation).where(tables.reservation.c.submission_id == submission_id)
    ).one()
    return {name: row._mapping[name] for name in (*_KINDS.values(), "open")}


def ledger(connection: Connection, submission_id: str = "P1") -> list[tuple[str, int, str | None]]:
    """Every entry in its order: what it did, how much, by which Claim."""
    entry = tables.reservation_entry.c
    query = select(entry.kind, entry.amount, entry.claim_id).order_by(entry.seq)
    rows = connection.execute(query.where(entry.submission_id == submission_id))
    return [(str(row.kind), row.amount, row.claim_id) for row in rows]
