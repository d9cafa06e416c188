"""How often clients and addresses did what may be done so often."""

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
HASH = sa.String(64)

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Apply: everybody begins with a full bucket."""
    is_postgresql = op.get_context().dialect.name == "postgresql"
    op.create_table(
        "rate_bucket",
        sa.Column("name", HASH, nullable=False),
        sa.Column("full_at", sa.BigInteger(), nullable=False),
        sa.Column("is_taken", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rate_bucket")),
        prefixes=["UNLOGGED"] if is_postgresql else [],
    )


def downgrade() -> None:
    """Take back: lost is how often something was done in the last minutes."""
    op.drop_table("rate_bucket")
