"""Steps of revisions that keep nobody waiting, however large a table is.

From revision 0013 on: CONTRIBUTING.md, "A table or column".
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op


def create_index(name: str, table: str, columns: Sequence[str], where: str | None = None) -> None:
    """Build an index while others write; on PostgreSQL outside of a transaction.

    May be repeated: what an attempt left half built is dropped first.
    """
    condition = None if where is None else sa.text(where)
    if op.get_context().dialect.name == "sqlite":
        op.create_index(name, table, list(columns), sqlite_where=condition)
        return
    with op.get_context().autocommit_block():
        # It waits for whoever writes already, and nobody waits for it.
        op.execute("SET lock_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.create_index(
            name,
            table,
            list(columns),
            postgresql_where=condition,
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '900ms'")


def drop_index(name: str, table: str) -> None:
    """Drop an index while others use its table."""
    if op.get_context().dialect.name == "sqlite":
        op.drop_index(name, table)
        return
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
