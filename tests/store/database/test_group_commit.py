"""Writers on SQLite who share a commit: each has its own effect, and none is told too early."""

import subprocess
import sys

import pysqlite3
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from app.store.database.engine import Busy, DiskFull, Store
from app.store.together.transaction import of, together
from tests.builders import NOW
from tests.store.crowding import WAIT_SECONDS, Crowd, add, names

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.parametrize("backend", ["sqlite"], indirect=True),
]


@pytest.fixture
def shared(database):
    """A store whose writers share a transaction for as long as any waits."""
    opened = Store(database, commits_worth=float("inf"))
    yield opened
    opened.close()


@pytest.fixture
def commits(shared):
    """One for each commit of the store."""
    counted = []
    event.listen(shared.engine, "commit", counted.append)
    return counted


def crowded(store, *works):
    crowd = Crowd(store)
    for work in works:
        crowd.send(lambda work=work: store.write(work))
    return crowd.answers()


def refused(connection):
    add("refused")(connection)
    raise ValueError("no")


def test_whoever_waits_together_waits_for_one_commit(shared, commits):
    told = crowded(shared, *(add(str(at)) for at in range(5)))

    # Each saw those before it, though nothing was committed yet.
    assert told == [f"{at} of {at + 1}" for at in range(5)]
    assert len(commits) == 1
    assert shared.read(names) == ["0", "1", "2", "3", "4"]


def test_who_does_not_wait_has_a_commit_of_its_own(shared, commits):
    for at in range(3):
        shared.write(add(str(at)))

    assert len(commits) == 3


def test_on_a_fast_disk_who_waits_has_a_commit_of_its_own(database):
    with_none = Store(database, commits_worth=0.0)
    counted = []
    event.listen(with_none.engine, "commit", counted.append)

    assert crowded(with_none, add("1"), add("2")) == ["1 of 1", "2 of 2"]
    assert len(counted) == 3
    with_none.close()


def test_one_that_fails_undoes_what_it_did_alone(shared, commits):
    told = crowded(shared, add("1"), refused, add("1"), add("2"))

    assert [str(one) for one in (told[0], told[3])] == ["1 of 1", "2 of 2"]
    assert isinstance(told[1], ValueError)
    assert isinstance(told[2], IntegrityError)
    assert len(commits) == 1
    assert shared.read(names) == ["1", "2"]


def test_when_the_first_fails_the_next_begins_anew(shared, commits):
    crowd = Crowd(shared)
    crowd.send(lambda: shared.write(refused))
    crowd.send(lambda: shared.write(add("1")))

    told = crowd.answers()

    assert isinstance(told[0], ValueError)
    assert told[1] == "1 of 1"
    assert shared.read(names) == ["1"]


def test_a_commit_that_fails_fails_all_who_wait_for_it(shared):
    def fails(_connection):
        raise OperationalError("COMMIT", None, Exception("disk I/O error"))

    event.listen(shared.engine, "commit", fails)
    told = crowded(shared, add("1"), refused, add("2"))
    event.remove(shared.engine, "commit", fails)

    # Also the one that was refused: it was not refused by anything that is there.
    assert [type(one) for one in told] == [Busy] * 3
    assert len({id(one) for one in told}) == 3
    assert shared.read(names) == []
    assert shared.write(add("3")) == "3 of 1"


def test_a_disk_that_is_full_is_told_and_whoever_was_told_otherwise_is_kept(shared):
    with shared.engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 3}")

    told = crowded(shared, add("1"), add("x" * 1_000_000), add("2"))

    assert isinstance(told[1], DiskFull)
    kept = [name for name, one in (("1", told[0]), ("2", told[2])) if isinstance(one, str)]
    assert shared.read(names) == kept
    assert all(isinstance(one, str | DiskFull) for one in told)


def test_what_is_for_many_ends_with_its_own_work(shared):
    def for_many(connection):
        together(connection, is_view=False)

    assert crowded(shared, for_many, of, add("1"))[1] is None


def test_to_look_at_the_files_ends_what_others_share(shared, commits):
    crowd = Crowd(shared)
    crowd.send(lambda: shared.write(add("1")))
    crowd.send(lambda: shared.is_swept(NOW))

    assert crowd.answers() == ["1 of 1", True]
    assert len(commits) == 1
    assert shared.read(names) == ["1"]


def test_of_a_process_that_is_gone_in_the_middle_nothing_is_half_done(database):
    gone = subprocess.run(
        [sys.executable, "-m", "tests.store.crashing_writers", database],
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )

    assert gone.returncode == -9, gone.stderr
    assert gone.stdout.split() == ["0"]
    after = Store(database)
    assert after.read(names) == ["0"]
    assert after.read(lambda rows: rows.scalar(text("PRAGMA integrity_check"))) == "ok"
    after.close()


@pytest.mark.parametrize(
    ("fault", "told"), [("database or disk is full", DiskFull), ("disk I/O error", Busy)]
)
def test_what_undid_the_transaction_of_all_is_told_to_all_by_its_name(shared, fault, told):
    def undoes(connection):
        # As SQLite does by itself where it cannot go on.
        connection.connection.driver_connection.execute("ROLLBACK")
        raise OperationalError("INSERT", None, pysqlite3.dbapi2.OperationalError(fault))

    assert [type(one) for one in crowded(shared, add("1"), undoes)] == [told, told]
    assert shared.read(names) == []


def test_a_process_that_was_forked_while_a_thread_has_the_turn_writes_too(database):
    written = subprocess.run(
        [sys.executable, "-m", "tests.store.forking_writer", database],
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )

    assert written.returncode == 0, written.stderr
    assert written.stdout.split() == ["child", "again", "parent"]
