"""How many stored Claims a second the worker decides, beside the disk alone on the same bytes.

`make bench ARGS=adjudication`. Claims of three lines, of many members in families,
come in through the real intake, under a plan with prices, a network, deductibles, a maximum,
copays, coinsurance and limits; then the real worker drains them. What is measured is the draining,
with the synchronous commits of production: one worker on SQLite, one and two processes on
PostgreSQL. The floor beside it is as many durable transactions that write the same bytes of
documents, one row each, with the driver alone.
"""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3
from sqlalchemy import Engine, event, func, select
from uuid_utils import uuid7

from app import create_worker, utc_now
from app.cli.process import keep_what_is_loaded
from app.domain.canonical import CANONICAL, PLAN
from app.domain.parties import Client, ClientKind
from app.domain.references import Identifier
from app.fhir import json_text
from app.gateway.administering import reference_data
from app.gateway.administering.administration import Administration
from app.gateway.administering.new_payer import new_payer
from app.gateway.installation import Installation
from app.gateway.intake import intake
from app.gateway.jobs.worker import BATCH
from app.gateway.received import Received
from app.store import schema, tables
from app.store.database.engine import Store
from app.store.hashing import Hasher
from benchmarks.measuring.options import Options
from benchmarks.measuring.report import Report, Table
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, identifier, money
from tests.postgresql import Cluster

CLAIMS = int(os.environ.get("CLAIMS", "1500"))
MEMBERS, FAMILY, SUBMITTERS = 500, 3, 5
ROUNDS = 2
START_SECONDS = 8
GOALS = {("sqlite", 1): 1_200, ("postgresql", 1): 1_000}
SPEED_UP = 1.8
HASHER = Hasher(b"an index key for benchmarks, 32 b")
CATEGORIES = "http://payer.test/category"
# Code, fee, what is submitted, category.
SERVICES = (
    ("1200", "80.00", "95.00", "prevention"),
    ("2140", "150.00", "140.00", "basic"),
    ("2710", "610.00", "700.00", "major"),
)
_LAST_DAY = date(2026, 2, 28)


def installation(store: Store) -> Installation:
    """As a server's, on this database."""
    return Installation(store, HASHER, "http://gateway.test/fhir/r4", utc_now, lambda: str(uuid7()))


