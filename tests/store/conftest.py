"""One open transaction, seen by whom a test names; it is undone when the test ends."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy import Connection

from app.domain.parties import Scope
from app.gateway.installation import Installation
from app.store.database.engine import Store
from app.store.database.walls import EVERYBODY, behind
from app.store.search.index import Indexer
from app.store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock
from tests.store.scopes import MINE
from tests.store.searching.world import World

View = Callable[..., UnitOfWork]


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    with store.engine.connect() as opened:
        transaction = behind(opened, EVERYBODY).begin()
        yield opened
        transaction.rollback()


@pytest.fixture
def view(connection: Connection, installation: Installation, clock: FixedClock) -> View:
    """The open transaction as one scope sees it, now or at another instant."""

    def seen_by(scope: Scope, now: datetime | None = None) -> UnitOfWork:
        return UnitOfWork(
            connection,
            scope,
            now or clock(),
            installation.hasher,
            installation.new_id,
            installation.indexer,
        )

    return seen_by


@pytest.fixture
def work(view: View) -> UnitOfWork:
    return view(MINE)


@pytest.fixture
def world(connection: Connection, installation: Installation) -> World:
    """Resources whose entries a test gives itself."""

    def seen_by(scope: Scope, now: datetime, indexer: Indexer) -> UnitOfWork:
        return UnitOfWork(connection, scope, now, installation.hasher, installation.new_id, indexer)

    return World(seen_by)
