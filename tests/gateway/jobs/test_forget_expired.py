"""Job `forget-expired`: each night, where there is anything that is old enough."""

from app.store import tables
from tests.builders import a_claim, a_task


def test_what_is_old_enough_goes_in_the_night_without_anybody_asking(wire, worker, clock):
    claim = wire.post("Claim", a_claim()).reference
    asked = wire.task(a_task("status", focus=claim)).reference
    worker.drain()
    clock.forward(days=399)
    worker.drain()
    assert wire.get(asked).status == 200

    clock.forward(days=2)
    worker.drain()

    assert wire.get(asked).status == 404
    assert wire.get(claim).status == 200


def test_who_asked_long_ago_is_forgotten_with_it(wire, worker, clock, rows, store):
    long_ago, not_yet = {"name": "a", "full_at": 1}, {"name": "b", "full_at": 2**62}
    rows.add(tables.rate_bucket, *({**one, "is_taken": True} for one in (long_ago, not_yet)))
    wire.task(a_task("poll"))
    clock.forward(days=401)

    worker.drain()

    left = [row["name"] for row in rows.of(tables.rate_bucket)]
    # On SQLite there is none: the process keeps them.
    assert left == (["a", "b"] if store.is_sqlite else ["b"])


def test_where_nothing_is_old_enough_there_is_no_job(wire, worker, clock):
    wire.post("Claim", a_claim())
    assert worker.drain() == 1
    clock.forward(days=2)

    assert worker.drain() == 0


def test_a_night_s_job_is_enqueued_once(wire, worker, clock):
    claim = wire.post("Claim", a_claim()).reference
    wire.task(a_task("status", focus=claim))
    worker.drain()
    clock.forward(days=401)

    assert [worker.drain(), worker.drain()] == [1, 0]
