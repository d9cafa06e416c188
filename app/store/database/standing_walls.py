"""Whether the walls of a PostgreSQL database are up, and putting them up or down.

Docs: docs/adr/0027-a-second-wall-in-postgresql.md.
"""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, text

from app.store.database.engine import Store
from app.store.database.walls import EVERYBODY

_TABLES = (
    "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class"
    " WHERE relkind = 'r' AND pg_table_is_visible(oid)"
    " AND oid IN (SELECT polrelid FROM pg_policy) ORDER BY 1"
)
_PASSES = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
_UP = "ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
_DOWN = "NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"


@dataclass(frozen=True, slots=True)
class Walls:
    """The tables whose wall is down, and whether the database user passes all walls anyway."""

    down: tuple[str, ...]
    is_passed: bool

    @property
    def holds(self) -> bool:
        """Whether every wall is up and keeps this user out."""
        return not self.down and not self.is_passed


def look(store: Store) -> Walls:
    """How the walls stand. Raises Busy."""

    def query(connection: Connection) -> Walls:
        down = [name for name, is_up in connection.execute(text(_TABLES)) if not is_up]
        return Walls(tuple(down), bool(connection.execute(text(_PASSES)).scalar_one()))

    return store.read(query, EVERYBODY)


def put(store: Store, *, up: bool) -> None:
    """Put all walls up, or down, a table at a time; may be repeated. Raises Busy."""
    names = store.read(
        lambda connection: connection.execute(text(_TABLES)).scalars().all(), EVERYBODY
    )
    for name in names:
        # Each by itself: nobody waits for more than one table.
        store.write(partial(_alter, name=name, how=_UP if up else _DOWN), EVERYBODY)


def _alter(connection: Connection, name: str, how: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote(name)
    connection.exec_driver_sql(f"ALTER TABLE {quoted} {how}")
