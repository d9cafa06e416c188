"""PostgreSQL holds the rows of each payer, and of each submitter, against who asks.

What tells the database nothing sees nothing then, and the version before tells nothing. So the
walls are up at once only where there is no payer yet; elsewhere `eclaims db walls --up` does it,
once no process of an older version runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

# Spelled here and not taken from the code: a revision must not change when the code does.
PAYER = "current_setting('app.payer', true) IN ({column}, '*')"
SUBMITTER = "current_setting('app.submitter', true) IN (submitter_id, '*')"
# What a submitter may see of no submitter is the payer's own; it may not write it.
VISIBLE = f"(submitter_id IS NULL OR {SUBMITTER})"
# A text has no owner of its own: it is seen by whoever sees its resource.
OF_RESOURCE = (
    "(current_setting('app.submitter', true) = '*' OR EXISTS (SELECT FROM resource WHERE"
    " resource.payer_id = resource_version.payer_id AND resource.type = resource_version.type"
    " AND resource.id = resource_version.id))"
)


def upgrade() -> None:
    """Apply."""
    if op.get_context().dialect.name == "sqlite":
        return
    is_new = op.get_bind().execute(sa.text("SELECT NOT EXISTS (SELECT FROM payer)")).scalar_one()
    for table, sees, writes in _walls():
        op.execute(f"CREATE POLICY wall ON {table} USING ({sees}) WITH CHECK ({writes})")
        if is_new:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Take back. Nothing is lost."""
    if op.get_context().dialect.name == "sqlite":
        return
    for table, *_ in _walls():
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"DROP POLICY IF EXISTS wall ON {table}")


def _walls() -> list[tuple[str, str, str]]:
    """Every table that has rows of one payer, what is seen of it, and what may be written."""
    columns: dict[str, set[str]] = {}
    query = sa.text(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND column_name IN ('payer_id', 'submitter_id')"
    )
    for table, column in op.get_bind().execute(query):
        columns.setdefault(table, set()).add(column)
    found = [("payer", PAYER.format(column="id"), PAYER.format(column="id"))]
    of_payer = PAYER.format(column="payer_id")
    for table in sorted(name for name, kept in columns.items() if "payer_id" in kept):
        if table == "resource_version":
            found.append((table, f"{of_payer} AND {OF_RESOURCE}", of_payer))
        elif "submitter_id" in columns[table]:
            found.append((table, f"{of_payer} AND {VISIBLE}", f"{of_payer} AND {SUBMITTER}"))
        else:
            found.append((table, of_payer, of_payer))
    return found
