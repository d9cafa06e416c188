"""What the tests of this folder share: the figures they tell."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.postgresql import Cluster


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """What a test counted: shown by `-rA`, and a property of the test in a JUnit file."""
    counted: dict[str, Any] = {}
    yield counted
    # As text: a test process sends its report on to the one that prints.
    told = [(str(name), str(value)) for name, value in counted.items()]
    request.node.user_properties += told
    line = ", ".join(f"{name}: {value}" for name, value in told)
    request.node.add_report_section("teardown", "figures", line)


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
