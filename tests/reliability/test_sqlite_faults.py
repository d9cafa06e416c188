"""A SQLite file that cannot be written: 503, nothing in part, and service again without a restart.

A disk that is full is in test_disk_full.py.
"""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from app import create_app
from app.store import tables
from app.store.database.engine import Busy, DiskFull
from tests.builders import a_claim, a_coverage, a_task
from tests.wire import Wire

SECONDS = 60
MILLISECONDS_TO_WAIT = 50

# A database of each test's own: no other test is to meet what these do to it.
pytestmark = pytest.mark.usefixtures("database")

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


@pytest.fixture
def backend() -> str:
    """SQLite alone."""
    return "sqlite"


def _pragma(installation, text: str) -> None:
    """Change the connection that writes."""
    installation.store.write(lambda connection: connection.exec_driver_sql(f"PRAGMA {text}").all())


@contextmanager
def read_only(installation) -> Iterator[None]:
    """SQLite refuses every write, as on a file that may only be read."""
    raw = installation.store.engine.raw_connection()
    raw.execute("PRAGMA query_only = ON")
    raw.close()
    try:
        yield
    finally:
        raw = installation.store.engine.raw_connection()
        raw.execute("PRAGMA query_only = OFF")
        raw.close()


@contextmanager
def no_growth(installation) -> Iterator[None]:
    """The operating system lets no file of this process grow beyond what a log has now: EFBIG.

    It is no full disk for SQLite, but a disk that fails.
    """
    log = Path(f"{installation.store.url.database}-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(log.stat().st_size, 1), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def another_writes(installation) -> Iterator[None]:
    """Another process has begun to write, and does not end."""
    _pragma(installation, f"busy_timeout = {MILLISECONDS_TO_WAIT}")
    command = [sys.executable, "-c", HOLD, installation.store.url.database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        yield
        other.communicate(timeout=SECONDS)


faults = pytest.mark.parametrize("fault", [read_only, no_growth, another_writes])


@pytest.fixture
def claims(wire, core, worker):
    """Three decided Claims, and three that wait."""
    assert core.post("Coverage", a_coverage()).status == 201
    decided = [wire.post("Claim", a_claim()).reference for _ in range(3)]
    worker.drain()
    return decided + [wire.post("Claim", a_claim()).reference for _ in range(3)]


def _is_intact(installation) -> bool:
    checked = installation.store.read(
        lambda connection: connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    )
    return checked == ["ok"]


@faults
def test_what_cannot_be_written_is_refused_whole_and_done_once_it_can(
    wire, installation, rows, claims, fault
):
    requests = [
        ("Claim", a_claim(number="NEW")),
        ("Task", a_task("status", number="S", focus=claims[0])),
        ("Task", a_task("cancel", number="C", focus=claims[0])),
        ("Task", a_task("poll", number="P")),
        ("Task", a_task("nullify", number="N", focus=claims[5])),
    ]
    silent = Wire(create_app(replace(installation, audits_reads=False)).test_client(), wire.token)
    before, audited = rows.counts(), len(rows.of(tables.audit))
    with fault(installation):
        refused = [wire.post(*request) for request in requests]
        read, live = wire.get(claims[0]), wire.http.get("/health/ready")
        unaudited = silent.get(claims[0])
    after = rows.counts(), len(rows.of(tables.audit))
    done = [wire.post(*request) for request in requests]

    assert [(reply.status, reply.errors) for reply in refused] == [(503, ["ECG-BUSY"])] * 5
    assert {reply.headers["Retry-After"] for reply in refused} == {"1"}
    assert {reply.document["resourceType"] for reply in refused} == {"OperationOutcome"}
    # What is read and cannot be told in the audit is not given; without that, it is.
    assert (read.status, unaudited.status, live.status_code) == (503, 200, 200)
    assert after == (before, audited)
    assert [reply.status for reply in done] == [201] * 5
    assert [reply.document["status"] for reply in done[1:]] == ["completed"] * 4
    assert _is_intact(installation)


@faults
def test_what_cannot_be_decided_is_decided_once_later(
    installation, rows, worker, claims, clock, fault
):
    with fault(installation), suppress(Busy, DiskFull):
        worker.drain()
    decided = len(rows.of(tables.audit, action="decide"))
    clock.forward(hours=2)
    worker.drain()

    assert decided == 3
    assert rows.of(tables.job) == []
    assert len(rows.of(tables.audit, action="decide")) == 6
    assert len(rows.of(tables.pended)) == 12
    assert _is_intact(installation)
