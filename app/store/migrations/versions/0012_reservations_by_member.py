"""Reservations are found by the member that they are for."""

from alembic import op

revision = "0012"
down_revision = "0011"

_INDEX = "ix_reservation_member"


def upgrade() -> None:
    """Apply."""
    op.create_index(_INDEX, "reservation", ["payer_id", "member"])


def downgrade() -> None:
    """Take back: nothing is lost."""
    op.drop_index(_INDEX, "reservation")
