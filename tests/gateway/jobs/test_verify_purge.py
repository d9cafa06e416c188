"""Job `verify-purge`: a purge is verified once the files of the database hold no more of it."""

from contextlib import contextmanager
from pathlib import Path

import pysqlite3
import pytest
from sqlalchemy import create_engine

from app.fhir import json_text
from app.store import tables
from tests.builders import a_claim, a_task

MARKER = "NobodyMayReadThis"


def word(task):
    """The business status of a Task."""
    return task["businessStatus"]["coding"][0]["code"]


@pytest.fixture
def nullified(desk):
    """A Claim with a word in it, nullified; the reference of the Task that did it."""
    taken = desk.create(a_claim(patient={"reference": "Patient/1", "display": MARKER * 20}))
    task = desk.task(a_task("nullify", focus=taken.stored.reference))
    assert word(task) == "purge-pending"
    return f"Task/{task['id']}"


def verified(rows):
    return [stone["verified_at"] for stone in rows.of(tables.tombstone)]


def test_a_purge_is_verified_by_a_version_that_nobody_polls_for(
    desk, worker, rows, clock, nullified
):
    before = desk.document(nullified)
    assert verified(rows) == [None, None]

    assert worker.drain() == 1

    after = desk.document(nullified)
    assert (word(after), after["meta"]["versionId"]) == ("purge-verified", "2")
    ours = {"businessStatus", "lastModified", "meta"}
    assert {name: value for name, value in after.items() if name not in ours} == {
        name: value for name, value in before.items() if name not in ours
    }
    assert verified(rows) == [clock.now, clock.now]
    assert (desk.jobs(), desk.pended()) == ([], [])
    [event] = rows.of(tables.audit, action="verify-purge")
    assert (event["actor"], event["outcome"]) == ("sweep", "verified")
    assert event["task_id"] == nullified.partition("/")[2]


def test_what_is_verified_is_not_verified_again(desk, worker, rows, nullified):
    worker.drain()

    assert worker.drain() == 0
    assert len(rows.of(tables.audit, action="verify-purge")) == 1


@contextmanager
def a_reader(database):
    """Another program that has begun to read, and goes on seeing what was there then."""
    is_sqlite = database.startswith("sqlite")
    # The same SQLite as the store's: two of them in one process take each other's locks away.
    options = {"module": pysqlite3.dbapi2} if is_sqlite else {}
    level = "AUTOCOMMIT" if is_sqlite else "REPEATABLE READ"
    engine = create_engine(database, isolation_level=level, **options)
    with engine.connect() as connection:
        if is_sqlite:
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("SET LOCAL app.payer = '*'")
        assert connection.execute(tables.payer.select()).first() is not None
        yield
        connection.exec_driver_sql("ROLLBACK")
    engine.dispose()


def test_while_someone_reads_an_older_view_the_purge_is_not_verified(
    desk, worker, rows, clock, database
):
    taken = desk.create(a_claim())
    with a_reader(database):
        task = desk.task(a_task("nullify", focus=taken.stored.reference))

        assert worker.drain(limit=1) == 1

        assert verified(rows) == [None, None]
        assert word(desk.document(f"Task/{task['id']}")) == "purge-pending"
        assert desk.jobs() == [(taken.stored.id, "waiting", 0, None)]

    clock.forward(seconds=2)
    worker.drain()

    assert word(desk.document(f"Task/{task['id']}")) == "purge-verified"
    assert verified(rows) == [clock.now, clock.now]
    assert desk.jobs() == []


def test_who_began_to_read_after_the_first_look_does_not_delay_it(
    worker, rows, clock, database, nullified
):
    with a_reader(database):
        worker.drain(limit=1)
        assert None in verified(rows)
    clock.forward(seconds=2)
    with a_reader(database):
        worker.drain(limit=1)

        # SQLite's log is emptied only while nobody reads; PostgreSQL tells old views from new.
        is_sqlite = database.startswith("sqlite")
        assert (None in verified(rows)) == is_sqlite


@pytest.mark.usefixtures("plain")
def test_the_files_of_sqlite_hold_no_word_of_it(desk, worker, database, nullified, tmp_path):
    if not database.startswith("sqlite"):
        # What PostgreSQL's pages may hold until they are overwritten: docs/nullify.md.
        return
    other = desk.create(a_claim(patient={"reference": "Patient/1", "display": "StillHere"}))

    worker.drain()

    assert word(desk.document(nullified)) == "purge-verified"
    held = {path.name: path.read_bytes() for path in Path(tmp_path).glob("eclaims.sqlite3*")}
    assert "eclaims.sqlite3" in held
    assert [name for name, content in held.items() if MARKER.encode() in content] == []
    assert any(b"StillHere" in content for content in held.values())
    assert "StillHere" in json_text.write(desk.document(other.stored.reference))


@pytest.mark.usefixtures("plain")
def test_before_it_is_purged_the_files_hold_it(desk, database, tmp_path):
    if not database.startswith("sqlite"):
        return
    desk.create(a_claim(patient={"reference": "Patient/1", "display": MARKER}))

    held = b"".join(path.read_bytes() for path in Path(tmp_path).glob("eclaims.sqlite3*"))
    assert MARKER.encode() in held
