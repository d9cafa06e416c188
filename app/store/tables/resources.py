"""Resources, their versions, and what they are found by."""

from sqlalchemy import Column, Index, Integer, LargeBinary, SmallInteger, String, Table, text

from app.store.tables.columns import Hash, Id, metadata
from app.store.types import Instant

resource = Table(
    "resource",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("id", Id, primary_key=True),
    # Whose it is to read: a submitter's own and what answers it; null is the payer's own data.
    Column("submitter_id", Id),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("gone_at", Instant),
    # Deleted by DELETE: its versions stay, and it may be brought back.
    Column("deleted_at", Instant),
    # The guarded label of the current version; with it go all versions.
    Column("label", String(8)),
    # A submitter's own in the order of their ids, however many others there are.
    Index("ix_resource_owner", "payer_id", "type", "submitter_id", "id"),
    Index(
        "ix_resource_reference_data",
        "payer_id",
        "type",
        sqlite_where=text("submitter_id IS NULL"),
        postgresql_where=text("submitter_id IS NULL"),
    ),
)

resource_version = Table(
    "resource_version",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("id", Id, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("updated_at", Instant, nullable=False),
    Column("body_format", SmallInteger, nullable=False),
    Column("key_id", String(64)),
    Column("body", LargeBinary, nullable=False),
    # How it came about, where that is not POST for the first version and PUT for the others.
    Column("method", String(8)),
    # How many bytes the text has, where the body has not as many.
    Column("size", Integer),
    Index("ix_resource_version_history", "payer_id", "type", "updated_at"),
)

# Business identifiers as keyed hashes: found by equality, unreadable without the key.
business_identifier = Table(
    "business_identifier",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("key_hash", Hash, primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("resource_id", Id, primary_key=True),
    Column("submitter_id", Id),
    Index("ix_business_identifier_resource", "payer_id", "type", "resource_id"),
)
