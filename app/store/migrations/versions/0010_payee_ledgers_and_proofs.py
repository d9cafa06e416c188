"""A payee's ledger by that name, and what the proof of a payment is made of."""

from typing import Any

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")
CODE = sa.String(32)
ID = sa.String(64)

revision = "0010"
down_revision = "0009"

_TABLES = ("payment_left_out", "payment_brought", "payable_carried")
_COLUMNS = "payer_id, id, submitter_id, payee, currency, reference"
_INDEXES = ("payable_entry", "payment")


def upgrade() -> None:
    """Apply; what was carried is known by its sum alone, so the next run begins with none."""
    _create_holders("payee_ledger")
    op.execute(
        f"INSERT INTO payee_ledger ({_COLUMNS}, carried)"  # noqa: S608  our own names
        f" SELECT {_COLUMNS}, 0 FROM payable_account"
    )
    op.drop_table("payable_account")
    _rename("account", "ledger")
    _create_proofs()


def downgrade() -> None:
    """Take back: proofs are lost, and what was carried is found anew by the next run."""
    for table in _TABLES:
        op.drop_table(table)
    _rename("ledger", "account")
    _create_holders("payable_account")
    op.execute(
        f"INSERT INTO payable_account ({_COLUMNS}, carried)"  # noqa: S608  our own names
        f" SELECT {_COLUMNS}, 0 FROM payee_ledger"
    )
    op.drop_table("payee_ledger")


def _rename(before: str, after: str) -> None:
    """Each database carries a column's new name into its constraints; an index keeps its own."""
    for table in _INDEXES:
        op.drop_index(f"ix_{table}_{before}", table)
    for table in (*_INDEXES, "payment_quarantine"):
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {before}_id TO {after}_id")
    for table in _INDEXES:
        op.create_index(f"ix_{table}_{after}", table, ["payer_id", f"{after}_id"])


def _create_holders(table: str) -> None:
    op.create_table(
        table,
        _given("payer_id", ID),
        _given("id", ID),
        _given("submitter_id", ID),
        _given("payee", ID),
        _given("currency", sa.String(3)),
        sa.Column("reference", sa.Text()),
        _given("carried", sa.BigInteger()),
        sa.Column("carried_at", INSTANT),
        sa.CheckConstraint("carried <= 0", name=op.f(f"ck_{table}_carried")),
        sa.PrimaryKeyConstraint("payer_id", "id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            *("payer_id", "submitter_id", "payee", "currency"), name=op.f(f"uq_{table}_payer_id")
        ),
    )


def _create_proofs() -> None:
    op.create_table(
        "payable_carried",
        _given("payer_id", ID),
        sa.Column("entry_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        _given("ledger_id", ID),
        sa.PrimaryKeyConstraint("payer_id", "entry_seq", name=op.f("pk_payable_carried")),
    )
    op.create_index("ix_payable_carried_ledger", "payable_carried", ["payer_id", "ledger_id"])
    op.create_table(
        "payment_brought",
        *_of_payment_and_claim("payment_brought"),
        _given("amount", sa.BigInteger()),
        _given("is_paid", sa.Boolean()),
    )
    op.create_table(
        "payment_left_out",
        *_of_payment_and_claim("payment_left_out"),
        _given("fault", CODE),
        _given("amount", sa.BigInteger()),
    )


def _of_payment_and_claim(table: str) -> list[Any]:
    return [
        _given("payer_id", ID),
        _given("payment_id", ID),
        _given("claim_id", ID),
        sa.PrimaryKeyConstraint("payer_id", "payment_id", "claim_id", name=op.f(f"pk_{table}")),
    ]


def _given(name: str, type_: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False)
