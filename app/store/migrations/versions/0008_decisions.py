"""What each decision was made from, so that it can be made again."""

from typing import Any

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")
ID = sa.String(64)
HASH = sa.String(64)

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply: of decisions that are there already, nothing is known."""
    op.create_table(
        "decision",
        _given("payer_id", ID),
        _given("claim_id", ID),
        _given("number", sa.Integer()),
        _given("submitter_id", ID),
        _given("response_id", ID),
        _given("rules", sa.String(64)),
        sa.Column("plan_identifier", sa.Text()),
        sa.Column("plan_version", sa.Text()),
        _given("inputs_digest", HASH),
        _given("decision_digest", HASH),
        _given("decided_at", INSTANT),
        _given("body_format", sa.SmallInteger()),
        sa.Column("key_id", sa.String(64)),
        sa.Column("inputs", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("payer_id", "claim_id", "number", name=op.f("pk_decision")),
    )
    op.create_table(
        "decision_source",
        _given("payer_id", ID),
        _given("source_id", ID),
        _given("claim_id", ID),
        _given("number", sa.Integer()),
        sa.PrimaryKeyConstraint(
            "payer_id", "source_id", "claim_id", "number", name=op.f("pk_decision_source")
        ),
    )
    op.create_index("ix_decision_source_claim", "decision_source", ["payer_id", "claim_id"])


def downgrade() -> None:
    """Take back: no decision that was made can be made again."""
    op.drop_table("decision_source")
    op.drop_table("decision")


def _given(name: str, type_: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False)
