"""Resources whose entries a test gives itself, in a transaction that is undone when it ends."""

import pytest

from app.store.unit_of_work import UnitOfWork
from tests.store.searching.world import World


@pytest.fixture
def world(connection, installation):
    def view(scope, now, indexer):
        return UnitOfWork(connection, scope, now, installation.hasher, installation.new_id, indexer)

    return World(view)
