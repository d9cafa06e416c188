"""What the tests of this folder share: a database that waits for the disk."""

from collections.abc import Iterator

import pytest

from app.store import schema
from app.store.database.engine import Store
from tests.postgresql import Cluster


@pytest.fixture(scope="session")
def durable_cluster() -> Iterator[Cluster]:
    """A PostgreSQL that waits for the disk, as production does: for tests that kill."""
    with Cluster(durable=True) as started:
        yield started


@pytest.fixture
def durable_database(durable_cluster: Cluster) -> Iterator[str]:
    """The URL of an empty database on it, of this test's own."""
    url = durable_cluster.create_database()
    yield url
    durable_cluster.drop(url)


@pytest.fixture
def durable_schema(durable_database: str) -> str:
    """The same with its tables: a server that may crash without harm to other tests."""
    store = Store(durable_database)
    schema.upgrade(store)
    store.close()
    return durable_database
