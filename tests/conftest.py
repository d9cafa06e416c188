"""Fixtures: what has an end. Everything that touches rows runs on SQLite and on PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from uuid_utils import uuid7

from app import create_app, create_worker
from app.domain.parties import Client, ClientKind, Payer, Scope
from app.domain.references import Identifier
from app.gateway.administering.administration import Administration, Issued
from app.gateway.administering.new_payer import new_payer
from app.gateway.gateway import Gateway
from app.gateway.installation import Installation
from app.gateway.jobs.worker import Worker
from app.gateway.reading.by_id import Reading
from app.store import schema
from app.store.database.engine import Store
from app.store.encryption.vault import Vault
from app.store.hashing import Hasher
from app.store.tables import metadata
from tests.builders import NOW
from tests.keys import IS_ENCRYPTED, a_vault, registered
from tests.postgresql import Cluster
from tests.rows import Rows
from tests.wire import Wire

BASE_URL = "http://gateway.test/fhir/r4"
INDEX_KEY = b"an index key for tests, 32 bytes"


@dataclass
class FixedClock:
    """Stands still until it is told to move on."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """The instant it stands at."""
        return self.now

    def forward(self, **by: float) -> None:
        """Move on by a timedelta's arguments."""
        self.now += timedelta(**by)


_FILLED = " UNION ALL ".join(
    f"SELECT '{table.name}' WHERE EXISTS (SELECT FROM {table.name})"  # noqa: S608  our own tables
    for table in metadata.sorted_tables
)
_BEGUN_ANEW = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"


def emptied(connection: Connection) -> None:
    """Leave the schema and no row, with every count begun anew."""
    names = [table.name for table in reversed(metadata.sorted_tables)]
    if connection.dialect.name == "postgresql":
        # As a replica does, past what guards the audit.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        filled = connection.exec_driver_sql(_FILLED).scalars().all()
        if filled:
            # Not by DELETE, though that is faster: rows would come back in the order of reused
            # space. Tables without rows are left: each costs as much as if it had some.
            connection.exec_driver_sql(f"TRUNCATE {', '.join(filled)} CASCADE")
        connection.exec_driver_sql(_BEGUN_ANEW)
        return
    guards = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    ).all()
    for name, _ in guards:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    for name in (*names, "sqlite_sequence"):
        connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608  our own tables
    for _, sql in guards:
        connection.exec_driver_sql(sql)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    store = Store(f"sqlite:///{file}")
    schema.upgrade(store)
    store.close()
    return file


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL for the whole process; that it does not start is a failure."""
    with Cluster() as started:
        yield started


@pytest.fixture(scope="session")
def postgresql_template(cluster: Cluster) -> str:
    """An empty, migrated PostgreSQL database to copy."""
    url = cluster.create_database()
    store = Store(url)
    schema.upgrade(store)
    store.close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which of the two databases a test runs on."""
    name: str = request.param
    return name


