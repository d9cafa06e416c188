"""What an installation holds, to the last row, and PostgreSQL's programs for copies of it."""

import tomllib
from pathlib import Path
from typing import Any

from app.store.database.engine import Store
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


def database_of(eclaims: Any) -> str:
    """The URL in the settings of an installation that the tests wrote."""
    written = (eclaims.instance / "settings.toml").read_text()
    url: str = tomllib.loads(written)["database"]
    return url
