"""Many stored Claims, copied from one that came in and was decided by the real code.

Some Claims are taken in and decided. What is only in the rows of the last (its ids, its number,
hashes made of them) is what makes it itself; a copy has others in their place, in every table and
every text. So the rows are those that the gateway writes, whatever it writes today. A hash becomes
any other, so nobody finds a copy by its number.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Table, UniqueConstraint, select

from app import create_worker
from app.domain.parties import Client
from app.fhir import json_text
from app.gateway.installation import Installation
from app.gateway.intake import intake
from app.gateway.received import Received
from app.store import tables
from benchmarks.measuring.copying import binders, write
from benchmarks.measuring.requests import ITEMS, a_claim_of
from benchmarks.measuring.servers import Site

BATCH = 1_000
# Of Claims that no client sends: those of clients count from one.
FIRST_NUMBER = 800_000_000_000
_LARGE_CACHE = "PRAGMA cache_size = -1000000"
_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_HASH = r"(?<![0-9a-f])[0-9a-f]{48}(?![0-9a-f])"
_NUMBER = r"(?<!\d)8\d{11}(?!\d)"
_MARKS = re.compile(f"{_ID}|{_HASH}|{_NUMBER}")

Snapshot = dict[Table, dict[tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True)
class Template:
    """A row to copy: its values as the driver takes them, and where which marks stand in them."""

    table: Table
    names: tuple[str, ...]
    values: tuple[Any, ...]
    marked: tuple[tuple[int, tuple[str, ...]], ...]

    def copy(self, others: Mapping[str, str]) -> tuple[Any, ...]:
        """The same row with others in the place of its marks."""
        values = list(self.values)
        for at, marks in self.marked:
            value = values[at]
            for mark in marks:
                if isinstance(value, bytes):
                    value = value.replace(mark.encode(), others[mark].encode())
                else:
                    value = value.replace(mark, others[mark])
            values[at] = value
        return tuple(values)


@dataclass(frozen=True)
class Original:
    """One decided Claim as rows, and whose it is; `waiting` are its answers, not yet polled."""

    templates: tuple[Template, ...]
    waiting: tuple[Template, ...]
    delivered: tuple[Template, ...]
    marks: tuple[str, ...]
    submitter: str
    claim: str

    @property
    def answers(self) -> int:
        """How many answers it is polled as."""
        return len(self.waiting)

    def others(self, nth: int, submitter: str) -> dict[str, str]:
        """What stands in copy number `nth` for each mark."""
        found = {mark: _other(mark, order, nth) for order, mark in enumerate(self.marks)}
        return found | {self.submitter: submitter}

    def id_of(self, nth: int) -> str:
        """The id of Claim number `nth`."""
        return _other(self.claim, self.marks.index(self.claim), nth)


def an_original(site: Site) -> Original:
    """Take in and decide Claims of this new installation, one of each submitter."""
    with site.opened() as ours:
        # Gives each submitter the rows that it has once, and the payer what it has once.
        for nth, client in enumerate(site.clients):
            _decided(ours, client, nth, "M1")
        before = _snapshot(ours)
        # Of another member, so that it is no duplicate and nothing of the others is in its rows.
        _decided(ours, site.clients[0], len(site.clients), "M2")
        first = _new(before, _snapshot(ours))
        rows, marks = _own(first, _marks_in(first) - _marks_in(before))
        return ours.store.read(
            lambda connection: _original(connection, rows, marks, site.clients[0].id)
        )


def copied(
    site: Site, original: Original, numbers: range, waiting: range, *, in_one_queue: bool = False
) -> None:
    """Write these copies; the answers of those in `waiting` are in the queues, others delivered.

    They are of all submitters in turn; `in_one_queue`, those in `waiting` are of the first.
    """
    clients = [client.id for client in site.clients]

    def owner(nth: int) -> str:
        return clients[0 if in_one_queue and nth in waiting else nth % len(clients)]

    with site.opened() as ours:
        if ours.store.is_sqlite:
            # Rows go everywhere into the indexes, which are larger than what it keeps by itself.
            ours.store.write(lambda connection: connection.exec_driver_sql(_LARGE_CACHE))
        for start in range(numbers.start, numbers.stop, BATCH):
            some = range(start, min(start + BATCH, numbers.stop))
            ours.store.write(
                lambda connection, some=some: _write(  # type: ignore[misc]
                    connection, original, some, waiting, owner
                )
            )
        if not ours.store.is_sqlite:
            engine = ours.store.engine.execution_options(isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql("SET statement_timeout = 0")
                connection.exec_driver_sql("VACUUM ANALYZE")


def _write(
    connection: Connection,
    original: Original,
    numbers: range,
    waiting: range,
    owner: Callable[[int], str],
) -> None:
    by_table: dict[tuple[Table, tuple[str, ...]], list[tuple[Any, ...]]] = {}
    for nth in numbers:
        others = original.others(nth, owner(nth))
        answers = original.waiting if nth in waiting else original.delivered
        for template in (*original.templates, *answers):
            key = (template.table, template.names)
            by_table.setdefault(key, []).append(template.copy(others))
    for (table, names), rows in by_table.items():
        write(connection, table, names, rows)


def _decided(ours: Installation, client: Client, nth: int, member: str) -> None:
    text = a_claim_of(ITEMS, f"{FIRST_NUMBER + nth}", member)
    received = Received(text, json_text.parsed(text))
    ours.write(client.scope, lambda work: intake.take(received, client, ours.base_url, work))
    create_worker(ours).drain()


def _snapshot(ours: Installation) -> Snapshot:
    def read(connection: Connection) -> Snapshot:
        found: Snapshot = {}
        for table in tables.metadata.sorted_tables:
            rows = [dict(row) for row in connection.execute(select(table)).mappings()]
            keys = [column.name for column in table.primary_key]
            found[table] = {tuple(row[key] for key in keys): row for row in rows}
        return found

    return ours.store.read(read)


def _new(before: Snapshot, after: Snapshot) -> Snapshot:
    return {
        table: {key: row for key, row in rows.items() if key not in before[table]}
        for table, rows in after.items()
    }


def _marks_in(rows: Snapshot) -> set[str]:
    found: set[str] = set()
    for each in rows.values():
        for row in each.values():
            for value in row.values():
                found.update(_marks_of(value))
    return found


def _marks_of(value: object) -> Iterator[str]:
    if isinstance(value, bytes):
        value = value.decode(errors="ignore")
    if isinstance(value, str):
        yield from _MARKS.findall(value)


def _own(rows: Snapshot, marks: set[str]) -> tuple[list[tuple[Table, dict[str, Any]]], set[str]]:
    """The rows that each copy has, and what makes them its own.

    A row of which there can be only one, because nothing in a unique key of it is the Claim's own,
    is not copied, and what it is known by is the same for all.
    """
    while True:
        copied: list[tuple[Table, dict[str, Any]]] = []
        shared: set[str] = set()
        for table, each in rows.items():
            for row in each.values():
                if all(_is_own(table, key, row, marks) for key in _unique_keys(table)):
                    copied.append((table, row))
                else:
                    keys = [column.name for column in table.primary_key]
                    shared.update(mark for key in keys for mark in _marks_of(row[key]))
        if not shared & marks:
            return copied, marks
        marks = marks - shared


def _unique_keys(table: Table) -> Iterator[tuple[str, ...]]:
    yield tuple(column.name for column in table.primary_key)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield tuple(column.name for column in constraint.columns)
    for index in table.indexes:
        if index.unique:
            yield tuple(column.name for column in index.columns)


def _is_own(table: Table, key: tuple[str, ...], row: Mapping[str, Any], marks: set[str]) -> bool:
    return key == _serial(table) or any(set(_marks_of(row[name])) & marks for name in key)


def _serial(table: Table) -> tuple[str, ...]:
    """The column that the database numbers by itself, if there is one."""
    column = table.autoincrement_column
    return () if column is None or column.autoincrement is not True else (column.name,)


def _original(
    connection: Connection,
    rows: Sequence[tuple[Table, dict[str, Any]]],
    marks: set[str],
    submitter: str,
) -> Original:
    templates, waiting, delivered = [], [], []
    claim = ""
    for table, row in rows:
        if table is tables.pended:
            done = row | {"state": tables.Delivery.DELIVERED, "delivered_at": row["pended_at"]}
            waiting.append(_template(connection, table, row, marks | {submitter}))
            delivered.append(_template(connection, table, done, marks | {submitter}))
            continue
        if table is tables.submission:
            claim = str(row["id"])
        templates.append(_template(connection, table, row, marks | {submitter}))
    ordered = tuple(sorted(marks))
    return Original(tuple(templates), tuple(waiting), tuple(delivered), ordered, submitter, claim)


def _template(
    connection: Connection, table: Table, row: Mapping[str, Any], marks: set[str]
) -> Template:
    names = tuple(name for name in row if (name,) != _serial(table))
    bind = binders(connection, table, names)
    # Bytes stay bytes: in what a driver would wrap them in no mark can be replaced.
    values = tuple(
        row[name] if isinstance(row[name], bytes) else read(row[name])
        for name, read in zip(names, bind, strict=True)
    )
    found = (tuple(sorted(set(_marks_of(value)) & marks)) for value in values)
    return Template(table, names, values, tuple((at, own) for at, own in enumerate(found) if own))


def _other(mark: str, order: int, nth: int) -> str:
    """Of the same length and kind; ids grow with the number, as those of the gateway with time."""
    if len(mark) == 48:
        return blake2b(f"{mark}{nth}".encode(), digest_size=24).hexdigest()
    if len(mark) == 12:
        return str(FIRST_NUMBER + 100_000 + nth)
    digits = f"{nth:08x}"
    return f"018f{digits[:4]}-{digits[4:]}-7000-8000-{order:012x}"