@pytest.fixture
def database(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty database of this test's own."""
    if backend == "sqlite":
        file = tmp_path / "eclaims.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    started: Cluster = request.getfixturevalue("cluster")
    url = started.create_database(request.getfixturevalue("postgresql_template"))
    yield url
    started.drop(url)


@pytest.fixture(scope="session")
def kept_stores(request: pytest.FixtureRequest) -> Iterator[Callable[[str, bool], Store]]:
    """One store per backend for the session, so that statements are compiled once."""
    stores: dict[tuple[str, bool], Store] = {}

    def kept(backend: str, is_plain: bool) -> Store:
        if (backend, is_plain) not in stores:
            vault = None if is_plain else a_vault()
            stores[backend, is_plain] = Store(_copied(backend, request, is_plain), vault=vault)
        return stores[backend, is_plain]

    yield kept
    for store in stores.values():
        store.close()


def _copied(backend: str, request: pytest.FixtureRequest, is_plain: bool) -> str:
    template = request.getfixturevalue(f"{backend}_template")
    if backend == "postgresql":
        url: str = request.getfixturevalue("cluster").create_database(template)
        return url
    file = template.with_name("plain.sqlite3" if is_plain else "kept.sqlite3")
    shutil.copy(template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def clock() -> FixedClock:
    """The installation's clock."""
    return FixedClock()


@pytest.fixture
def plain() -> None:
    """Asked for by tests that look into bytes, or put plain ones there."""


@pytest.fixture
def vault(request: pytest.FixtureRequest) -> Vault | None:
    """The keys of a database of the test's own; None: text is plain there."""
    return None if "plain" in request.fixturenames else a_vault()


@pytest.fixture
def store(backend: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store without a row: on the test's own database if it asks for that, else the kept one."""
    if "database" in request.fixturenames:
        vault = request.getfixturevalue("vault")
        own = Store(request.getfixturevalue("database"), vault=vault)
        own.write(registered)
        yield own
        own.close()
        return
    is_plain = IS_ENCRYPTED and "plain" in request.fixturenames
    kept: Store = request.getfixturevalue("kept_stores")(backend, is_plain)
    kept.write(emptied)
    kept.write(registered)
    yield kept


@pytest.fixture
def installation(store: Store, clock: FixedClock) -> Installation:
    """An installation without any payer."""
    return Installation(store, Hasher(INDEX_KEY), BASE_URL, clock, lambda: str(uuid7()))


@pytest.fixture
def payer(installation: Installation) -> Payer:
    """The default payer, with the default plan and no identifiers."""
    return new_payer(installation, "Payer", is_default=True)


@pytest.fixture
def administration(installation: Installation) -> Administration:
    """Who speaks with the installation."""
    return Administration(installation)


@dataclass
class Registry:
    """Registers clients for a test."""

    installation: Installation
    payer: Payer
    issued: dict[str, Issued] = field(default_factory=dict)

    def submitter(
        self, name: str = "Happy Valley", *, payer: Payer | None = None, **options: Any
    ) -> Issued:
        """A submitter whose identifier is `sid|NAME`; by default it acts for anybody."""
        options.setdefault("acts_for_anybody", True)
        client = Client(
            self.installation.new_id(),
            payer or self.payer,
            ClientKind.SUBMITTER,
            name,
            options.pop("identifiers", (Identifier("sid", name),)),
            **options,
        )
        self.issued[name] = Administration(self.installation).add_client(client)
        return self.issued[name]

    def payer_client(self, name: str = "Core system", payer: Payer | None = None) -> Issued:
        """A program of the payer."""
        client = Client(
            self.installation.new_id(), payer or self.payer, ClientKind.PAYER_CLIENT, name
        )
        self.issued[name] = Administration(self.installation).add_client(client)
        return self.issued[name]

    def administered(self) -> Payer:
        """The payer as it is registered now."""
        current = Administration(self.installation).find_payer(self.payer.id)
        if current is None:
            raise LookupError(self.payer.id)
        return current

    def settle_rules(self, **rules: Any) -> None:
        """Change the payer's rules: they count from the next request on."""
        current = self.administered()
        changed = replace(current, settings=replace(current.settings, **rules))
        Administration(self.installation).set_payer_settings(changed)


@pytest.fixture
def registry(installation: Installation, payer: Payer) -> Registry:
    """Registers clients for a test."""
    return Registry(installation, payer)


@pytest.fixture
def submitter(registry: Registry) -> Client:
    """A submitter that acts for anybody."""
    return registry.submitter().client


@pytest.fixture
def gateway(installation: Installation, worker: Worker) -> Gateway:
    """The gateway."""
    return Gateway(installation, worker)


@pytest.fixture
def reading(installation: Installation) -> Reading:
    """The reader."""
    return Reading(installation)


@pytest.fixture
def worker(installation: Installation) -> Worker:
    """A worker with the installed adjudicators; `drain()` decides what is due."""
    return create_worker(installation)


@pytest.fixture
def app(installation: Installation) -> Flask:
    """The web application (pytest-flask knows it by this name)."""
    application = create_app(installation)
    application.testing = False
    return application


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """A plain HTTP client without a credential."""
    return app.test_client()


@pytest.fixture
def wire(http: FlaskClient, registry: Registry) -> Wire:
    """The submitter "Happy Valley" over HTTP."""
    return Wire(http, registry.submitter().token)


@pytest.fixture
def core(http: FlaskClient, registry: Registry) -> Wire:
    """The payer's own program over HTTP."""
    return Wire(http, registry.payer_client().token)


@pytest.fixture
def other(http: FlaskClient, registry: Registry) -> Wire:
    """Another submitter of the same payer, over HTTP."""
    return Wire(http, registry.submitter("Other Clinic").token)


@pytest.fixture
def rows(installation: Installation) -> Rows:
    """The rows behind the wire."""
    return Rows(installation.store)


@pytest.fixture
def payer_scope(payer: Payer) -> Scope:
    """The payer's own side."""
    return Scope(payer.id)


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
