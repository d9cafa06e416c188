"""What decisions count and reserve."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from app.store.tables.columns import Id, Serial, metadata
from app.store.types import Code, Exact, Instant


class Entry(StrEnum):
    """What an entry in the ledger of a reservation did."""

    RESERVE = "reserve"
    CONSUME = "consume"
    RESTORE = "restore"
    RELEASE = "release"
    EXPIRE = "expire"


class Measure(StrEnum):
    """What a reservation counts: money in the currency's minor unit, or services."""

    AMOUNT = "amount"
    QUANTITY = "quantity"


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
    # Of which line of the Claim, so that a line that is carried over takes its entries along.
    Column("line", String(40), nullable=False, server_default=text("''")),
    Index("ix_counter_entry_holder", "payer_id", "holder"),
    Index("ix_counter_entry_submission", "payer_id", "submission_id"),
    sqlite_autoincrement=True,
)

# A preauthorization that holds something. Whose and for what it may be used, line by line, is kept
# as keyed hashes. Whoever moves its sums locks this row first.
reservation = Table(
    "reservation",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("submission_id", Id, primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("member", String(64)),
    Column("providers", Text),
    Column("services", Text),
    Column("starts_on", Date),
    Column("ends_on", Date),
    # Cancelled or expired: what is restored from then on is open no more.
    Column("closed_at", Instant),
    Index("ix_reservation_ends", "ends_on"),
    Index("ix_reservation_member", "payer_id", "member"),
)

# What each of its lines holds, money and services apart: the sums of the ledger in whole units, so
# that the database itself can add and check them. Line '' is what was held before lines were told;
# it has no quantity.
reservation_line = Table(
    "reservation_line",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("submission_id", Id, primary_key=True),
    Column("line", String(40), primary_key=True),
    Column("measure", Code(Measure), primary_key=True),
    Column("reserved", BigInteger, nullable=False),
    Column("consumed", BigInteger, nullable=False),
    Column("restored", BigInteger, nullable=False),
    Column("released", BigInteger, nullable=False),
    Column("expired", BigInteger, nullable=False),
    Column("open", BigInteger, nullable=False),
    CheckConstraint("reserved = (consumed - restored) + released + expired + open", name="balance"),
    CheckConstraint("open >= 0 AND consumed >= restored", name="not_overdrawn"),
)

# The ledger: one row per move, never changed. `claim_id` is the Claim that consumed or restored,
# for its line `claim_line`; '' is the Claim as a whole, before lines were told.
reservation_entry = Table(
    "reservation_entry",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("payer_id", Id, nullable=False),
    Column("submission_id", Id, nullable=False),
    Column("kind", Code(Entry), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("claim_id", Id),
    Column("entered_at", Instant, nullable=False),
    Column("line", String(40), nullable=False, server_default=text("''")),
    Column("measure", Code(Measure), nullable=False, server_default=text("'amount'")),
    Column("claim_line", String(40), nullable=False, server_default=text("''")),
    Index("ix_reservation_entry_submission", "payer_id", "submission_id"),
    Index("ix_reservation_entry_claim", "payer_id", "claim_id"),
    CheckConstraint("amount > 0", name="positive"),
    sqlite_autoincrement=True,
)
