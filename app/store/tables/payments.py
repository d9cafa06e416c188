"""What payees are owed, and what was paid to them. Amounts are in the currency's minor unit."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.domain.settlement import DetailType, EntryKind, Fault
from app.store.tables.columns import Hash, Id, Serial, metadata
from app.store.types import Code, Instant

# One per payee and currency of a submitter. The payee is found by a keyed hash; `reference` is how
# it is addressed, absent where it is nobody whom a PaymentReconciliation may name.
payee_ledger = Table(
    "payee_ledger",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("submitter_id", Id, nullable=False),
    Column("payee", Hash, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reference", Text),
    # What the last run left: below zero, and what the next one begins with. The entries that it is
    # the sum of are in `payable_carried`.
    Column("carried", BigInteger, nullable=False),
    Column("carried_at", Instant),
    UniqueConstraint("payer_id", "submitter_id", "payee", "currency"),
    CheckConstraint("carried <= 0", name="carried"),
)

# The ledger: one row for each decision or reversal that changed what is owed; never changed.
payable_entry = Table(
    "payable_entry",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("payer_id", Id, nullable=False),
    Column("submitter_id", Id, nullable=False),
    Column("ledger_id", Id, nullable=False),
    Column("claim_id", Id, nullable=False),
    # Of the Claim when it was decided: one decision is entered once.
    Column("epoch", Integer, nullable=False),
    Column("kind", Code(EntryKind), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("response_id", Id, nullable=False),
    Column("entered_at", Instant, nullable=False),
    UniqueConstraint("payer_id", "claim_id", "epoch", "kind", "ledger_id"),
    CheckConstraint("amount <> 0", name="amount"),
    Index("ix_payable_entry_ledger", "payer_id", "ledger_id"),
    sqlite_autoincrement=True,
)

# The referee against paying twice: an entry is settled by the row that is here, or not settled.
# Without a payment it came to nothing before it was paid.
payable_settled = Table(
    "payable_settled",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("entry_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("payment_id", Id),
    Index("ix_payable_settled_payment", "payer_id", "payment_id"),
)

# Entries that the last run of their ledger could not pay, because all came to less than nothing.
payable_carried = Table(
    "payable_carried",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("entry_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ledger_id", Id, nullable=False),
    Index("ix_payable_carried_ledger", "payer_id", "ledger_id"),
)

# What was issued: the id is that of the PaymentReconciliation.
payment = Table(
    "payment",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("submitter_id", Id, nullable=False),
    Column("ledger_id", Id, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("issued_at", Instant, nullable=False),
    CheckConstraint("amount >= 0", name="amount"),
    Index("ix_payment_ledger", "payer_id", "ledger_id"),
)

payment_detail = Table(
    "payment_detail",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("payment_id", Id, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("claim_id", Id, nullable=False),
    Column("type", Code(DetailType), nullable=False),
    Column("amount", BigInteger, nullable=False),
    UniqueConstraint("payer_id", "payment_id", "claim_id", "type"),
    Index("ix_payment_detail_claim", "payer_id", "claim_id"),
)

# Claims that the last run left out, and why; the next one looks again.
payment_quarantine = Table(
    "payment_quarantine",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("claim_id", Id, primary_key=True),
    Column("submitter_id", Id, nullable=False),
    Column("ledger_id", Id, nullable=False),
    Column("fault", Code(Fault), nullable=False),
    Column("quarantined_at", Instant, nullable=False),
)

# Of what had been carried forward until a payment: what each Claim stood for, and whether it is in
# the payment. For the proof of it alone.
payment_brought = Table(
    "payment_brought",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("payment_id", Id, primary_key=True),
    Column("claim_id", Id, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("is_paid", Boolean, nullable=False),
)

# Claims that were left out of a payment, each with its reason and what it stood for.
payment_left_out = Table(
    "payment_left_out",
    metadata,
    Column("payer_id", Id, primary_key=True),
    Column("payment_id", Id, primary_key=True),
    Column("claim_id", Id, primary_key=True),
    Column("fault", Code(Fault), nullable=False),
    Column("amount", BigInteger, nullable=False),
)
