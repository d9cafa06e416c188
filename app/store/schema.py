"""Brings a database's schema to a revision, and tells which one it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from app.store.engine import Store

_FOLDER = Path(__file__).parent / "migrations"


class NoSuchRevision(Exception):
    """The revision is not known here, or not on the way that was asked for."""


def upgrade(store: Store, revision: str = "head") -> None:
    """Apply every revision up to this one; raises NoSuchRevision."""
    _begin_anew(store)
    with _revisions_named(revision):
        store.write(lambda connection: command.upgrade(_config(connection), revision))


def downgrade(store: Store, revision: str) -> None:
    """Take revisions back down to this one; `base` is an empty database. Raises NoSuchRevision."""
    _begin_anew(store)
    with _revisions_named(revision):
        store.write(lambda connection: command.downgrade(_config(connection), revision))


def current(store: Store) -> str | None:
    """The database's revision; None for an empty database."""
    return store.read(
        lambda connection: MigrationContext.configure(connection).get_current_revision()
    )


def newest() -> str | None:
    """The revision that this version of the gateway works with."""
    return ScriptDirectory(str(_FOLDER)).get_current_head()


def _begin_anew(store: Store) -> None:
    """By a connection of its own: views of one that was used may stand on the tables of before."""
    store.engine.dispose()


@contextmanager
def _revisions_named(revision: str) -> Iterator[None]:
    try:
        yield
    except CommandError:
        raise NoSuchRevision(revision) from None


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
