"""Statements that both databases understand."""

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from app.store import tables
from app.store.database.walls import EVERYBODY, behind
from app.store.statements import inserted_if_absent

KEY = {"payer_id": "payer-1", "holder": "member"}
WAIT_SECONDS = 60


def insert(connection, version):
    row = {**KEY, "version": version}
    return inserted_if_absent(connection, tables.counter_holder, row)


def test_a_taken_key_is_left_as_it_is(connection):
    assert insert(connection, 1) is True
    assert insert(connection, 2) is False
    assert connection.scalars(select(tables.counter_holder.c.version)).all() == [1]


def test_of_many_at_once_exactly_one_inserts(store):
    together = threading.Barrier(8)

    def taken(version):
        together.wait(WAIT_SECONDS)
        return store.write(lambda connection: insert(connection, version))

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(taken, range(8))) == [False] * 7 + [True]


def test_a_key_that_was_rolled_back_is_free(store):
    with store.engine.connect() as connection:
        transaction = behind(connection, EVERYBODY).begin()
        assert insert(connection, 1) is True
        transaction.rollback()

    assert store.write(lambda connection: insert(connection, 2)) is True
