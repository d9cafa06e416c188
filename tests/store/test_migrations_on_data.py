"""Revisions down and up on a database in which everything happened: what they keep, they keep."""

import hashlib
from itertools import pairwise

import pytest
from sqlalchemy import inspect

from app.store import schema
from app.store.tables import metadata
from tests.builders import a_claim, a_communication, a_coverage, a_task

pytestmark = pytest.mark.usefixtures("database")

# What going below a revision loses, because it was not there before. Everything else comes back as
# it was, to the last value. Down to where the tables' names are those of today.
LOST_BELOW = {
    "0020": set(),
    "0019": {"data_key", "resource_version", "wrapping_key"},
    # Counts and tokens go, and the rows that had them are not as they were.
    "0018": {"audit", "audit_seal"},
    "0017": {"rate_bucket"},
    "0016": set(),
    "0015": {"client_keys", "signing_key", "used_assertion"},
    "0014": {"job"},
    "0013": set(),
    "0012": set(),
    "0011": set(),
    "0010": {"payable_carried", "payment_brought", "payment_left_out"},
    "0009": {"clock"},
    "0008": {"decision", "decision_source"},
}
LAST_DOWN = "0007"


def checksums(store):
    """Of each table the number of its rows and a digest of all their values."""

    def read(connection):
        found = {}
        for name in inspect(connection).get_table_names():
            if name in metadata.tables:
                every = connection.execute(metadata.tables[name].select())
                texts = sorted(repr(sorted(row._mapping.items(), key=str)) for row in every)
                found[name] = (len(texts), hashlib.sha256("\n".join(texts).encode()).hexdigest())
        return found

    return store.read(read)


@pytest.fixture
def lived(wire, core, worker, claims):
    """A database with Claims in every state, and what comes of them."""
    for reference in claims[:3]:
        assert wire.task(a_task("cancel", focus=reference)).status == 201
    for reference in claims[3:5]:
        assert wire.task(a_task("nullify", focus=reference)).status == 201
    wire.task(a_task("reprocess", focus=claims[5]))
    wire.post("Communication", a_communication())
    for _ in range(3):
        wire.task(a_task("poll"))
    worker.drain()
    wire.post("Claim", a_claim())


@pytest.fixture(params=[12, pytest.param(400, marks=pytest.mark.soak)], ids="{} Claims".format)
def claims(request, core, wire, worker):
    """Decided Claims of a member with a plan, a third of them preauthorizations."""
    assert core.post("Coverage", a_coverage()).status == 201
    uses = ["claim", "claim", "preauthorization"]
    taken = [wire.post("Claim", a_claim(uses[n % 3])).reference for n in range(request.param)]
    worker.drain()
    return taken


def test_every_revision_goes_down_and_up_and_keeps_what_was_there_before_it(store, lived):
    before, lost = checksums(store), set()
    assert before["payable_entry"][0] > 0
    assert before["reservation_line"][0] > 0

    down = sorted(LOST_BELOW, reverse=True)
    for revision, below in pairwise([*down, LAST_DOWN]):
        lost |= LOST_BELOW[revision]
        schema.downgrade(store, below)
        assert schema.current(store) == below
        schema.upgrade(store)
        after = checksums(store)
        assert {name: after[name] for name in before.keys() - lost} == {
            name: before[name] for name in before.keys() - lost
        }, revision
        assert after.keys() == before.keys()
    assert below == LAST_DOWN


def test_the_table_of_what_is_lost_is_up_to_date():
    assert max(LOST_BELOW) == schema.newest()
