"""Clients prove who they are by keys: used assertions, keys of clients, our own signing keys."""

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
ID = sa.String(64)
HASH = sa.String(64)
INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Apply. No client has keys yet, and no signing key is there until one is needed."""
    op.create_table(
        "used_assertion",
        sa.Column("payer_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("jti_hash", HASH, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("payer_id", "client_id", "jti_hash", name="pk_used_assertion"),
    )
    op.create_index("ix_used_assertion_expires", "used_assertion", ["payer_id", "expires_at"])
    op.create_table(
        "client_keys",
        sa.Column("payer_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("jwks", sa.Text),
        sa.Column("jwks_url", sa.String(2000)),
        sa.Column("fetched", sa.Text),
        sa.Column("fetched_at", INSTANT),
        sa.Column("fresh_until", INSTANT),
        sa.Column("asked_at", INSTANT),
        sa.PrimaryKeyConstraint("payer_id", "client_id", name="pk_client_keys"),
    )
    op.create_table(
        "signing_key",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("public", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT),
        sa.PrimaryKeyConstraint("number", name="pk_signing_key"),
        sa.UniqueConstraint("kid", name="uq_signing_key_kid"),
    )


def downgrade() -> None:
    """Take back. Lost are the keys: clients that have no bearer token are known no more."""
    op.drop_table("signing_key")
    op.drop_table("client_keys")
    op.drop_table("used_assertion")
