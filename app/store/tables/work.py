"""Jobs: what is to be done later."""

from enum import StrEnum

from sqlalchemy import Column, Index, Integer, String, Table

from app.store.tables.columns import Hash, Id, Serial, metadata
from app.store.types import Code, Instant


class JobState(StrEnum):
    """Where a job stands; one that is done is gone."""

    WAITING = "waiting"
    LEASED = "leased"
    ABANDONED = "abandoned"


# Each job of the calendar has one row per slot: whoever inserts it enqueues, all others do not.
calendar_slot = Table(
    "calendar_slot",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("slot", String(100), primary_key=True),
    Column("taken_at", Instant, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("payer_id", Id, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("type", String(64), nullable=False),
    Column("submission_id", Id, nullable=False),
    Column("submitter_id", Id, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("state", Code(JobState), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("token", String(64)),
    Column("leased_until", Instant),
    Column("fault", String(200)),
    Column("created_at", Instant, nullable=False),
    # What Claims of one family have in common, hashed; without it a job is leased in its turn.
    Column("family", Hash),
    Index("ix_job_due", "state", "due_at", "id"),
    Index("ix_job_submission", "payer_id", "type", "submission_id"),
    sqlite_autoincrement=True,
)
