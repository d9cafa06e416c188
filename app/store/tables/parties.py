"""Payers and their clients."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

from app.domain.codes import HandOver
from app.domain.parties import ClientKind
from app.store.tables.columns import Hash, Id, metadata
from app.store.types import Code, Instant

payer = Table(
    "payer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("is_default", Boolean, nullable=False),
    Column("identifiers", Text, nullable=False),
    Column("settings", Text, nullable=False),
    # Tells whether the index key is still the one that every hash here was made with.
    Column("key_check", Hash, nullable=False),
    # Goes up with every change of reference data that a waiting Claim may wait for.
    Column("reference_epoch", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
)

client = Table(
    "client",
    metadata,
    Column("id", Id, primary_key=True),
    Column("payer_id", Id, ForeignKey("payer.id"), nullable=False),
    Column("kind", Code(ClientKind), nullable=False),
    Column("name", String(200), nullable=False),
    Column("identifiers", Text, nullable=False),
    Column("acts_for", Text, nullable=False),
    Column("hand_over", Code(HandOver), nullable=False),
    Column("token_hash", Hash, nullable=False, unique=True),
    Column("disabled_at", Instant),
    Column("created_at", Instant, nullable=False),
    # Who was registered before there was such a right does not have it.
    Column("may_enroll", Boolean, nullable=False, server_default=false()),
    # What its credential may do; without them everything that its kind may do.
    Column("scopes", Text),
    Index("ix_client_payer", "payer_id", "name", unique=True),
)
