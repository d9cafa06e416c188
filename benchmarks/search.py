"""What a search costs among 200,000 Claims beside what it costs among 2,000, on both databases.

`make bench ARGS=search`. The Claims are written straight as rows, by COPY or a
prepared statement, and not through the gateway: that would take most of an hour. The rows are those
that `app.store.search.index` writes. Small and large are asked in turn, so the ratio is what
counts. The figure is where the fastest tenth ends: what else the machine does is not measured.
"""

import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Table as Rows

from app.domain.parties import Scope
from app.domain.search.entries import DateEntry, Entry, ReferenceEntry, TokenEntry
from app.domain.search.query import (
    Comparator,
    Condition,
    DateMatch,
    Has,
    ReferenceMatch,
    Search,
    TokenMatch,
)
from app.store import schema, tables
from app.store.database.engine import Store
from app.store.hashing import Hasher
from app.store.search.rows import SearchRows
from app.store.unit_of_work import UnitOfWork
from benchmarks.measuring.copying import bound, write
from benchmarks.measuring.options import Options
from benchmarks.measuring.report import Report, Table
from tests.postgresql import Cluster

SMALL, LARGE = 2_000, 200_000
SUBMITTERS = 20
CLAIMS_PER_PATIENT = 20
PAGE = 20
ROUNDS = 100
GOAL = 2.0
START = datetime(2026, 1, 1, tzinfo=UTC)
HASHER = Hasher(b"an index key for benchmarks, 32 b")
NUMBERS, STATUSES = "http://claims.test", "http://hl7.org/fhir/fm-status"


@dataclass(frozen=True, slots=True)
class Claim:
    """Claim number `n` of an installation: whose it is and what it is found by."""

    n: int

    @property
    def id(self) -> str:
        """Ids of the gateway grow with time; so do these."""
        return f"018f{self.n:08x}-0000-7000-8000-000000000000"

    @property
    def patient(self) -> str:
        """Everybody's Claims are spread over the year."""
        return f"patient-{self.n // CLAIMS_PER_PATIENT}"

    @property
    def submitter(self) -> str:
        """Each patient is of one submitter."""
        return f"submitter-{self.n // CLAIMS_PER_PATIENT % SUBMITTERS}"

    @property
    def created(self) -> datetime:
        """A day of the year."""
        return START + timedelta(days=self.n % CLAIMS_PER_PATIENT * 18)

    @property
    def status(self) -> str:
        """Nearly all Claims are active."""
        return {0: "draft", 1: "cancelled"}.get(self.n % 19, "active")

    def entries(self) -> Iterator[Entry]:
        """What it is found by, as many rows as an ordinary Claim has."""
        day = self.created
        yield TokenEntry("identifier", f"number-{self.n}", NUMBERS)
        yield TokenEntry("status", self.status, STATUSES, self.status)
        yield TokenEntry("use", "claim", "http://hl7.org/fhir/claim-use", "claim")
        yield TokenEntry("priority", "normal", "http://terminology.hl7.org/CodeSystem/priority")
        yield ReferenceEntry("patient", "Patient", self.patient)
        yield ReferenceEntry("provider", "Organization", self.submitter)
        yield ReferenceEntry("insurer", "Organization", "payer")
        yield DateEntry("created", day, day + timedelta(days=1, microseconds=-1))


def rows(claims: range) -> dict[Rows, list[dict[str, Any]]]:
    """The rows of Claims, by their table."""
    found: dict[Rows, list[dict[str, Any]]] = defaultdict(list)
    search_rows = SearchRows(HASHER)
    body = b'{"resourceType":"Claim"}'
    for claim in map(Claim, claims):
        key = {"payer_id": "payer", "type": "Claim"}
        of_it = key | {"id": claim.id, "submitter_id": claim.submitter, "version": 1}
        times = {"created_at": START, "updated_at": START}
        found[tables.resource].append(of_it | times)
        version = {**key, "id": claim.id, "version": 1, "updated_at": START}
        found[tables.resource_version].append(version | {"body_format": 0, "body": body})
        for position, entry in enumerate(claim.entries()):
            table, values = search_rows.row(entry)
            owner = {"resource_id": claim.id, "submitter_id": claim.submitter}
            found[table].append({**key, **owner, "position": position, **values})
    return found


def written(given: dict[Rows, list[dict[str, Any]]], connection: Connection) -> None:
    """All rows of some Claims."""
    for table, some in given.items():
        write(connection, table, list(some[0]), bound(connection, table, some))


