"""Reissues, ledgers and tombstones."""

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String(32)

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "calendar_slot",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("slot", sa.String(length=100), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "slot", name=op.f("pk_calendar_slot")),
    )
    op.create_table(
        "mention",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint(
            "payer_id", "key_hash", "type", "resource_id", name=op.f("pk_mention")
        ),
    )
    op.create_index(
        "ix_mention_resource", "mention", ["payer_id", "type", "resource_id"], unique=False
    )
    op.create_table(
        "reissue",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("quoted", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("payer_id", "submission_id", name=op.f("pk_reissue")),
    )
    op.create_table(
        "reservation_entry",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.String(length=64), nullable=True),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_reservation_entry_positive")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_reservation_entry")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_reservation_entry_claim", "reservation_entry", ["payer_id", "claim_id"], unique=False
    )
    op.create_index(
        "ix_reservation_entry_submission",
        "reservation_entry",
        ["payer_id", "submission_id"],
        unique=False,
    )
    op.create_table(
        "tombstone",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("nullified_at", INSTANT, nullable=False),
        sa.Column("verified_at", INSTANT, nullable=True),
        sa.Column("names", sa.Text(), nullable=True),
        sa.Column("swept_from", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("payer_id", "type", "id", name=op.f("pk_tombstone")),
    )
    op.add_column(
        "counter_entry",
        sa.Column("line", sa.String(length=40), server_default=sa.text("''"), nullable=False),
    )
    op.add_column(
        "replay_key",
        sa.Column("is_condition", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("reservation", sa.Column("member", sa.String(length=64), nullable=True))
    op.add_column("reservation", sa.Column("providers", sa.Text(), nullable=True))
    op.add_column("reservation", sa.Column("services", sa.Text(), nullable=True))
    op.add_column("reservation", sa.Column("starts_on", sa.Date(), nullable=True))
    op.add_column("reservation", sa.Column("ends_on", sa.Date(), nullable=True))
    op.add_column("reservation", sa.Column("closed_at", INSTANT, nullable=True))
    op.create_index("ix_reservation_ends", "reservation", ["ends_on"], unique=False)
    op.add_column(
        "submission", sa.Column("is_held", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("submission", sa.Column("about_id", sa.String(length=64), nullable=True))
    op.add_column("submission", sa.Column("question_id", sa.String(length=64), nullable=True))
    op.add_column("submission", sa.Column("paid_at", INSTANT, nullable=True))
    op.create_index("ix_submission_about", "submission", ["payer_id", "about_id"], unique=False)
    op.execute(_entered("reserve", "reserved"))
    op.execute(_entered("release", "released"))


def _entered(kind: str, column: str) -> str:
    """The ledger entries that led to the sums of the first schema."""
    return (
        "INSERT INTO reservation_entry (payer_id, submission_id, kind, amount, entered_at) "  # noqa: S608
        f"SELECT r.payer_id, r.submission_id, '{kind}', r.{column}, s.decided_at "
        "FROM reservation r JOIN submission s "
        "ON s.payer_id = r.payer_id AND s.type = 'Claim' AND s.id = r.submission_id "
        f"WHERE r.{column} > 0"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_submission_about", table_name="submission")
    op.drop_column("submission", "paid_at")
    op.drop_column("submission", "question_id")
    op.drop_column("submission", "about_id")
    op.drop_column("submission", "is_held")
    op.drop_index("ix_reservation_ends", table_name="reservation")
    op.drop_column("reservation", "closed_at")
    op.drop_column("reservation", "ends_on")
    op.drop_column("reservation", "starts_on")
    op.drop_column("reservation", "services")
    op.drop_column("reservation", "providers")
    op.drop_column("reservation", "member")
    op.drop_column("replay_key", "is_condition")
    op.drop_column("counter_entry", "line")
    op.drop_table("tombstone")
    op.drop_index("ix_reservation_entry_submission", table_name="reservation_entry")
    op.drop_index("ix_reservation_entry_claim", table_name="reservation_entry")
    op.drop_table("reservation_entry")
    op.drop_table("reissue")
    op.drop_index("ix_mention_resource", table_name="mention")
    op.drop_table("mention")
    op.drop_table("calendar_slot")
