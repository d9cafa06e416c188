"""Buckets that all processes share."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.rates import Rate
from app.store.database.engine import Store
from app.store.rate_limits import InDatabase, buckets_of, forget

# So slow that nothing comes back while a test runs.
THREE_AN_HOUR = Rate.per(timedelta(hours=1), 3)
FAST = Rate.per(timedelta(microseconds=1), 1)
INTERVAL = 20 * 60 * 1_000_000


@pytest.fixture
def buckets(store):
    return buckets_of(store)


def taken(buckets, name, rate=THREE_AN_HOUR, times=1):
    return [buckets.take(name, rate).wait == 0 for _ in range(times)]


def test_an_empty_bucket_gives_nothing_and_tells_how_long(buckets):
    assert taken(buckets, "a", times=3) == [True] * 3
    refused = buckets.take("a", THREE_AN_HOUR)

    assert 0 < refused.wait <= INTERVAL
    # What was refused took nothing: the wait does not grow.
    assert buckets.take("a", THREE_AN_HOUR).wait <= refused.wait
    assert taken(buckets, "b") == [True]


def test_a_look_takes_nothing(buckets):
    assert [buckets.wait("a", THREE_AN_HOUR) for _ in range(5)] == [0] * 5
    taken(buckets, "a", times=3)

    assert 0 < buckets.wait("a", THREE_AN_HOUR) <= INTERVAL
    assert buckets.take("c", THREE_AN_HOUR, ("a", THREE_AN_HOUR)).beside > 0
    assert buckets.take("c", THREE_AN_HOUR, ("b", THREE_AN_HOUR)).beside == 0


def test_what_is_back_is_given_again(buckets):
    assert taken(buckets, "a", FAST, times=20) == [True] * 20


def test_of_many_at_once_as_many_are_let_in_as_there_are(buckets):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: buckets.take("a", THREE_AN_HOUR).wait == 0, range(40)))

    assert found.count(True) == 3


@pytest.fixture
def url(cluster, postgresql_template):
    """A PostgreSQL of this test's own, with tables."""
    own = cluster.create_database(postgresql_template)
    yield own
    cluster.drop(own)


@pytest.fixture
def stores(url):
    """Two servers of one installation."""
    both = [Store(url), Store(url)]
    yield both
    for each in both:
        each.close()


def test_two_servers_on_one_database_share_a_bucket(stores):
    here, there = map(buckets_of, stores)

    assert isinstance(here, InDatabase)
    assert taken(here, "a", times=2) + taken(there, "a", times=2) == [True, True, True, False]
    assert taken(here, "a") == [False]


def test_buckets_that_are_full_again_are_let_go(stores):
    buckets = buckets_of(stores[0])
    taken(buckets, "full", FAST)
    taken(buckets, "empty")

    stores[0].write(forget)

    kept = stores[0].read(lambda one: one.execute(text("SELECT name FROM rate_bucket")).scalars())
    assert list(kept) == ["empty"]


def test_no_commit_of_a_bucket_waits_for_the_disk(stores):
    def kind(connection):
        query = text("SELECT relpersistence FROM pg_class WHERE relname = 'rate_bucket'")
        return connection.execute(query).scalar_one()

    assert stores[0].read(kind) == "u"
