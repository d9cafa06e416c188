"""Who did what."""

from sqlalchemy import Column, Index, String, Table

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
    Index("ix_audit_resource", "payer_id", "type", "resource_id"),
    sqlite_autoincrement=True,
)
