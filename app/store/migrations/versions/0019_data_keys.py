"""Keys that resource text is encrypted with, themselves encrypted, and how long each text is."""

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
ID = sa.String(64)
INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Apply: what is stored stays as it is until `eclaims encryption on`."""
    op.create_table(
        "wrapping_key",
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrapping_key")),
    )
    op.create_table(
        "data_key",
        sa.Column("payer_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("wrapping_id", ID, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("payer_id", "id", name=op.f("pk_data_key")),
        sa.ForeignKeyConstraint(
            ["wrapping_id"], ["wrapping_key.id"], name=op.f("fk_data_key_wrapping_id")
        ),
        sqlite_with_rowid=False,
    )
    op.add_column("resource_version", sa.Column("size", sa.Integer()))


def require_way_back(connection: sa.Connection) -> None:
    """Pass where no text is encrypted: nobody could ever read it again. Raises RuntimeError.

    Asked before the first of several revisions is taken back, and again with this one.
    """
    if connection.execute(sa.text("SELECT 1 FROM data_key")).first() is not None:
        raise RuntimeError("text is encrypted with the keys that this revision keeps")


def downgrade() -> None:
    """Take back. Refused where text is encrypted."""
    require_way_back(op.get_bind())
    op.drop_column("resource_version", "size")
    op.drop_table("data_key")
    op.drop_table("wrapping_key")
