"""What payees are owed and what was paid to them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String(32)
ID = sa.String(64)

revision = "0006"
down_revision = "0005"

_TABLES = (
    "payment_quarantine",
    "payment_detail",
    "payment",
    "payable_settled",
    "payable_entry",
    "payable_account",
)


def upgrade() -> None:
    """Apply."""
    _create_ledger()
    _create_payments()


def downgrade() -> None:
    """Take back: what was paid is told by the resources alone."""
    for table in _TABLES:
        op.drop_table(table)


def _create_ledger() -> None:
    op.create_table(
        "payable_account",
        _given("payer_id", ID),
        _given("id", ID),
        _given("submitter_id", ID),
        _given("payee", ID),
        _given("currency", sa.String(3)),
        sa.Column("reference", sa.Text()),
        _given("carried", sa.BigInteger()),
        sa.Column("carried_at", INSTANT),
        sa.CheckConstraint("carried <= 0", name=op.f("ck_payable_account_carried")),
        sa.PrimaryKeyConstraint("payer_id", "id", name=op.f("pk_payable_account")),
        _unique("payable_account", "payer_id", "submitter_id", "payee", "currency"),
    )
    op.create_table(
        "payable_entry",
        sa.Column("seq", SERIAL, autoincrement=True, nullable=False),
        _given("payer_id", ID),
        _given("submitter_id", ID),
        _given("account_id", ID),
        _given("claim_id", ID),
        _given("epoch", sa.Integer()),
        _given("kind", CODE),
        _given("amount", sa.BigInteger()),
        _given("response_id", ID),
        _given("entered_at", INSTANT),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_payable_entry_amount")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_payable_entry")),
        _unique("payable_entry", "payer_id", "claim_id", "epoch", "kind", "account_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_payable_entry_account", "payable_entry", ["payer_id", "account_id"])
    op.create_table(
        "payable_settled",
        _given("payer_id", ID),
        sa.Column("entry_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payment_id", ID),
        sa.PrimaryKeyConstraint("payer_id", "entry_seq", name=op.f("pk_payable_settled")),
    )
    op.create_index("ix_payable_settled_payment", "payable_settled", ["payer_id", "payment_id"])


def _create_payments() -> None:
    op.create_table(
        "payment",
        _given("payer_id", ID),
        _given("id", ID),
        _given("submitter_id", ID),
        _given("account_id", ID),
        _given("currency", sa.String(3)),
        _given("amount", sa.BigInteger()),
        _given("issued_on", sa.Date()),
        _given("issued_at", INSTANT),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payment_amount")),
        sa.PrimaryKeyConstraint("payer_id", "id", name=op.f("pk_payment")),
    )
    op.create_index("ix_payment_account", "payment", ["payer_id", "account_id"])
    op.create_table(
        "payment_detail",
        _given("payer_id", ID),
        _given("payment_id", ID),
        _given("position", sa.Integer()),
        _given("claim_id", ID),
        _given("type", CODE),
        _given("amount", sa.BigInteger()),
        sa.PrimaryKeyConstraint(
            "payer_id", "payment_id", "position", name=op.f("pk_payment_detail")
        ),
        _unique("payment_detail", "payer_id", "payment_id", "claim_id", "type"),
    )
    op.create_index("ix_payment_detail_claim", "payment_detail", ["payer_id", "claim_id"])
    op.create_table(
        "payment_quarantine",
        _given("payer_id", ID),
        _given("claim_id", ID),
        _given("submitter_id", ID),
        _given("account_id", ID),
        _given("fault", CODE),
        _given("quarantined_at", INSTANT),
        sa.PrimaryKeyConstraint("payer_id", "claim_id", name=op.f("pk_payment_quarantine")),
    )


def _given(name: str, type_: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_payer_id"))
