"""The audit counts what was handed over, is searched, sealed, and only added to."""

import sqlalchemy as sa
from alembic import op

from app.store.migrations.online import create_index, drop_index

# Spelled here and not taken from the code: a revision must not change when the code does.
ID = sa.String(64)
HASH = sa.String(64)

revision = "0018"
down_revision = "0017"

_INDEXES = {
    "ix_audit_payer": (["payer_id", "seq"], None),
    "ix_audit_at": (["payer_id", "at", "seq"], None),
    "ix_audit_actor": (["payer_id", "actor", "at", "seq"], None),
    "ix_audit_task": (["payer_id", "task_id"], "task_id IS NOT NULL"),
}
_TABLES = ("audit", "audit_seal")
_TEXT = "the audit is only added to"
_FUNCTION = "eclaims_only_added_to"


def upgrade() -> None:
    """Apply. Rows that are there already are sealed by the first worker."""
    is_sqlite = op.get_context().dialect.name == "sqlite"
    # First, for they alone are kept where the rest fails, and may be built anew.
    for name, (columns, where) in _INDEXES.items():
        create_index(name, "audit", columns, where=where)
    op.create_table(
        "audit_seal",
        sa.Column("payer_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(32) if is_sqlite else sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", HASH, nullable=False),
        sa.PrimaryKeyConstraint("payer_id", "number", name="pk_audit_seal"),
    )
    op.add_column("audit", sa.Column("number", sa.Integer()))
    op.add_column("audit", sa.Column("token_hash", HASH))
    for table in _TABLES:
        for statement in _guards(table, is_sqlite=is_sqlite):
            op.execute(statement)


def downgrade() -> None:
    """Take back. Lost are seals, counts and tokens; rows that had them are not as they were."""
    for name in _INDEXES:
        drop_index(name, "audit")
    if op.get_context().dialect.name == "sqlite":
        for table in _TABLES:
            for event in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_no_{event}")
    else:
        for table in _TABLES:
            op.execute(f"DROP TRIGGER {table}_only_added_to ON {table}")
            op.execute(f"DROP TRIGGER {table}_not_emptied ON {table}")
        op.execute(f"DROP FUNCTION {_FUNCTION}()")
    op.drop_column("audit", "token_hash")
    op.drop_column("audit", "number")
    op.drop_table("audit_seal")


def _guards(table: str, *, is_sqlite: bool) -> list[str]:
    """What refuses to change or take away a row, whoever asks the database for it."""
    if is_sqlite:
        refuses = f"BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END"
        return [
            f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} {refuses}"
            for event in ("update", "delete")
        ]
    refuses = f"BEGIN RAISE EXCEPTION '{_TEXT}'; END"
    function = f"{_FUNCTION}() RETURNS trigger"
    calls = f"EXECUTE FUNCTION {_FUNCTION}()"
    rows = f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
    return [
        f"CREATE OR REPLACE FUNCTION {function} LANGUAGE plpgsql AS $$ {refuses} $$",
        f"CREATE TRIGGER {table}_only_added_to {rows} {calls}",
        f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {calls}",
    ]
