"""What decisions count and reserve."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table

from app.store.tables.columns import Id, Serial, metadata
from app.store.types import Exact

# The holder's version is the fence: a decision counts only if the counters it read still stand.
counter_holder = Table(
    "counter_holder",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("holder", String(200), primary_key=True),
    Column("version", Integer, nullable=False),
)

counter_entry = Table(
    "counter_entry",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("payer_id", Id, nullable=False),
    Column("holder", String(200), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("category", String(200), nullable=False),
    Column("period", String(32), nullable=False),
    Column("amount", Exact, nullable=False),
    Column("submission_id", Id, nullable=False),
    Index("ix_counter_entry_holder", "payer_id", "holder"),
    Index("ix_counter_entry_submission", "payer_id", "submission_id"),
    sqlite_autoincrement=True,
)

# Amounts in the currency's minor unit: whole numbers, so that the database itself can add them.
reservation = Table(
    "reservation",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("submission_id", Id, primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("consumed", BigInteger, nullable=False),
    Column("restored", BigInteger, nullable=False),
    Column("released", BigInteger, nullable=False),
    Column("expired", BigInteger, nullable=False),
    Column("open", BigInteger, nullable=False),
    CheckConstraint("reserved = (consumed - restored) + released + expired + open", name="balance"),
    CheckConstraint("open >= 0 AND consumed >= restored", name="not_overdrawn"),
)
