"""What reservations are for, and what their ledgers come to."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from app.store import tables
from app.store.ledgers.reserved import Grant, Part, Terms
from app.store.tables import Measure

TERMS = Terms(
    currency="EUR",
    member="coverage-1",
    providers=frozenset({"p1", "p2"}),
    services={(1,): frozenset({"s1"})},
    starts_on=date(2026, 3, 1),
    ends_on=date(2026, 5, 30),
)
SUMS = ("reserved", "consumed", "restored", "released", "expired", "open")
_KINDS = {
    "reserve": "reserved",
    "consume": "consumed",
    "restore": "restored",
    "release": "released",
    "expire": "expired",
}
Lines = dict[tuple[str, str], dict[str, int]]


def granted(amount: int = 100, quantity: int = 10_000) -> dict[tuple[int, ...], Grant]:
    """One line that holds so much, in minor units, and so much of a quantity: 10,000 are one."""
    return {(1,): Grant(amount, quantity)}


def amount_of(id: str = "P1", line: int = 1, by: int = 1) -> tuple[Part, tuple[int, ...]]:
    """The key of what a line of a Claim uses of the money of a line of a preauthorization."""
    return (Part(id, (line,), Measure.AMOUNT), (by,))


def quantity_of(id: str = "P1", line: int = 1, by: int = 1) -> tuple[Part, tuple[int, ...]]:
    """Likewise of its quantity."""
    return (Part(id, (line,), Measure.QUANTITY), (by,))


def recomputed(connection: Connection, submission_id: str) -> Lines:
    """The sums of each line of a reservation, added up from its entries and from nothing else."""
    entry = tables.reservation_entry.c
    query = select(entry.line, entry.measure, entry.kind, entry.amount)
    lines: Lines = {}
    for line, measure, kind, amount in connection.execute(
        query.where(entry.submission_id == submission_id)
    ):
        sums = lines.setdefault((line, str(measure)), dict.fromkeys(_KINDS.values(), 0))
        sums[_KINDS[kind]] += amount
    for sums in lines.values():
        used = sums["consumed"] - sums["restored"]
        sums["open"] = sums["reserved"] - used - sums["released"] - sums["expired"]
    return lines


def kept(connection: Connection, submission_id: str) -> Lines:
    """The sums as the rows have them, but for rows in which nothing ever was."""
    line = tables.reservation_line
    rows = connection.execute(select(line).where(line.c.submission_id == submission_id)).mappings()
    return {
        (row["line"], str(row["measure"])): {name: row[name] for name in SUMS}
        for row in rows
        if any(row[name] for name in SUMS)
    }


def money(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The amounts of all lines of these rows together, without those that are zero."""
    sums: Counter[str] = Counter()
    for row in rows:
        if row["measure"] == Measure.AMOUNT:
            sums.update({name: row[name] for name in SUMS if row[name]})
    return dict(sums)


def ledger(
    connection: Connection, submission_id: str = "P1", measure: Measure = Measure.AMOUNT
) -> list[tuple[str, int, str | None]]:
    """Every entry of a measure in its order: what it did, how much, by which Claim."""
    entry = tables.reservation_entry.c
    query = select(entry.kind, entry.amount, entry.claim_id).order_by(entry.seq)
    rows = connection.execute(
        query.where(entry.submission_id == submission_id, entry.measure == measure)
    )
    return [(str(row.kind), row.amount, row.claim_id) for row in rows]
