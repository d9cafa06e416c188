"""Until when each request has to be decided, and how the decided ones ended."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, text

from app.domain.clocks import Priority
from app.domain.codes import ClaimUse
from app.domain.decisions import Ending
from app.store.tables.columns import Id, metadata
from app.store.types import Code, Moment, Span

_IS_OPEN, _HAS_ENDED = text("ended_at IS NULL"), text("ended_at IS NOT NULL")

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
    # Of those that are open, which are few: those that run in the order they are due in.
    Index(
        "ix_clock_due",
        "payer_id",
        "paused_at",
        "decide_by",
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    ),
    # Of those that ended: all that figures of a period are made of, so that no row is looked up.
    Index(
        "ix_clock_ended",
        "payer_id",
        "ended_at",
        "use",
        "priority",
        "type",
        "is_drug",
        "is_reissue",
        "is_extended",
        "ending",
        "before",
        "started_at",
        "decide_by",
        "paused_for",
        sqlite_where=_HAS_ENDED,
        postgresql_where=_HAS_ENDED,
    ),
)
