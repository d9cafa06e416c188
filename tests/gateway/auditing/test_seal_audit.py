"""Each row of the audit is under one seal, whoever writes beside, and none is changed."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.parties import Scope
from app.gateway.jobs.seal_audit import INTERVAL, Sealing
from app.store import tables
from app.store.audit import Audit
from app.store.database.walls import EVERYBODY, behind
from app.store.seals import Seals
from tests.builders import NOW
from tests.gateway.auditing.conftest import AN_EVENT

WRITERS, ROUNDS = 8, 12
GUARDED = ("audit", "audit_seal")


@pytest.mark.parametrize("table", GUARDED)
@pytest.mark.parametrize("change", ["UPDATE {} SET payer_id = 'x'", "DELETE FROM {}"])
def test_no_row_is_changed_or_taken_away(store, write, sealing, rows, table, change):
    write()
    sealing.tick()
    before = rows.of(tables.audit), rows.of(tables.audit_seal)

    with pytest.raises(DBAPIError, match="only added to"):
        store.write(lambda connection: connection.execute(text(change.format(table))))

    assert (rows.of(tables.audit), rows.of(tables.audit_seal)) == before
    write()
    assert rows.of(tables.audit)[:-1] == before[0]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_on_postgresql_they_are_not_emptied(store, write):
    write()

    with pytest.raises(DBAPIError, match="only added to"):
        store.write(lambda connection: connection.execute(text("TRUNCATE audit")))


def test_everything_is_sealed_and_then_what_came_since(
    sealing, write, clock, rows, sealed, found, last_seq
):
    before = len(rows.of(tables.audit))
    write(3)

    assert sealing.tick() == before + 3
    assert sealed() == [(1, 1, last_seq(), before + 3)]
    write(2)
    assert sealing.tick() == 0
    clock.forward(seconds=INTERVAL.total_seconds())
    assert sealing.tick() == 2
    assert sealed()[1:] == [(2, last_seq() - 1, last_seq(), 2)]
    clock.forward(hours=1)
    assert sealing.tick() == 0
    assert found() == []


def test_what_is_too_much_for_one_seal_is_under_several(store, installation, write, payer, found):
    write(7)

    def seal(connection):
        kept = Seals(connection, payer.id, NOW, installation.hasher)
        return [kept.add(1_000_000, 3) for _ in range(20)]

    counts = store.write(seal)

    assert set(counts[:2]) == {3}
    assert counts[-1] == 0
    assert found() == []


def test_one_that_was_faster_is_found_and_nothing_sealed_twice(
    store, installation, write, sealing, sealed, found
):
    write(3)
    other = Sealing(installation)

    assert sealing.tick() > 0
    assert other.tick() == 0
    assert len(sealed()) == 1
    assert found() == []


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_nothing_is_sealed_above_a_row_that_is_still_being_written(
    store, installation, payer, write, sealing, sealed, found, last_seq
):
    with behind(store.engine.connect(), EVERYBODY) as slow, slow.begin() as transaction:
        # It has the lower number, and commits after the higher.
        Audit(slow, payer.id, NOW, installation.hasher).add(AN_EVENT)
        write()
        assert sealing.tick() == 0
        assert sealing.tick() == 0
        assert sealed() == []
        transaction.commit()

    assert sealing.tick() == last_seq()
    assert sealed() == [(1, 1, last_seq(), last_seq())]
    assert found() == []


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_number_that_was_drawn_for_nothing_keeps_nobody_waiting(
    store, installation, payer, write, sealing, found, clock
):
    sealing.tick()
    clock.forward(seconds=INTERVAL.total_seconds())
    with behind(store.engine.connect(), EVERYBODY) as slow, slow.begin() as transaction:
        Audit(slow, payer.id, NOW, installation.hasher).add(AN_EVENT)
        write()
        assert sealing.tick() == 0
        transaction.rollback()

    assert sealing.tick() == 1
    assert found() == []


def test_beside_writers_every_row_is_under_one_seal(
    installation, payer, rows, sealed, found, figures
):
    """Two seal while eight write: nothing is left out, nothing is under two."""
    ended = threading.Event()

    def many(work):
        for _ in range(3):
            work.audit.add(AN_EVENT)

    def write():
        for _ in range(ROUNDS):
            installation.write(Scope(payer.id), many)

    def seal():
        while not ended.is_set():
            # Due at once, as if half a minute had passed.
            Sealing(installation).tick()

    with ThreadPoolExecutor(WRITERS + 2) as threads:
        sealers = [threads.submit(seal) for _ in range(2)]
        writers = [threads.submit(write) for _ in range(WRITERS)]
        wait(writers)
        ended.set()
    for each in (*writers, *sealers):
        each.result()
    Sealing(installation).tick()

    written = rows.of(tables.audit, payer_id=payer.id)
    assert len(written) >= 3 * WRITERS * ROUNDS
    assert sum(count for *_, count in sealed()) == len(written)
    assert found() == []
    figures |= {"rows": len(written), "seals": len(sealed())}
