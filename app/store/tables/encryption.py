"""The keys that resource text is encrypted with, themselves encrypted; no key in clear."""

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from app.store.tables.columns import Id, metadata
from app.store.types import Instant

# The names of the keys that wrap others; the keys themselves are in no database. Without its row
# nothing can be wrapped under one any more: so one that goes leaves nothing behind.
wrapping_key = Table(
    "wrapping_key",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("created_at", Instant, nullable=False),
)

# One for each request and what answers it, and for every other resource: destroyed with its row.
data_key = Table(
    "data_key",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("wrapping_id", String(64), ForeignKey("wrapping_key.id"), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
