"""Leases, and how often an answer was handed over."""

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")

revision = "0003"
down_revision = "0002"

_WAITING = sa.text("state IN ('undelivered', 'leased')")
_LEASED = sa.text("state = 'leased'")
_UNDELIVERED = sa.text("state = 'undelivered'")


def upgrade() -> None:
    """Apply."""
    op.add_column("pended", sa.Column("leased_until", INSTANT, nullable=True))
    op.add_column("pended", _number("leases", "0"))
    op.add_column("pended", _number("deliveries", "0"))
    op.add_column("handed_over", _number("delivery", "1"))
    op.execute("UPDATE pended SET deliveries = 1 WHERE state = 'delivered'")
    op.drop_index("ix_pended_undelivered", table_name="pended")
    _index("ix_pended_waiting", ["payer_id", "submitter_id", "seq"], _WAITING)
    _index("ix_pended_leased", ["payer_id", "submitter_id", "leased_until"], _LEASED)


def downgrade() -> None:
    """Take back: what is lent or parked waits again, because only that is known without leases."""
    op.execute("UPDATE pended SET state = 'undelivered' WHERE state IN ('leased', 'parked')")
    op.drop_index("ix_pended_leased", table_name="pended")
    op.drop_index("ix_pended_waiting", table_name="pended")
    _index("ix_pended_undelivered", ["payer_id", "submitter_id", "seq"], _UNDELIVERED)
    op.drop_column("handed_over", "delivery")
    for name in ("deliveries", "leases", "leased_until"):
        op.drop_column("pended", name)


def _number(name: str, default: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=default)


def _index(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(
        name, "pended", columns, unique=False, sqlite_where=where, postgresql_where=where
    )