def a_plan() -> dict[str, Any]:
    """Deductibles, a maximum, copays, coinsurance, limits and a network."""
    return {
        "resourceType": "InsurancePlan",
        "id": "plan",
        "identifier": [identifier("http://payer.test/plan", "dental")],
        "status": "active",
        "network": [{"reference": "Organization/network"}],
        "coverage": [
            {
                "type": {"text": "Dental"},
                "benefit": [
                    _benefit("prevention", ("visits-per-year", {"value": 12})),
                    _benefit("basic", ("amount-per-year", {"value": 2000, "code": "EUR"})),
                    _benefit("major"),
                ],
            }
        ],
        "plan": [
            {
                "generalCost": [
                    _cost("deductible-individual", "50.00"),
                    _cost("deductible-family", "120.00"),
                    _cost("out-of-pocket-individual", "1500.00"),
                    _cost("amount-per-year", "9000.00"),
                ],
                "specificCost": [
                    _shares("prevention", ("deductible", {"value": 0})),
                    _shares("basic", ("coinsurance", {"value": 20, "unit": "%"})),
                    _shares(
                        "major",
                        ("copay", {"value": 15, "code": "EUR"}),
                        ("coinsurance", {"value": 50, "unit": "%"}),
                    ),
                ],
            }
        ],
    }


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _benefit(category: str, *limits: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    told = [{"code": _concept(PLAN, kind), "value": value} for kind, value in limits]
    benefit: dict[str, Any] = {"type": _concept(CATEGORIES, category)}
    return benefit | ({"limit": told} if told else {})


def _cost(kind: str, amount: str) -> dict[str, Any]:
    return {"type": _concept(PLAN, kind), "cost": money(amount)}


def _shares(category: str, *shares: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    costs = [{"type": _concept(PLAN, kind), "value": value} for kind, value in shares]
    benefit = {"type": _concept(CATEGORIES, category), "cost": costs}
    return {"category": _concept(CATEGORIES, category), "benefit": [benefit]}


def kept_by_the_payer() -> Iterator[dict[str, Any]]:
    """What the payer keeps: plan, prices, network and members."""
    yield a_plan()
    for code, fee, _, category in SERVICES:
        url = f"{CANONICAL}/StructureDefinition/benefit-category"
        yield {
            "resourceType": "ChargeItemDefinition",
            "id": f"price-{code}",
            "url": f"http://payer.test/price/{code}",
            "status": "active",
            "extension": [{"url": url, "valueCodeableConcept": _concept(CATEGORIES, category)}],
            "code": _concept("http://codes.test", code),
            "propertyGroup": [{"priceComponent": [{"type": "base", "amount": money(fee)}]}],
        }
    for nth in range(SUBMITTERS):
        yield {
            "resourceType": "OrganizationAffiliation",
            "id": f"affiliation-{nth}",
            "organization": {"reference": "Organization/network"},
            "participatingOrganization": {"identifier": identifier("sid", f"Clinic {nth}")},
        }
    for nth in range(MEMBERS):
        plan_class = _concept("http://terminology.hl7.org/CodeSystem/coverage-class", "plan")
        yield a_coverage(
            f"M{nth}",
            subscriberId=f"S{nth // FAMILY}",
            beneficiary={"identifier": identifier("http://payer.test/person", f"P{nth}")},
            **{"class": [{"type": plan_class, "value": "dental"}]},
        )


def claim(nth: int) -> dict[str, Any]:
    """Claim number `nth`: three lines of one member on one day."""
    member, day = nth % MEMBERS, _LAST_DAY - timedelta(days=nth // MEMBERS)
    clinic = {"identifier": identifier("sid", f"Clinic {nth % SUBMITTERS}")}
    items = [
        {
            "sequence": sequence,
            "productOrService": _concept("http://codes.test", code),
            "servicedDate": day.isoformat(),
            "unitPrice": money(price),
            "net": money(price),
        }
        for sequence, (code, _, price, _) in enumerate(SERVICES, 1)
    ]
    return a_claim(
        number=f"B{nth}",
        provider=clinic,
        coverage={"identifier": identifier(COVERAGE_SYSTEM, f"M{member}")},
        patient={"identifier": identifier("http://payer.test/person", f"P{member}")},
        item=items,
        total=money(str(sum(Decimal(price) for *_, price, _ in SERVICES))),
    )


def take_in(received: Received, client: Client, ours: Installation) -> None:
    """One Claim, in a transaction of its own."""
    ours.write(client.scope, lambda work: intake.take(received, client, ours.base_url, work))


def fill(url: str, claims: int) -> None:
    """A database of a payer, its members and so many Claims that are due, by the real intake."""
    store = Store(url)
    schema.upgrade(store)
    ours = installation(store)
    payer = new_payer(ours, "Payer", is_default=True)
    documents = list(kept_by_the_payer())
    ours.write(
        Client("payer", payer, ClientKind.PAYER_CLIENT, "Core").scope,
        lambda work: [
            reference_data.keep(one, json_text.write(one), "benchmark", work) for one in documents
        ],
    )
    clients = [
        Administration(ours)
        .add_client(
            Client(
                ours.new_id(),
                payer,
                ClientKind.SUBMITTER,
                f"Clinic {nth}",
                (Identifier("sid", f"Clinic {nth}"),),
                acts_for_anybody=True,
            )
        )
        .client
        for nth in range(SUBMITTERS)
    ]
    # As they come: seldom one of a family after the other.
    for nth in random.Random(1).sample(range(claims), claims):
        text = json_text.write(claim(nth))
        received = Received(text, json_text.parsed(text))
        client = clients[nth % SUBMITTERS]
        take_in(received, client, ours)
    if not store.is_sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    store.close()


@dataclass(frozen=True, slots=True)
class Drained:
    """What one draining took, without its first batch: by the clock, and of the processor."""

    jobs: int
    seconds: float
    processor_seconds: float
    statements: int
    transactions: int


def drain(url: str, go: Path | None = None) -> Drained:
    """Decide everything that is due on this database; wait for a file, so that several begin."""
    store = Store(url)
    worker = create_worker(installation(store))
    counted = {"statement": 0, "commit": 0}
    store.read(lambda connection: connection.execute(select(func.count(tables.job.c.id))))

    @event.listens_for(store.engine, "commit")
    def committed(_connection: Any) -> None:
        counted["commit"] += 1

    # Of every engine: a reader's statements are counted too.
    @event.listens_for(Engine, "after_cursor_execute")
    def executed(*_: Any) -> None:
        counted["statement"] += 1

    # The first batch of a process compiles what all others use.
    worker.drain(limit=1)
    # As `eclaims work` does.
    keep_what_is_loaded()
    already = counted.copy()
    while go is not None and not go.exists():
        time.sleep(0.01)
    started, used = time.perf_counter(), time.process_time()
    jobs = worker.drain()
    took, used = time.perf_counter() - started, time.process_time() - used
    store.close()
    return Drained(
        jobs,
        took,
        used,
        counted["statement"] - already["statement"],
        counted["commit"] - already["commit"],
    )


def drained_by(url: str, processes: int, folder: Path) -> Drained:
    """By several processes that begin together: until the last is done, all else summed."""
    go = folder / f"go-{uuid7()}"
    command = [sys.executable, "-m", "benchmarks.adjudication", "drain", url, str(go)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    # Long enough for each to have imported everything and to stand before the file.
    time.sleep(START_SECONDS)
    go.touch()
    told = [
        Drained(**json.loads(one.communicate(timeout=600)[0].splitlines()[-1])) for one in running
    ]
    return Drained(
        sum(one.jobs for one in told),
        max(one.seconds for one in told),
        sum(one.processor_seconds for one in told),
        sum(one.statements for one in told),
        sum(one.transactions for one in told),
    )


def written(url: str) -> tuple[int, list[int]]:
    """How many Claims are decided, and the bytes of each document that decisions wrote."""
    store = Store(url)
    v, s = tables.resource_version.c, tables.submission.c
    decided = select(func.count()).where(s.decided_at.is_not(None))
    sizes = select(func.length(v.body)).where(
        (v.type == "ExplanationOfBenefit") | ((v.type == "ClaimResponse") & (v.version > 1))
    )
    try:
        return store.read(
            lambda connection: (
                connection.execute(decided).scalar_one(),
                list(connection.execute(sizes).scalars()),
            )
        )
    finally:
        store.close()


def floor(url: str, sizes: list[int], transactions: int) -> float:
    """Seconds that the driver alone takes for these bytes in so many durable transactions."""
    groups = [sizes[at::transactions] for at in range(transactions)]
    is_sqlite = url.startswith("sqlite")
    if is_sqlite:
        raw = pysqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            raw.execute(f"PRAGMA {pragma}")
        kind, mark = "BLOB", "?"
    else:
        raw = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        kind, mark = "BYTEA", "%s"
    cursor = raw.cursor()
    cursor.execute(f"CREATE TABLE floor (id TEXT PRIMARY KEY, body {kind})")
    started = time.perf_counter()
    for group in groups:
        cursor.execute("BEGIN")
        rows = [(str(uuid7()), b"x" * size) for size in group]
        if rows:
            cursor.executemany(f"INSERT INTO floor VALUES ({mark}, {mark})", rows)  # noqa: S608
        cursor.execute("COMMIT")
    took = time.perf_counter() - started
    cursor.execute("DROP TABLE floor")
    raw.close()
    return took


def measured(url: str, database: str, processes: int, folder: Path) -> dict[str, Any]:
    """One line: Claims a second of this many processes, and the floor beside it."""
    done = drained_by(url, processes, folder)
    decided, sizes = written(url)
    if decided != CLAIMS:
        raise RuntimeError(f"{decided} of {CLAIMS} Claims were decided")
    some = random.Random(1).sample(sizes, len(sizes) * done.jobs // (done.jobs + BATCH * processes))
    return {
        "database": database,
        "workers": processes,
        "claims": done.jobs,
        "per_second": round(done.jobs / done.seconds),
        "processor_ms_per_claim": round(1000 * done.processor_seconds / done.jobs, 2),
        "floor_per_second": round(done.jobs / floor(url, some, done.transactions)),
        "statements_per_claim": round(done.statements / done.jobs, 1),
        "transactions": done.transactions,
        "goal": GOALS.get((database, processes)),
    }


def lines() -> Iterator[dict[str, Any]]:
    """Each database and number of workers, the better of some rounds."""
    with tempfile.TemporaryDirectory() as name, Cluster(durable=True) as cluster:
        folder = Path(name)
        template = folder / "template.sqlite3"
        fill(f"sqlite:///{template}", CLAIMS)
        filled = cluster.create_database()
        fill(filled, CLAIMS)

        def fresh(database: str) -> str:
            if database == "postgresql":
                return cluster.create_database(filled)
            file = folder / f"{uuid7()}.sqlite3"
            shutil.copy(template, file)
            return f"sqlite:///{file}"

        for database, processes in (("sqlite", 1), ("postgresql", 1), ("postgresql", 2)):
            rounds = [measured(fresh(database), database, processes, folder) for _ in range(ROUNDS)]
            best = max(rounds, key=lambda line: line["per_second"])
            each = [line["per_second"] for line in rounds]
            yield best | {"median": round(statistics.median(each))}


HEADS = (
    "Database",
    "Workers",
    "Claims a second",
    "Goal",
    "Floor",
    "x floor",
    "Statements a Claim",
    "Commits",
    "CPU ms a Claim",
    "x one worker",
    "Met",
)


def main(_options: Options) -> Report:
    """All lines; the goal of several workers is so many times one."""
    told: list[dict[str, Any]] = []
    for line in lines():
        one = next((other for other in told if other["database"] == line["database"]), None)
        if one is not None:
            line |= {"times_one": round(line["per_second"] / one["per_second"], 2)}
        told.append(line | {"ratio": line["per_second"] / line["floor_per_second"]})
    title = f"{CLAIMS} Claims of 3 lines, {MEMBERS} members; the better of {ROUNDS}"
    figures = {"speed_up_goal": SPEED_UP, "figures": told}
    return Report("adjudication", [Table(title, HEADS, tuple(map(_row, told)), 1)], figures)


def _row(line: dict[str, Any]) -> tuple[object, ...]:
    times_one = line.get("times_one")
    goal, is_met = line["goal"], None
    if goal is not None:
        is_met = line["per_second"] >= goal
    elif times_one is not None:
        goal, is_met = f"{SPEED_UP} x one", times_one >= SPEED_UP
    return (
        line["database"],
        line["workers"],
        line["per_second"],
        goal,
        line["floor_per_second"],
        line["ratio"],
        line["statements_per_claim"],
        line["transactions"],
        line["processor_ms_per_claim"],
        times_one,
        is_met,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["drain"]:
        print(json.dumps(asdict(drain(sys.argv[2], Path(sys.argv[3])))))
