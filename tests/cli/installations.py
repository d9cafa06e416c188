"""What an installation holds, to the last row, and PostgreSQL's programs for copies of it."""

from pathlib import Path

from app.store.engine import Store
from app.store.tables import metadata
from tests.postgresql import RELEASE, wheel

PROGRAMS = ("--programs", str(Path(wheel()) / RELEASE / "bin"))


def everything(store: Store) -> dict[str, list[tuple]]:
    """Every row of every table, in an order that does not tell how they were written."""

    def read(connection):
        return {
            name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
            for name, table in metadata.tables.items()
        }

    return store.read(read)


def everything_of(database: str) -> dict[str, list[tuple]]:
    """The same, of the database under a URL."""
    store = Store(database)
    try:
        return everything(store)
    finally:
        store.close()
