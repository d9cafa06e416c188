"""The queues of undelivered answers, and what polls handed over."""

from enum import StrEnum

from sqlalchemy import Column, Index, Integer, String, Table, text

from app.store.tables.columns import Id, Serial, metadata
from app.store.types import Code, Instant


class Delivery(StrEnum):
    """Where an answer stands in its submitter's queue."""

    UNDELIVERED = "undelivered"
    LEASED = "leased"
    DELIVERED = "delivered"
    PARKED = "parked"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    PURGED = "purged"


# The head of each submitter's queue: the row that a poll locks, so polls of one submitter queue up.
queue_head = Table(
    "queue_head",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("submitter_id", Id, primary_key=True),
)

pended = Table(
    "pended",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("payer_id", Id, nullable=False),
    Column("submitter_id", Id, nullable=False),
    Column("state", Code(Delivery), nullable=False),
    Column("type", String(64), nullable=False),
    Column("resource_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("submission_type", String(64)),
    Column("submission_id", Id),
    Column("follows_id", Id),
    Column("dated_from", Instant, nullable=False),
    Column("dated_to", Instant, nullable=False),
    Column("size", Integer, nullable=False),
    Column("pended_at", Instant, nullable=False),
    Column("delivered_at", Instant),
    Column("leased_until", Instant),
    # Since it was pended, or an operator put it back; `deliveries` tells of all that ever were.
    Column("leases", Integer, nullable=False, server_default="0"),
    Column("deliveries", Integer, nullable=False, server_default="0"),
    Index(
        "ix_pended_waiting",
        "payer_id",
        "submitter_id",
        "seq",
        sqlite_where=text("state IN ('undelivered', 'leased')"),
        postgresql_where=text("state IN ('undelivered', 'leased')"),
    ),
    Index(
        "ix_pended_leased",
        "payer_id",
        "submitter_id",
        "leased_until",
        sqlite_where=text("state = 'leased'"),
        postgresql_where=text("state = 'leased'"),
    ),
    Index("ix_pended_resource", "payer_id", "type", "resource_id"),
    Index("ix_pended_submission", "payer_id", "submission_type", "submission_id"),
    sqlite_autoincrement=True,
)

# What each poll handed over, in order; its Bundle is built from these rows whenever it is read.
handed_over = Table(
    "handed_over",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("task_id", Id, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("submitter_id", Id, nullable=False),
    Column("type", String(64), nullable=False),
    Column("resource_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    # The so-manieth time that it was handed over, as was told then.
    Column("delivery", Integer, nullable=False, server_default="1"),
    Index("ix_handed_over_resource", "payer_id", "type", "resource_id"),
)
