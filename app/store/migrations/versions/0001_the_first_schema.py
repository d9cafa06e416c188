"""The first schema."""

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")
EXACT = sa.String(64).with_variant(sa.Numeric(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String(32)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=True),
        sa.Column("resource_id", sa.String(length=64), nullable=True),
        sa.Column("task_id", sa.String(length=64), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_resource", "audit", ["payer_id", "type", "resource_id"], unique=False)
    op.create_table(
        "business_identifier",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint(
            "payer_id", "key_hash", "type", "resource_id", name=op.f("pk_business_identifier")
        ),
    )
    op.create_index(
        "ix_business_identifier_resource",
        "business_identifier",
        ["payer_id", "type", "resource_id"],
        unique=False,
    )
    op.create_table(
        "counter_entry",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=200), nullable=False),
        sa.Column("period", sa.String(length=32), nullable=False),
        sa.Column("amount", EXACT, nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_counter_entry")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_counter_entry_holder", "counter_entry", ["payer_id", "holder"], unique=False
    )
    op.create_index(
        "ix_counter_entry_submission", "counter_entry", ["payer_id", "submission_id"], unique=False
    )
    op.create_table(
        "counter_holder",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("payer_id", "holder", name=op.f("pk_counter_holder")),
    )
    op.create_table(
        "handed_over",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("payer_id", "task_id", "position", name=op.f("pk_handed_over")),
    )
    op.create_index(
        "ix_handed_over_resource", "handed_over", ["payer_id", "type", "resource_id"], unique=False
    )
    op.create_table(
        "job",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        sa.Column("fault", sa.String(length=200), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_due", "job", ["state", "due_at", "id"], unique=False)
    op.create_index("ix_job_submission", "job", ["payer_id", "type", "submission_id"], unique=False)
    op.create_table(
        "live_identifier",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint(
            "payer_id", "submitter_id", "key_hash", name=op.f("pk_live_identifier")
        ),
    )
    op.create_index(
        "ix_live_identifier_submission",
        "live_identifier",
        ["payer_id", "submission_id"],
        unique=False,
    )
    op.create_table(
        "payer",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("identifiers", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("key_check", sa.String(length=64), nullable=False),
        sa.Column("reference_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payer")),
        sa.UniqueConstraint("name", name=op.f("uq_payer_name")),
    )
    op.create_table(
        "pended",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("submission_type", sa.String(length=64), nullable=True),
        sa.Column("submission_id", sa.String(length=64), nullable=True),
        sa.Column("follows_id", sa.String(length=64), nullable=True),
        sa.Column("dated_from", INSTANT, nullable=False),
        sa.Column("dated_to", INSTANT, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pended_at", INSTANT, nullable=False),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_pended")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_pended_resource", "pended", ["payer_id", "type", "resource_id"], unique=False
    )
    op.create_index(
        "ix_pended_submission",
        "pended",
        ["payer_id", "submission_type", "submission_id"],
        unique=False,
    )
    op.create_index(
        "ix_pended_undelivered",
        "pended",
        ["payer_id", "submitter_id", "seq"],
        unique=False,
        sqlite_where=sa.text("state = 'undelivered'"),
        postgresql_where=sa.text("state = 'undelivered'"),
    )
    op.create_table(
        "queue_head",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("payer_id", "submitter_id", name=op.f("pk_queue_head")),
    )
    op.create_table(
        "replay_key",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("payer_id", "submitter_id", "key_hash", name=op.f("pk_replay_key")),
    )
    op.create_index("ix_replay_key_expires", "replay_key", ["expires_at"], unique=False)
    op.create_index(
        "ix_replay_key_resource", "replay_key", ["payer_id", "resource_id"], unique=False
    )
    op.create_table(
        "reservation",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("consumed", sa.BigInteger(), nullable=False),
        sa.Column("restored", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "open >= 0 AND consumed >= restored", name=op.f("ck_reservation_not_overdrawn")
        ),
        sa.CheckConstraint(
            "reserved = (consumed - restored) + released + expired + open",
            name=op.f("ck_reservation_balance"),
        ),
        sa.PrimaryKeyConstraint("payer_id", "submission_id", name=op.f("pk_reservation")),
    )
    op.create_table(
        "resource",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("gone_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("payer_id", "type", "id", name=op.f("pk_resource")),
    )
    op.create_index(
        "ix_resource_reference_data",
        "resource",
        ["payer_id", "type"],
        unique=False,
        sqlite_where=sa.text("submitter_id IS NULL"),
        postgresql_where=sa.text("submitter_id IS NULL"),
    )
    op.create_table(
        "resource_version",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("body_format", sa.SmallInteger(), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "payer_id", "type", "id", "version", name=op.f("pk_resource_version")
        ),
    )
    op.create_table(
        "submission",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=False),
        sa.Column("use", CODE, nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("response_type", sa.String(length=64), nullable=True),
        sa.Column("response_id", sa.String(length=64), nullable=True),
        sa.Column("benefit_id", sa.String(length=64), nullable=True),
        sa.Column("outcome", CODE, nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("total", EXACT, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("awaiting", CODE, nullable=True),
        sa.Column("awaiting_text", sa.Text(), nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("is_used", sa.Boolean(), nullable=False),
        sa.Column("rules", sa.String(length=64), nullable=True),
        sa.Column("plan_version", sa.String(length=64), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("payer_id", "type", "id", name=op.f("pk_submission")),
    )
    op.create_index("ix_submission_awaiting", "submission", ["payer_id", "awaiting"], unique=False)
    op.create_index("ix_submission_benefit", "submission", ["payer_id", "benefit_id"], unique=False)
    op.create_index(
        "ix_submission_response", "submission", ["payer_id", "response_id"], unique=False
    )
    op.create_table(
        "task",
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("submitter_id", sa.String(length=64), nullable=False),
        sa.Column("code", CODE, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("focus_type", sa.String(length=64), nullable=True),
        sa.Column("focus_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("payer_id", "id", name=op.f("pk_task")),
    )
    op.create_index("ix_task_focus", "task", ["payer_id", "focus_type", "focus_id"], unique=False)
    op.create_table(
        "client",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("payer_id", sa.String(length=64), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("identifiers", sa.Text(), nullable=False),
        sa.Column("acts_for", sa.Text(), nullable=False),
        sa.Column("hand_over", CODE, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["payer_id"], ["payer.id"], name=op.f("fk_client_payer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_client_token_hash")),
    )
    op.create_index("ix_client_payer", "client", ["payer_id", "name"], unique=True)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_client_payer", table_name="client")
    op.drop_table("client")
    op.drop_index("ix_task_focus", table_name="task")
    op.drop_table("task")
    op.drop_index("ix_submission_response", table_name="submission")
    op.drop_index("ix_submission_benefit", table_name="submission")
    op.drop_index("ix_submission_awaiting", table_name="submission")
    op.drop_table("submission")
    op.drop_table("resource_version")
    op.drop_index(
        "ix_resource_reference_data",
        table_name="resource",
        sqlite_where=sa.text("submitter_id IS NULL"),
        postgresql_where=sa.text("submitter_id IS NULL"),
    )
    op.drop_table("resource")
    op.drop_table("reservation")
    op.drop_index("ix_replay_key_resource", table_name="replay_key")
    op.drop_index("ix_replay_key_expires", table_name="replay_key")
    op.drop_table("replay_key")
    op.drop_table("queue_head")
    op.drop_index(
        "ix_pended_undelivered",
        table_name="pended",
        sqlite_where=sa.text("state = 'undelivered'"),
        postgresql_where=sa.text("state = 'undelivered'"),
    )
    op.drop_index("ix_pended_submission", table_name="pended")
    op.drop_index("ix_pended_resource", table_name="pended")
    op.drop_table("pended")
    op.drop_table("payer")
    op.drop_index("ix_live_identifier_submission", table_name="live_identifier")
    op.drop_table("live_identifier")
    op.drop_index("ix_job_submission", table_name="job")
    op.drop_index("ix_job_due", table_name="job")
    op.drop_table("job")
    op.drop_index("ix_handed_over_resource", table_name="handed_over")
    op.drop_table("handed_over")
    op.drop_table("counter_holder")
    op.drop_index("ix_counter_entry_submission", table_name="counter_entry")
    op.drop_index("ix_counter_entry_holder", table_name="counter_entry")
    op.drop_table("counter_entry")
    op.drop_index("ix_business_identifier_resource", table_name="business_identifier")
    op.drop_table("business_identifier")
    op.drop_index("ix_audit_resource", table_name="audit")
    op.drop_table("audit")