def filled(url: str, size: int) -> Store:
    """A database with so many Claims, and statistics as an ordinary day leaves them."""
    store = Store(url)
    schema.upgrade(store)
    for start in range(0, size, 10_000):
        given = rows(range(start, min(start + 10_000, size)))
        store.write(partial(written, given))
    if not store.is_sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    return store


def by_identifier(claim: Claim) -> tuple[Condition, ...]:
    """identifier=system|value."""
    return (Has(("identifier",), (TokenMatch(f"number-{claim.n}", NUMBERS),)),)


def by_patient_and_date(claim: Claim) -> tuple[Condition, ...]:
    """patient=Patient/1&created=2026-02-03."""
    day = DateMatch(Comparator.EQUAL, claim.created, claim.created + timedelta(days=1))
    about = Has(("patient",), (ReferenceMatch("Patient", claim.patient),))
    return about, Has(("created",), (day,))


def by_patient_and_months(claim: Claim) -> tuple[Condition, ...]:
    """patient=Patient/1&created=ge2026-02&created=le2026-06."""
    since = DateMatch(Comparator.GREATER_OR_EQUAL, START + timedelta(31), START + timedelta(58))
    until = DateMatch(Comparator.LESS_OR_EQUAL, START + timedelta(151), START + timedelta(180))
    about = Has(("patient",), (ReferenceMatch("Patient", claim.patient),))
    return about, Has(("created",), (since,)), Has(("created",), (until,))


def by_status(_claim: Claim) -> tuple[Condition, ...]:
    """status=active."""
    return (Has(("status",), (TokenMatch("active"),)),)


def by_other_status(_claim: Claim) -> tuple[Condition, ...]:
    """status=draft,cancelled."""
    return (Has(("status",), (TokenMatch("draft"), TokenMatch("cancelled"))),)


SEARCHES: dict[str, Callable[[Claim], tuple[Condition, ...]]] = {
    "identifier": by_identifier,
    "patient and date": by_patient_and_date,
    "patient and months": by_patient_and_months,
    "status, of most": by_status,
    "status, of some": by_other_status,
    "no condition": lambda _claim: (),
}


def asked(store: Store, size: int, scope: str, conditions: Callable[[Claim], Any]) -> float:
    """Milliseconds of one search for a page, of any Claim, in a transaction of its own."""
    claim = Claim(random.randrange(size))
    submitter = claim.submitter if scope == "submitter" else None
    search = Search("Claim", conditions(claim))

    def page(connection: Connection) -> int:
        work = UnitOfWork(
            connection, Scope("payer", submitter), START, HASHER, str, lambda _type, _text: ()
        )
        return len(work.search.page(search, PAGE).found)

    started = time.perf_counter()
    found = store.read(page)
    took = (time.perf_counter() - started) * 1000
    assert found > 0, "a search that finds nothing measures nothing"
    return took


def measured(database: str, small: Store, large: Store) -> Iterator[dict[str, Any]]:
    """One line for each search and each who asks: the fastest tenth in ms, and its ratio."""
    for scope in ("submitter", "payer"):
        for name, conditions in SEARCHES.items():
            for store, size in ((small, SMALL), (large, LARGE)) * 5:
                asked(store, size, scope, conditions)
            times = [
                (asked(small, SMALL, scope, conditions), asked(large, LARGE, scope, conditions))
                for _ in range(ROUNDS)
            ]
            of_small, of_large = (
                statistics.quantiles(of_size, n=10)[0] for of_size in zip(*times, strict=True)
            )
            yield {
                "database": database,
                "asked_by": scope,
                "search": name,
                "small_ms": round(of_small, 3),
                "large_ms": round(of_large, 3),
                "ratio": round(of_large / of_small, 2),
            }


HEADS = ("Database", "Asked by", "Search", f"{SMALL:,}", f"{LARGE:,}", "Ratio", "Met")


def main(options: Options) -> Report:
    """Both databases, each small and large."""
    lines: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, Cluster() as cluster:
        for database in options.databases:
            small, large = (
                filled(
                    f"sqlite:///{folder}/{size}.sqlite3"
                    if database == "sqlite"
                    else cluster.create_database(),
                    size,
                )
                for size in (SMALL, LARGE)
            )
            lines.extend(measured(database, small, large))
            small.close()
            large.close()
    title = f"A page of {PAGE} Claims among {SMALL:,} and {LARGE:,}, fastest tenth of {ROUNDS}, ms"
    rows = tuple((*line.values(), line["ratio"] <= GOAL) for line in lines)
    return Report("search", [Table(title, HEADS, rows, 3)], {"goal": GOAL, "figures": lines})
