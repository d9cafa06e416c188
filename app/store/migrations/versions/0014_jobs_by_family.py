"""A job knows of which family its Claim is, so that a worker leases Claims of many families."""

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
HASH = sa.String(64)

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Apply. Jobs that wait already are of no family: they are leased in their order, as before."""
    op.add_column("job", sa.Column("family", HASH))


def downgrade() -> None:
    """Take back. Lost is what only says which jobs to lease together."""
    op.drop_column("job", "family")
