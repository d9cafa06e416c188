"""What somebody does to the audit who has the database, but not the key, is found."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from app.domain.parties import Scope
from app.gateway.auditing.verifying import Kind, verified
from app.store import tables
from app.store.audit import Audit, Event
from app.store.database.walls import EVERYBODY, behind
from app.store.hashing import Hasher
from tests.gateway.auditing.conftest import AN_EVENT


def test_an_audit_that_nobody_touched_is_as_it_was(three_seals, installation, payer):
    told = verified(installation, payer, {})

    assert (told.faults, told.found) == (0, [])
    assert (told.seals, told.unsealed, told.newest.number) == (3, 2, 3)
    assert told.rows == sum(count for *_, count in three_seals) + 2


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'another'",
        "outcome = 'rejected'",
        "resource_id = 'C2'",
        "task_id = NULL",
        "number = 5",
        "payer_id = 'another'",
    ],
)
def test_a_row_that_was_changed_is_found(three_seals, forged, found, change):
    seq = three_seals[1][1]

    forged(f"UPDATE audit SET {change} WHERE seq = :seq", seq=seq)  # noqa: S608  ours

    moved = change.startswith("payer_id")
    assert found() == [(Kind.ROWS_MISSING, 2) if moved else (Kind.ROW_CHANGED, seq)]


def test_a_row_that_was_changed_is_found_before_it_is_sealed(three_seals, forged, found, last_seq):
    forged("UPDATE audit SET action = 'status' WHERE seq = :seq", seq=last_seq())

    assert found() == [(Kind.ROW_CHANGED, last_seq())]


def test_a_row_that_was_taken_away_is_found(three_seals, forged, found):
    forged("DELETE FROM audit WHERE seq = :seq", seq=three_seals[1][1] + 1)

    assert found() == [(Kind.ROWS_MISSING, 2)]


def test_a_row_that_was_put_in_below_a_seal_is_found(three_seals, forged, found):
    # A copy of a true one, so that its digest holds, where no row is.
    names = "payer_id, at, actor, action, outcome, type, resource_id, task_id, request_id, digest"
    forged(
        f"INSERT INTO audit (seq, {names}) SELECT -7, {names} FROM audit WHERE seq = :true",  # noqa: S608  ours
        true=three_seals[0][2],
    )

    assert found() == [(Kind.ROWS_ADDED, 1)]


def test_rows_that_were_exchanged_are_found(
    installation, payer, write, sealing, forged, found, last_seq
):
    poll = Event("client", "poll", "completed")
    write()
    installation.write(Scope(payer.id), lambda work: work.audit.add(poll))
    sealing.tick()
    low, high = last_seq() - 1, last_seq()

    for before, after in ((low, -1), (high, low), (-1, high)):
        forged("UPDATE audit SET seq = :after WHERE seq = :before", before=before, after=after)

    assert found() == [(Kind.ROWS_OTHER, 1)]


@pytest.mark.parametrize("change", ["rows = 99", "last_seq = last_seq + 1", "digest = 'x'"])
def test_a_seal_that_was_changed_is_found(three_seals, forged, found, change):
    forged(f"UPDATE audit_seal SET {change} WHERE number = 2")  # noqa: S608  ours

    assert {kind for kind, _ in found()} <= {Kind.ROWS_MISSING, Kind.ROWS_ADDED, Kind.ROWS_OTHER}
    assert 2 in {at for _, at in found()}


def test_a_seal_that_was_taken_out_is_found(three_seals, forged, found):
    forged("DELETE FROM audit_seal WHERE number = 2")

    assert (Kind.SEAL_MISSING, 2) in found()


def test_an_end_that_was_cut_off_is_found_by_an_exported_seal_alone(
    three_seals, forged, found, rows, sealing, clock
):
    exported = {f"n{row['number']}": row["digest"] for row in rows.of(tables.audit_seal)}
    assert found(**exported) == []

    forged("DELETE FROM audit_seal WHERE number = 3")
    forged("DELETE FROM audit WHERE seq > :seq", seq=three_seals[1][2])

    assert found() == []
    assert found(n2=exported["n2"]) == []
    assert found(n3=exported["n3"]) == [(Kind.CUT_OFF, 3)]


def test_an_end_that_was_cut_off_and_sealed_anew_is_found_by_an_exported_seal(
    three_seals, forged, found, rows, sealing, clock, write
):
    exported = rows.of(tables.audit_seal)[-1]["digest"]
    forged("DELETE FROM audit_seal WHERE number = 3")
    forged("DELETE FROM audit WHERE seq > :seq", seq=three_seals[1][2])
    write(2)
    clock.forward(hours=1)
    sealing.tick()

    assert found() == []
    assert found(n3=exported) == [(Kind.CUT_OFF, 3)]


def test_who_has_another_key_cannot_vouch(three_seals, installation, payer):
    stranger = replace(installation, hasher=Hasher(b"another key, of 32 bytes and so on"))

    told = verified(stranger, payer, {})

    assert told.faults == told.rows + told.seals


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_is_written_and_sealed_while_it_is_verified_is_not_missing(
    store, installation, payer, write, sealing, clock
):
    write(2)
    sealing.tick()
    clock.forward(hours=1)
    with ExitStack() as slow:
        connection = slow.enter_context(behind(store.engine.connect(), EVERYBODY))
        slow.enter_context(connection.begin())
        # It has the lower number, and commits after the higher.
        Audit(connection, payer.id, clock(), installation.hasher).add(AN_EVENT)
        write()

        def meanwhile(_):
            slow.close()
            sealing.tick()

        told = verified(installation, payer, {}, meanwhile)

    assert (told.faults, told.found, told.seals) == (0, [], 1)
    again = verified(installation, payer, {})
    assert (again.faults, again.seals, again.unsealed) == (0, 2, 0)
