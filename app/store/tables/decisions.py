"""Decisions: by what rules each was made, from what, and whose content that holds."""

from sqlalchemy import Column, Index, Integer, LargeBinary, SmallInteger, String, Table, Text

from app.store.tables.columns import Hash, Id, metadata
from app.store.types import Instant

decision = Table(
    "decision",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("claim_id", Id, primary_key=True),
    # 1 is the first decision; each reprocess makes the next.
    Column("number", Integer, primary_key=True),
    Column("submitter_id", Id, nullable=False),
    Column("response_id", Id, nullable=False),
    Column("rules", String(64), nullable=False),
    Column("plan_identifier", Text),
    Column("plan_version", Text),
    # Keyed hashes of texts.
    Column("inputs_digest", Hash, nullable=False),
    Column("decision_digest", Hash, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("body_format", SmallInteger, nullable=False),
    Column("key_id", String(64)),
    # Null: emptied, because another request that they hold content of was nullified.
    Column("inputs", LargeBinary),
)

# The other requests whose content the inputs of a decision hold.
decision_source = Table(
    "decision_source",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("source_id", Id, primary_key=True),
    Column("claim_id", Id, primary_key=True),
    Column("number", Integer, primary_key=True),
    Index("ix_decision_source_claim", "payer_id", "claim_id"),
)
