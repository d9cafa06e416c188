"""Submitted requests, Tasks, and the keys that make two sendings one effect."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, false, text

from app.domain.adjudication import Awaiting, Review
from app.domain.codes import ClaimUse, Outcome, TaskCode, TaskStatus
from app.domain.lifecycle import State
from app.store.tables.columns import Hash, Id, metadata
from app.store.types import Code, Exact, Hashes, Instant

_ONLY_ASKED = text("code IN ('poll', 'status')")

submission = Table(
    "submission",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("id", Id, primary_key=True),
    Column("submitter_id", Id, nullable=False),
    Column("use", Code(ClaimUse)),
    Column("state", Code(State), nullable=False),
    # Goes up whenever what was being worked out no longer counts; a late decision carries the old.
    Column("epoch", Integer, nullable=False),
    Column("response_type", String(64)),
    Column("response_id", Id),
    Column("benefit_id", Id),
    Column("outcome", Code(Outcome)),
    Column("disposition", Text),
    Column("total", Exact),
    Column("currency", String(3)),
    Column("awaiting", Code(Awaiting)),
    Column("awaiting_text", Text),
    Column("due_at", Instant),
    Column("is_used", Boolean, nullable=False),
    Column("rules", String(64)),
    Column("plan_version", String(64)),
    Column("created_at", Instant, nullable=False),
    Column("decided_at", Instant),
    # By law it has to be kept: it is not nullified.
    Column("is_held", Boolean, nullable=False, server_default=false()),
    # The Claim that a Communication belongs to; the Invoice that a PaymentNotice pays.
    Column("about_id", Id),
    # The CommunicationRequest that a Claim waits for an answer to.
    Column("question_id", Id),
    # When it was paid, also where it was decided again since.
    Column("paid_at", Instant),
    # What a Claim's provider went by as it came in, as far as its submitter may speak for it.
    Column("providers", Hashes),
    # What a person of the payer said of its near duplicates.
    Column("review", Code(Review)),
    # The guarded label that it came with.
    Column("label", String(8)),
    Index("ix_submission_awaiting", "payer_id", "awaiting"),
    Index("ix_submission_response", "payer_id", "response_id"),
    Index("ix_submission_benefit", "payer_id", "benefit_id"),
    Index("ix_submission_about", "payer_id", "about_id"),
)

# What a running reprocess was asked: gone once it is decided, overtaken or cancelled.
reissue = Table(
    "reissue",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("submission_id", Id, primary_key=True),
    Column("task_id", Id, nullable=False),
    Column("lines", Text, nullable=False),
    Column("quoted", Text),
)

# What was nullified: that it was there, when it went and by which Task, and nothing else.
tombstone = Table(
    "tombstone",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("id", Id, primary_key=True),
    Column("task_id", Id, nullable=False),
    Column("nullified_at", Instant, nullable=False),
    Column("verified_at", Instant),
    # Until it is verified: the keyed hashes of what it was named by, to find late Tasks by.
    Column("names", Text),
    # By the database's own clock: whoever began before may still see what was there.
    Column("swept_from", Instant),
)

# What a Task or a Communication names, as keyed hashes: found when what it names is nullified.
mention = Table(
    "mention",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("key_hash", Hash, primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("resource_id", Id, primary_key=True),
    Column("submitter_id", Id, nullable=False),
    Index("ix_mention_resource", "payer_id", "type", "resource_id"),
)

# One live Claim or PaymentNotice per identifier, by the referee: a row that is there or not.
live_identifier = Table(
    "live_identifier",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("submitter_id", Id, primary_key=True),
    Column("key_hash", Hash, primary_key=True),
    Column("submission_id", Id, nullable=False),
    Index("ix_live_identifier_submission", "payer_id", "submission_id"),
)

replay_key = Table(
    "replay_key",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("submitter_id", Id, primary_key=True),
    Column("key_hash", Hash, primary_key=True),
    Column("content_hash", Hash, nullable=False),
    Column("type", String(64), nullable=False),
    Column("resource_id", Id, nullable=False),
    Column("expires_at", Instant, nullable=False),
    # A condition (If-None-Exist) may be met again once what met it is nullified.
    Column("is_condition", Boolean, nullable=False, server_default=false()),
    Index("ix_replay_key_expires", "expires_at"),
    Index("ix_replay_key_resource", "payer_id", "resource_id"),
)

task = Table(
    "task",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("submitter_id", Id, nullable=False),
    Column("code", Code(TaskCode), nullable=False),
    Column("status", Code(TaskStatus), nullable=False),
    Column("focus_type", String(64)),
    Column("focus_id", Id),
    Column("created_at", Instant, nullable=False),
    Index("ix_task_focus", "payer_id", "focus_type", "focus_id"),
    # Those that changed nothing, by their age: they need not be kept for ever.
    Index(
        "ix_task_asked",
        "payer_id",
        "created_at",
        "id",
        sqlite_where=_ONLY_ASKED,
        postgresql_where=_ONLY_ASKED,
    ),
)
