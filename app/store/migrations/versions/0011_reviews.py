"""What an operator said of a Claim that awaited a person."""

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
CODE = sa.String(32)

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Apply."""
    op.add_column("submission", sa.Column("review", CODE))


def downgrade() -> None:
    """Take back: what was decided by it stays decided."""
    op.drop_column("submission", "review")
