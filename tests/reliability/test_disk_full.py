"""A disk without room: 507, nothing in part, and service again once there is room."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from app.gateway.jobs.worker import Worker
from app.store import tables
from app.store.database.engine import DiskFull
from tests.builders import a_claim, a_coverage, a_task
from tests.wire import Reply

MOST_SENT = 2_000
SPARE = 10
# The largest that SQLite knows. https://sqlite.org/pragma.html#pragma_max_page_count
UNBOUNDED = 4_294_967_294


# A database of each test's own: no other test is to meet what these do to it.
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def backend() -> str:
    """SQLite alone: its file can be kept from growing, as by a disk that is full."""
    return "sqlite"


def _room(installation, pages: int) -> None:
    """Let the file grow to so many pages; SQLite itself never goes below what is used."""
    installation.store.write(
        lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").all()
    )


def _fill(send: Callable[[], Reply]) -> int:
    """Send until there is no room; how many found some."""
    for number in range(MOST_SENT):
        reply = send()
        if reply.status != 201:
            assert reply.status == 507, reply.text
            return number
    raise AssertionError("the file grows past its bound")


def _is_intact(installation) -> bool:
    checked = installation.store.read(
        lambda connection: connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    )
    return checked == ["ok"]


def test_a_claim_without_room_is_refused_whole_and_taken_once_there_is(
    wire, installation, rows, figures
):
    _room(installation, 1)
    figures |= {"taken before the disk was full": _fill(lambda: wire.post("Claim", a_claim()))}
    before, claim = rows.counts(), a_claim()

    refused = wire.post("Claim", claim)
    after = rows.counts()
    _room(installation, UNBOUNDED)
    taken = wire.post("Claim", claim)

    assert refused.status == 507
    assert refused.errors == ["ECG-NO-STORE"]
    assert refused.document["resourceType"] == "OperationOutcome"
    assert after == before
    assert taken.status == 201
    assert rows.counts()["submission"] == before["submission"] + 1
    assert _is_intact(installation)


@pytest.mark.parametrize("code", ["cancel", "poll", "status"])
def test_a_task_without_room_is_refused_whole_and_done_once_there_is(
    wire, core, worker, installation, rows, code
):
    assert core.post("Coverage", a_coverage()).status == 201
    claims = [wire.post("Claim", a_claim()).reference for _ in range(SPARE)]
    worker.drain()
    _room(installation, 1)
    _fill(partial(wire.task, a_task("status", focus=claims[0])))

    # The last free bytes of the last pages may still take one or the other.
    for claim in claims:
        before, task = rows.counts(), a_task(code, focus=claim)
        refused = wire.task(task)
        if refused.status == 507:
            break
    after = rows.counts()
    _room(installation, UNBOUNDED)
    done = wire.task(task)

    assert (refused.status, refused.errors) == (507, ["ECG-NO-STORE"])
    assert after == before
    assert (done.status, done.document["status"]) == (201, "completed")
    assert _is_intact(installation)


def test_a_decision_without_room_is_made_once_there_is(
    wire, core, worker: Worker, installation, rows, clock
):
    assert core.post("Coverage", a_coverage()).status == 201
    sent = [wire.post("Claim", a_claim()).reference for _ in range(SPARE)]
    _room(installation, 1)
    _fill(partial(wire.task, a_task("status", focus=sent[0])))

    # Whether there is room left to put the jobs back is not said.
    with suppress(DiskFull):
        worker.drain()
    undecided = rows.of(tables.audit, action="decide"), rows.of(tables.pended)
    _room(installation, UNBOUNDED)
    clock.forward(hours=2)
    worker.drain()

    assert undecided == ([], [])
    assert rows.of(tables.job) == []
    assert len(rows.of(tables.audit, action="decide")) == len(sent)
    assert len(rows.of(tables.pended)) == 2 * len(sent)
