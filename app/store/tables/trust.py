"""Used assertions, the keys of clients, and our own signing keys."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from app.store.tables.columns import Hash, Id, metadata
from app.store.types import Instant

# One row per assertion that was taken, until it could not be taken again anyway.
used_assertion = Table(
    "used_assertion",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("client_id", Id, primary_key=True),
    Column("jti_hash", Hash, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    Index("ix_used_assertion_expires", "payer_id", "expires_at"),
)

# A client's keys: as they were registered, or where they are and what was last found there.
client_keys = Table(
    "client_keys",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("client_id", Id, primary_key=True),
    Column("jwks", Text),
    Column("jwks_url", String(2000)),
    Column("fetched", Text),
    Column("fetched_at", Instant),
    Column("fresh_until", Instant),
    # When it was last asked for; whoever moves it on is the one that asks.
    Column("asked_at", Instant),
)

# The installation's own. The one of the highest number signs; its private part is sealed, and
# wiped when the next one is there.
signing_key = Table(
    "signing_key",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kid", String(64), nullable=False, unique=True),
    Column("public", Text, nullable=False),
    Column("sealed", Text),
    Column("created_at", Instant, nullable=False),
    # What it signed is believed until then; null while it is the newest.
    Column("ends_at", Instant),
)
