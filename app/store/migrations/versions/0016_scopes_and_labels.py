"""What a client's credential may do, and the label of a resource that needs a scope of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Apply. Who is registered already may do what it could; `eclaims db reindex` finds labels."""
    op.add_column("client", sa.Column("scopes", sa.Text))
    op.add_column("resource", sa.Column("label", sa.String(8)))
    op.add_column("submission", sa.Column("label", sa.String(8)))


def downgrade() -> None:
    """Take back: clients may do everything again, and labels guard nothing."""
    op.drop_column("submission", "label")
    op.drop_column("resource", "label")
    op.drop_column("client", "scopes")
