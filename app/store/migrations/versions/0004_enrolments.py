"""Enrolments: who may enroll, and what each request did to the payer's Coverage."""

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
CODE = sa.String(32)

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "enrollment",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=False),
        sa.Column("coverage_id", sa.String(length=64), nullable=False),
        sa.Column("action", CODE, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("payer_id", "submission_id", name=op.f("pk_enrollment")),
    )
    op.add_column(
        "client", sa.Column("may_enroll", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("client", "may_enroll")
    op.drop_table("enrollment")
