"""Reservations line by line.

What was reserved as one sum stays one part of its reservation: line '', the amount alone, for
all services that were granted. It has no quantity, so that only the amount binds. Claims go on
using it, and keep what they used. Taken back, the amounts of all lines are one sum again;
quantities, and which line holds how much, are lost.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

# Spelled here and not taken from the code: a revision must not change when the code does.
INSTANT = sa.String(32).with_variant(sa.DateTime(timezone=True), "postgresql")
CODE = sa.String(32)
ID = sa.String(64)

revision = "0007"
down_revision = "0006"

_SUMS = ("reserved", "consumed", "restored", "released", "expired", "open")
_BALANCE = "reserved = (consumed - restored) + released + expired + open"
_NOT_OVERDRAWN = "open >= 0 AND consumed >= restored"
_OF_ENTRIES = {
    "line": (sa.String(40), ""),
    "measure": (CODE, "amount"),
    "claim_line": (sa.String(40), ""),
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "reservation_line",
        _given("payer_id", ID),
        _given("submission_id", ID),
        _given("line", sa.String(40)),
        _given("measure", CODE),
        *(_given(name, sa.BigInteger()) for name in _SUMS),
        sa.CheckConstraint(_BALANCE, name=op.f("ck_reservation_line_balance")),
        sa.CheckConstraint(_NOT_OVERDRAWN, name=op.f("ck_reservation_line_not_overdrawn")),
        sa.PrimaryKeyConstraint(
            "payer_id", "submission_id", "line", "measure", name=op.f("pk_reservation_line")
        ),
    )
    sums = ", ".join(_SUMS)
    op.execute(
        f"INSERT INTO reservation_line (payer_id, submission_id, line, measure, {sums}) "  # noqa: S608
        f"SELECT payer_id, submission_id, '', 'amount', {sums} FROM reservation"
    )
    for name, (type_, default) in _OF_ENTRIES.items():
        column = sa.Column(name, type_, nullable=False, server_default=sa.text(f"'{default}'"))
        op.add_column("reservation_entry", column)
    # SQLite drops no column that a CHECK names: there the table is written anew without both.
    with op.batch_alter_table("reservation", copy_from=_reservation()) as table:
        for name in _SUMS:
            table.drop_column(name)
    # A list of hashes becomes those of the one line.
    op.execute("UPDATE reservation SET services = '{\"\": ' || services || '}'")


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("reservation") as table:
        for name in _SUMS:
            table.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    for name in _SUMS:
        op.execute(
            f"UPDATE reservation SET {name} = COALESCE((SELECT SUM(l.{name}) "  # noqa: S608
            "FROM reservation_line l WHERE l.payer_id = reservation.payer_id "
            "AND l.submission_id = reservation.submission_id AND l.measure = 'amount'), 0)"
        )
    with op.batch_alter_table("reservation") as table:
        for name in _SUMS:
            table.alter_column(name, server_default=None)
        table.create_check_constraint(op.f("ck_reservation_balance"), _BALANCE)
        table.create_check_constraint(op.f("ck_reservation_not_overdrawn"), _NOT_OVERDRAWN)
    _give_back_services()
    op.execute("DELETE FROM reservation_entry WHERE measure <> 'amount'")
    for name in _OF_ENTRIES:
        op.drop_column("reservation_entry", name)
    op.drop_table("reservation_line")


def _give_back_services() -> None:
    """The hashes of all lines as one list."""
    reservation = sa.table(
        "reservation", sa.column("payer_id"), sa.column("submission_id"), sa.column("services")
    )
    key = (reservation.c.payer_id, reservation.c.submission_id)
    connection = op.get_bind()
    query = sa.select(*key, reservation.c.services).where(reservation.c.services.is_not(None))
    for payer_id, submission_id, services in connection.execute(query).all():
        every = sorted({each for line in json.loads(services).values() for each in line})
        connection.execute(
            sa.update(reservation)
            .where(key[0] == payer_id, key[1] == submission_id)
            .values(services=json.dumps(every))
        )


def _reservation() -> sa.Table:
    """As it was, without its CHECKs."""
    return sa.Table(
        "reservation",
        sa.MetaData(),
        _given("payer_id", ID),
        _given("submission_id", ID),
        _given("currency", sa.String(3)),
        *(_given(name, sa.BigInteger()) for name in _SUMS),
        sa.Column("member", ID),
        sa.Column("providers", sa.Text()),
        sa.Column("services", sa.Text()),
        sa.Column("starts_on", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("closed_at", INSTANT),
        sa.PrimaryKeyConstraint("payer_id", "submission_id", name="pk_reservation"),
        sa.Index("ix_reservation_ends", "ends_on"),
    )


def _given(name: str, type_: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False)
