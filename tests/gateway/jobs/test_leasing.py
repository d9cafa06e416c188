"""What a worker has leased when the database fails it is due again, but not for ever."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from app.domain.lifecycle import State
from app.gateway.jobs.worker import Worker
from app.store.database.engine import Busy
from app.store.tables import JobState
from tests.builders import a_claim
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide


@contextmanager
def unwritable(store, nth):
    """The database is out of reach for so many transactions that write a decision."""
    left = [nth]

    def refuses(_connection, _cursor, statement, *_):
        if left[0] and statement.startswith("INSERT INTO decision"):
            left[0] -= 1
            raise Busy

    event.listen(store.engine, "before_cursor_execute", refuses)
    try:
        yield
    finally:
        event.remove(store.engine, "before_cursor_execute", refuses)
    assert left == [0]


def test_a_batch_that_the_database_could_not_take_is_due_at_once_with_every_attempt(
    desk, insured, installation
):
    taken = [desk.create(a_claim()) for _ in range(4)]
    worker = Worker(installation, {"standard": ScriptedAdjudicator(decide)})

    with unwritable(installation.store, nth=1), pytest.raises(Busy):
        worker.drain()
    assert {(state, attempts) for _, state, attempts, _ in desk.jobs()} == {(JobState.WAITING, 0)}

    assert worker.drain() == 4
    assert {desk.submission(one).state for one in taken} == {State.PAYABLE}


def test_a_batch_that_the_database_never_takes_is_counted(desk, insured, installation):
    for _ in range(4):
        desk.create(a_claim())
    worker = Worker(installation, {"standard": ScriptedAdjudicator(decide)})

    for _ in range(2):
        with unwritable(installation.store, nth=1), pytest.raises(Busy):
            worker.drain()

    assert {(state, attempts) for _, state, attempts, _ in desk.jobs()} == {(JobState.LEASED, 1)}
