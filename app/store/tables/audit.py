"""Who did what, and what vouches that nobody changed it since."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, text

from app.store.tables.columns import Hash, Id, Serial, metadata
from app.store.types import Instant

audit = Table(
    "audit",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("payer_id", Id, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Id, nullable=False),
    Column("action", String(32), nullable=False),
    Column("outcome", String(64), nullable=False),
    Column("type", String(64)),
    Column("resource_id", Id),
    Column("task_id", Id),
    Column("request_id", String(64)),
    Column("digest", Hash, nullable=False),
    # How many resources were handed over; none where nothing was counted.
    Column("number", Integer),
    # By which access token, as a keyed hash.
    Column("token_hash", Hash),
    Index("ix_audit_resource", "payer_id", "type", "resource_id"),
    # What was not sealed yet; what an auditor asks for, newest first.
    Index("ix_audit_payer", "payer_id", "seq"),
    Index("ix_audit_at", "payer_id", "at", "seq"),
    Index("ix_audit_actor", "payer_id", "actor", "at", "seq"),
    Index(
        "ix_audit_task",
        "payer_id",
        "task_id",
        sqlite_where=text("task_id IS NOT NULL"),
        postgresql_where=text("task_id IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

# One seal over the rows of a payer behind the last one, up to `last_seq`.
audit_seal = Table(
    "audit_seal",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    # Over the digests of the rows in their order, and the seal before.
    Column("digest", Hash, nullable=False),
)
