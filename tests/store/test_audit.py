"""The audit: one row per event, added and never changed."""

import pytest
from sqlalchemy import select

from app.store import tables
from app.store.audit import Audit, Event
from tests.builders import NOW
from tests.store.scopes import MINE

EVENT = Event("client", "cancel", "completed", "Claim", "C1", "T1", "request-1")


def rows(connection):
    return connection.execute(select(tables.audit).order_by(tables.audit.c.seq)).all()


def test_an_event_is_one_row_of_ids_and_codes(work, connection):
    work.audit.add(EVENT)

    (row,) = rows(connection)
    kept = row._asdict()
    digest, seq = kept.pop("digest"), kept.pop("seq")
    assert kept == {
        "payer_id": MINE.payer_id,
        "at": NOW,
        "actor": "client",
        "action": "cancel",
        "outcome": "completed",
        "type": "Claim",
        "resource_id": "C1",
        "task_id": "T1",
        "request_id": "request-1",
        "number": None,
        "token_hash": None,
    }
    assert (len(digest), seq) == (48, 1)


def test_rows_are_numbered_in_the_order_of_the_effects(work, connection):
    for action in ("create", "cancel", "poll"):
        work.audit.add(Event("client", action, "completed"))

    assert [(row.seq, row.action) for row in rows(connection)] == [
        (1, "create"),
        (2, "cancel"),
        (3, "poll"),
    ]


def test_the_digest_tells_a_changed_row(work, connection):
    work.audit.add(EVENT)
    work.audit.add(EVENT)
    work.audit.add(Event("client", "cancel", "rejected", "Claim", "C1", "T1", "request-1"))

    first, same, other = (row.digest for row in rows(connection))
    assert first == same != other


def test_what_is_undone_leaves_no_row(work, connection):
    def added_and_failed():
        work.audit.add(EVENT)
        raise LookupError

    with pytest.raises(LookupError), work.attempt():
        added_and_failed()

    work.audit.add(Event("client", "poll", "completed"))
    assert [row.action for row in rows(connection)] == ["poll"]


def test_the_audit_can_only_be_added_to():
    assert [name for name in vars(Audit) if not name.startswith("_")] == [
        "find",
        "page",
        "total",
        "patients",
        "add",
        "note",
    ]


def test_a_row_is_found_by_its_number_in_its_own_payer(work, connection):
    work.audit.add(EVENT)

    found = work.audit.find(1)

    assert (found.seq, found.at, found.event) == (1, NOW, EVENT)
    assert work.audit.find(2) is None
    assert Audit(connection, "another payer", NOW, work.hasher).find(1) is None
