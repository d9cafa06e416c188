"""Until when each request has to be decided."""

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
CODE = sa.String(32)
ID = sa.String(64)
# Microseconds, since 1970 where an instant is meant.
TIME = sa.BigInteger()

_FIGURES = (
    "use",
    "priority",
    "type",
    "is_drug",
    "is_reissue",
    "is_extended",
    "ending",
    "before",
    "started_at",
    "decide_by",
    "paused_for",
)

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply: what is stored already has no clock, because only its text tells how urgent it is."""
    op.create_table(
        "clock",
        sa.Column("payer_id", ID, nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("submitter_id", ID, nullable=False),
        sa.Column("use", CODE, nullable=False),
        sa.Column("priority", CODE, nullable=False),
        sa.Column("type", sa.String(255)),
        sa.Column("is_drug", sa.Boolean(), nullable=False),
        sa.Column("is_reissue", sa.Boolean(), nullable=False),
        sa.Column("before", CODE),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("decide_by", TIME, nullable=False),
        sa.Column("paused_at", TIME),
        sa.Column("paused_for", TIME, nullable=False),
        sa.Column("is_extended", sa.Boolean(), nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("ending", CODE),
        sa.PrimaryKeyConstraint("payer_id", "submission_id", "epoch", name=op.f("pk_clock")),
    )
    _index("ix_clock_due", "ended_at IS NULL", "payer_id", "paused_at", "decide_by")
    _index("ix_clock_ended", "ended_at IS NOT NULL", "payer_id", "ended_at", *_FIGURES)


def downgrade() -> None:
    """Take back: no request has a clock any more."""
    op.drop_table("clock")


def _index(name: str, only: str, *columns: str) -> None:
    where = sa.text(only)
    op.create_index(name, "clock", columns, sqlite_where=where, postgresql_where=where)
