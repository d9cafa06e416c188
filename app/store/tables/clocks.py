"""Until when each request has to be decided, and how the decided ones ended."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from app.domain.clocks import Priority
from app.domain.codes import ClaimUse
from app.domain.decisions import Ending
from app.store.tables.columns import Id, metadata
from app.store.types import Code, Moment, Span

# One row for each time that a Claim is to be decided; at most one of a Claim has not ended.
clock = Table(
    "clock",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("submission_id", Id, primary_key=True),
    # The Claim's, as it began.
    Column("epoch", Integer, primary_key=True),
    Column("submitter_id", Id, nullable=False),
    Column("use", Code(ClaimUse), nullable=False),
    Column("priority", Code(Priority), nullable=False),
    # The type that the payer's rule names, if it names one; never the Claim's own.
    Column("type", String(255)),
    Column("is_drug", Boolean, nullable=False),
    Column("is_reissue", Boolean, nullable=False),
    # Of a reprocess: what had been decided before.
    Column("before", Code(Ending)),
    Column("started_at", Moment, nullable=False),
    Column("decide_by", Moment, nullable=False),
    Column("paused_at", Moment),
    Column("paused_for", Span, nullable=False),
    Column("is_extended", Boolean, nullable=False),
    Column("ended_at", Moment),
    Column("ending", Code(Ending)),
    # Those that run in the order they are due in, those that ended in the order they did.
    Index("ix_clock_due", "payer_id", "ended_at", "paused_at", "decide_by"),
)
