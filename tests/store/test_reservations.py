"""Reservations: a ledger that only grows, and sums of which the database checks the balance."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from app.store import tables
from app.store.reservations import Balance, Moved, Terms
from tests.builders import NOW
from tests.store.ledgers import TERMS, ledger
from tests.store.scopes import FOREIGN, MINE, THEIRS

NOTHING = Terms("EUR", None, frozenset(), frozenset(), None, None)


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


def reserve(work, id="P1", units=100, terms=TERMS):
    work.reservations.reserve(id, units, terms)


# --- refused


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
    reserve(work)

    with pytest.raises(IntegrityError), work.attempt():
        connection.execute(update(tables.reservation).values(open=99))

    connection.execute(update(tables.reservation).values(open=99, consumed=1))
    assert work.reservations.find("P1") == Balance(**parts(reserved=100, consumed=1, open=99))


def test_an_entry_of_nothing_or_less_is_refused(work, connection):
    entry = {
        "payer_id": MINE.payer_id,
        "submission_id": "P1",
        "kind": "reserve",
        "entered_at": NOW,
    }
    for amount in (0, -1):
        with pytest.raises(IntegrityError), work.attempt():
            connection.execute(insert(tables.reservation_entry).values(amount=amount, **entry))

    connection.execute(insert(tables.reservation_entry).values(amount=1, **entry))
    assert ledger(connection) == [("reserve", 1, None)]


def test_what_was_never_reserved_is_not_released(work):
    with pytest.raises(LookupError):
        work.reservations.release("P1")

    reserve(work)
    assert work.reservations.release("P1") == Moved(100, "EUR")


# --- done


def test_what_is_reserved_is_open(work, connection):
    reserve(work, units=9_999_999_999_999_999)

    assert work.reservations.find("P1") == Balance(
        **parts(reserved=9_999_999_999_999_999, open=9_999_999_999_999_999)
    )
    assert ledger(connection) == [("reserve", 9_999_999_999_999_999, None)]


def test_nothing_was_reserved_is_not_a_reservation_of_nothing(work, connection):
    assert work.reservations.find("P1") is None
    reserve(work, units=0)

    assert work.reservations.find("P1") == Balance(**parts())
    assert ledger(connection) == []


@pytest.mark.parametrize(
    "terms",
    [TERMS, NOTHING, replace(TERMS, ends_on=None)],
    ids=["all", "nothing", "without an end"],
)
def test_what_it_is_for_is_kept_and_forgotten(work, terms):
    assert work.reservations.terms("P1") is None
    reserve(work, terms=terms)

    assert work.reservations.terms("P1") == terms
    work.reservations.forget_terms("P1")
    assert work.reservations.terms("P1") == NOTHING
    assert work.reservations.find("P1") == Balance(**parts(reserved=100, open=100))


def test_releasing_gives_back_what_is_open_and_leaves_what_is_consumed(work, connection):
    reserve(work)
    work.reservations.use("P1", "C1", 30)

    assert work.reservations.release("P1") == Moved(70, "EUR")

    released = Balance(**parts(reserved=100, consumed=30, released=70))
    assert work.reservations.find("P1") == released
    assert work.reservations.release("P1") == Moved(0, "EUR")
    assert work.reservations.find("P1") == released
    assert ledger(connection) == [
        ("reserve", 100, None),
        ("consume", 30, "C1"),
        ("release", 70, None),
    ]


def test_a_claim_uses_no_more_than_is_open(work):
    reserve(work)

    used = [work.reservations.use("P1", "C1", units) for units in (60, 60, 60)]

    assert used == [60, 40, 0]
    assert work.reservations.use("unknown", "C1", 60) == 0


def test_a_claim_gives_back_all_that_it_used_and_no_more(work):
    reserve(work)
    reserve(work, "P2")
    for preauthorization, claim in (("P1", "C1"), ("P2", "C1"), ("P1", "C2")):
        work.reservations.use(preauthorization, claim, 10)

    assert [work.reservations.restore("C1"), work.reservations.restore("C1")] == [20, 0]
    assert work.reservations.find("P1") == Balance(
        **parts(reserved=100, consumed=20, restored=10, open=90)
    )
    assert work.reservations.find("P2") == Balance(
        **parts(reserved=100, consumed=10, restored=10, open=100)
    )


@pytest.mark.parametrize(
    ("close", "given_back"), [("expire", {"expired": 70}), ("cancel", {"released": 70})]
)
def test_what_is_restored_to_one_that_is_over_expires_at_once(work, close, given_back):
    reserve(work)
    work.reservations.use("P1", "C1", 30)
    getattr(work.reservations, close)("P1")
    closed = Balance(**parts(reserved=100, consumed=30, **given_back), closed_at=NOW)
    assert work.reservations.find("P1") == closed

    assert work.reservations.restore("C1") == 30

    expired = given_back.get("expired", 0) + 30
    assert work.reservations.find("P1") == replace(closed, restored=30, expired=expired)


def test_cancelling_what_was_never_reserved_is_nothing(work, connection):
    work.reservations.cancel("P1")

    assert work.reservations.find("P1") is None
    assert ledger(connection) == []


@pytest.mark.parametrize(
    ("units", "entry", "left"),
    [
        (120, ("reserve", 20, None), 90),
        (80, ("release", 20, None), 50),
        (30, ("release", 70, None), 0),
        (10, ("release", 70, None), 0),
        (100, None, 70),
    ],
    ids=["more", "less", "all that is used", "less than is used", "the same"],
)
def test_decided_again_what_is_open_is_the_difference_to_what_is_used(
    work, connection, units, entry, left
):
    reserve(work)
    work.reservations.use("P1", "C1", 30)
    before = ledger(connection)

    reserve(work, units=units, terms=replace(TERMS, ends_on=date(2026, 6, 30)))

    assert ledger(connection) == before + ([entry] if entry else [])
    held = work.reservations.find("P1")
    assert (held.open, held.used, held.closed_at) == (left, 30, None)
    assert work.reservations.terms("P1").ends_on == date(2026, 6, 30)


@pytest.mark.parametrize("close", ["expire", "cancel"])
def test_decided_again_it_is_open_again(work, close):
    reserve(work)
    work.reservations.use("P1", "C1", 30)
    getattr(work.reservations, close)("P1")

    reserve(work)

    assert work.reservations.find("P1").open == 70
    assert work.reservations.restore("C1") == 30
    assert work.reservations.find("P1").open == 100


@pytest.mark.parametrize(
    ("consumed", "restored", "is_consumed"), [(0, 0, False), (10, 0, True), (10, 10, False)]
)
def test_what_was_restored_is_not_consumed(consumed, restored, is_consumed):
    balance = Balance(**parts(consumed=consumed, restored=restored))

    assert balance.is_consumed is is_consumed
    assert balance.used == consumed - restored


def test_a_reservation_is_its_payers(view):
    reserve(view(MINE))
    reserve(view(FOREIGN), units=7)
    view(MINE).reservations.use("P1", "C1", 10)

    view(FOREIGN).reservations.release("P1")
    view(FOREIGN).reservations.restore("C1")

    assert view(FOREIGN).reservations.find("P1") == Balance(**parts(reserved=7, released=7))
    assert view(THEIRS).reservations.find("P1").open == 90
