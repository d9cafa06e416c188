"""Reservations: the database itself holds reserved = consumed - restored + given back + open."""

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from app.store import tables
from app.store.reservations import Balance
from tests.store.scopes import FOREIGN, MINE, THEIRS


def parts(**amounts):
    zero = dict.fromkeys(("reserved", "consumed", "restored", "released", "expired", "open"), 0)
    return {"currency": "EUR", **zero, **amounts}


UNBALANCED = {
    "more open than reserved": parts(reserved=100, open=101),
    "less open than reserved": parts(reserved=100, open=99),
    "consumed without reservation": parts(consumed=1),
    "overdrawn": parts(reserved=100, consumed=101, open=-1),
    "restored more than consumed": parts(reserved=100, restored=1, open=101),
}
BALANCED = {
    "all open": parts(reserved=100, open=100),
    "a part of everything": parts(
        reserved=100, consumed=50, restored=10, released=20, expired=5, open=35
    ),
    "all consumed": parts(reserved=100, consumed=100),
    "consumed and restored": parts(reserved=100, consumed=40, restored=40, open=100),
    "nothing": parts(),
}


def write(connection, amounts):
    row = {"payer_id": MINE.payer_id, "submission_id": "P1", **amounts}
    connection.execute(insert(tables.reservation).values(row))


@pytest.mark.parametrize("amounts", UNBALANCED.values(), ids=UNBALANCED)
def test_a_row_that_does_not_add_up_is_refused(work, connection, amounts):
    with pytest.raises(IntegrityError), work.attempt():
        write(connection, amounts)

    assert work.reservations.find("P1") is None


@pytest.mark.parametrize("amounts", BALANCED.values(), ids=BALANCED)
def test_a_row_that_adds_up_is_kept(work, connection, amounts):
    write(connection, amounts)

    assert work.reservations.find("P1") == Balance(**amounts)


def test_a_change_that_does_not_add_up_is_refused(work, connection):
    work.reservations.reserve("P1", "EUR", 100)

    with pytest.raises(IntegrityError), work.attempt():
        connection.execute(update(tables.reservation).values(open=99))

    connection.execute(update(tables.reservation).values(open=99, consumed=1))
    assert work.reservations.find("P1") == Balance(**parts(reserved=100, consumed=1, open=99))


def test_what_is_reserved_is_open(work):
    work.reservations.reserve("P1", "EUR", 9_999_999_999_999_999)

    assert work.reservations.find("P1") == Balance(
        **parts(reserved=9_999_999_999_999_999, open=9_999_999_999_999_999)
    )


def test_nothing_was_reserved_is_not_a_reservation_of_nothing(work):
    assert work.reservations.find("P1") is None
    work.reservations.reserve("P1", "EUR", 0)
    assert work.reservations.find("P1") == Balance(**parts())


def test_releasing_gives_back_what_is_open_and_leaves_what_is_consumed(work, connection):
    write(connection, parts(reserved=100, consumed=30, open=70))

    work.reservations.release("P1")

    released = Balance(**parts(reserved=100, consumed=30, released=70))
    assert work.reservations.find("P1") == released
    work.reservations.release("P1")
    assert work.reservations.find("P1") == released


@pytest.mark.parametrize(
    ("consumed", "restored", "is_consumed"), [(0, 0, False), (10, 0, True), (10, 10, False)]
)
def test_what_was_restored_is_not_consumed(consumed, restored, is_consumed):
    balance = Balance(**parts(consumed=consumed, restored=restored))

    assert balance.is_consumed is is_consumed


def test_a_reservation_is_its_payers(view):
    view(MINE).reservations.reserve("P1", "EUR", 100)

    view(FOREIGN).reservations.release("P1")

    assert view(FOREIGN).reservations.find("P1") is None
    assert view(THEIRS).reservations.find("P1").open == 100
