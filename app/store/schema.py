"""Brings a database's schema to a revision, and tells which one it has."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from app.store.database import walls
from app.store.database.engine import Busy, Store

_FOLDER = Path(__file__).parent / "migrations"
# Any number, the same in every process: who migrates holds it.
ADVISORY_LOCK = 0x65_43_6C_61_69_6D_73
# Whoever waits for a table keeps all others waiting that come after, so it waits briefly.
_LOCK_TIMEOUT = "900ms"
_LONGEST_WAIT_SECONDS = 3600.0
_SECONDS_BETWEEN = 0.2
_REVISIONS = "alembic_version"
# There while what was restored still holds what was withdrawn since.
_UNFINISHED = "unfinished_restore"


class RestoreUnfinished(Exception):
    """A restore into this database was broken off, or still runs."""


class NoSuchRevision(Exception):
    """The revision is not known here, or not on the way that was asked for."""


class NotTakenBack(Exception):
    """What a revision brought may not be lost; the message says what."""


def upgrade(store: Store, revision: str = "head", *, is_restoring: bool = False) -> None:
    """Apply every revision up to this one; raises NoSuchRevision, and Busy where a table is held.

    Of several processes one does, the others wait for it and find it done. Raises RestoreUnfinished
    unless it is the restore that asks.
    """
    if not is_restoring:
        require_restored(store)
    _begin_anew(store)
    with _revisions_named(revision):
        _migrate(store, lambda connection: command.upgrade(_config(connection), revision))


def downgrade(store: Store, revision: str) -> None:
    """Take revisions back down to this one; `base` is an empty database.

    Raises as `upgrade`, and NotTakenBack where one of them cannot be.
    """
    require_restored(store)
    _begin_anew(store)
    with _revisions_named(revision):
        try:
            store.read(lambda rows: _require_way_back(rows, revision), walls.EVERYBODY)
            _migrate(store, lambda connection: command.downgrade(_config(connection), revision))
        except RuntimeError as fault:
            raise NotTakenBack(str(fault)) from None


def _require_way_back(connection: Connection, revision: str) -> None:
    """Ask all revisions before the first is taken back: each may be a transaction of its own.

    Raises RuntimeError, as the first that cannot be does.
    """
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return
    scripts = ScriptDirectory(str(_FOLDER))
    for script in scripts.iterate_revisions(found, revision, select_for_downgrade=True):
        require = getattr(script.module, "require_way_back", None)
        if require is not None:
            require(connection)


def current(store: Store) -> str | None:
    """The database's revision; None for an empty one, and for one that nothing may work with."""

    def query(connection: Connection) -> str | None:
        if inspect(connection).has_table(_UNFINISHED):
            return None
        return MigrationContext.configure(connection).get_current_revision()

    return store.read(query, walls.EVERYBODY)


def require_restored(store: Store) -> None:
    """Pass unless a restore is unfinished; raises RestoreUnfinished."""

    def query(connection: Connection) -> bool:
        found = inspect(connection)
        if found.has_table(_UNFINISHED):
            return True
        # So it is from the instant on at which the rows came in, until the mark is set.
        has_revision = MigrationContext.configure(connection).get_current_revision() is not None
        return not has_revision and found.has_table("payer")

    # A file is restored beside the one in use, and takes its place when it is finished.
    if not store.is_sqlite and store.read(query, walls.EVERYBODY):
        raise RestoreUnfinished


def newest() -> str | None:
    """The revision that this version of the gateway works with."""
    return ScriptDirectory(str(_FOLDER)).get_current_head()


def before(revision: str) -> str | None:
    """The revision that one follows; None for the first."""
    found = ScriptDirectory(str(_FOLDER)).get_revision(revision).down_revision
    return None if found is None else str(found)


def _begin_anew(store: Store) -> None:
    """By a connection of its own: views of one that was used may stand on the tables of before."""
    store.engine.dispose()


def is_known(revision: str) -> bool:
    """Whether this version of the gateway can bring a revision up to its own."""
    try:
        return ScriptDirectory(str(_FOLDER)).get_revision(revision) is not None
    except CommandError:
        return False


def tell(store: Store, revision: str = "head", *, is_finished: bool) -> None:
    """Have a database that is restored say its revision; nothing works with it until finished."""

    def effect(connection: Connection) -> None:
        connection.exec_driver_sql(f"DELETE FROM {_REVISIONS}")  # noqa: S608  a constant
        MigrationContext.configure(connection).stamp(ScriptDirectory(str(_FOLDER)), revision)
        connection.exec_driver_sql(
            f"DROP TABLE IF EXISTS {_UNFINISHED}"
            if is_finished
            else f"CREATE TABLE IF NOT EXISTS {_UNFINISHED} (id INTEGER PRIMARY KEY)"
        )

    store.write(effect, walls.EVERYBODY)


def drop_others(store: Store, kept: Iterable[str]) -> None:
    """Drop every table but these: those of a schema that was there before."""

    def effect(connection: Connection) -> None:
        others = {*inspect(connection).get_table_names()} - {*kept, _REVISIONS}
        quoted = connection.dialect.identifier_preparer.quote
        for name in sorted(others):
            connection.exec_driver_sql(f"DROP TABLE {quoted(name)} CASCADE")

    store.write(effect, walls.EVERYBODY)


def _migrate(store: Store, run: Callable[[Connection], None]) -> None:
    if store.is_sqlite:
        # One transaction, and whoever else writes waits for it.
        store.write(run, walls.EVERYBODY)
        return

    def alone(holding: Connection) -> None:
        # Held by a transaction, for a pooler would give a session to somebody else meanwhile.
        _await_turn(holding)
        with store.engine.connect() as connection:
            _patiently(walls.behind(connection, walls.EVERYBODY), run)

    store.write(alone, walls.EVERYBODY)


def _await_turn(holding: Connection) -> None:
    """Return holding the lock of those who migrate; raises Busy.

    Asked again and again: one that waits in the database would be waited for by an index that is
    built there beside others, and wait for it.
    """
    deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
    while not _is_ours(holding):
        if time.monotonic() > deadline:
            raise Busy
        time.sleep(_SECONDS_BETWEEN)


def _is_ours(holding: Connection) -> bool:
    query = f"SELECT pg_try_advisory_xact_lock({ADVISORY_LOCK})"
    is_ours = bool(holding.exec_driver_sql(query).scalar_one())
    # A query that the driver has prepared keeps its view of the database until the next statement,
    # and an index that is built beside others waits for every such view.
    holding.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    return is_ours


def _patiently(connection: Connection, run: Callable[[Connection], None]) -> None:
    """Run revisions, each a transaction of its own: long statements, short waits for a table."""
    limits = {"lock_timeout": _LOCK_TIMEOUT, "statement_timeout": "0"}
    for name, value in limits.items():
        connection.exec_driver_sql(f"SET {name} = '{value}'")
    connection.commit()
    try:
        run(connection)
    finally:
        connection.rollback()
        for name in limits:
            connection.exec_driver_sql(f"RESET {name}")
        connection.commit()


@contextmanager
def _revisions_named(revision: str) -> Iterator[None]:
    try:
        yield
    except (CommandError, RevisionError):
        raise NoSuchRevision(revision) from None


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
