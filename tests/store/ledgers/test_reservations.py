"""Reservations: a ledger that only grows, and sums of which the database checks the balance."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from app.store import tables
from app.store.ledgers.reservations import Overdrawn
from app.store.ledgers.reserved import Grant, Moved, Part, Reservation, Sums, Terms
from app.store.tables import Measure
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, THEIRS
from tests.store.terms import TERMS, amount_of, granted, ledger, quantity_of

NOTHING = Terms("EUR", None, frozenset(), {}, None, None)
AMOUNT, QUANTITY = (Part("P1", (1,), measure) for measure in Measure)

UNBALANCED = {
    "more open than reserved": Sums(reserved=100, open=101),
    "less open than reserved": Sums(reserved=100, open=99),
    "consumed without reservation": Sums(consumed=1),
    "overdrawn": Sums(reserved=100, consumed=101, open=-1),
    "restored more than consumed": Sums(reserved=100, restored=1, open=101),
}
BALANCED = {
    "all open": Sums(reserved=100, open=100),
    "a part of everything": Sums(
        reserved=100, consumed=50, restored=10, released=20, expired=5, open=35
    ),
    "all consumed": Sums(reserved=100, consumed=100),
    "consumed and restored": Sums(reserved=100, consumed=40, restored=40, open=100),
    "nothing": Sums(),
}


def write(connection, measure, sums):
    key = {"payer_id": MINE.payer_id, "submission_id": "P1", "line": "1", "measure": measure}
    row = {name: getattr(sums, name) for name in Sums.__dataclass_fields__}
    connection.execute(insert(tables.reservation_line).values(key | row))


def reserve(work, id="P1", units=100, quantity=10_000, terms=TERMS):
    work.reservations.reserve(id, granted(units, quantity), terms)


def sums(work, part=AMOUNT):
    return work.reservations.find(part.submission_id).parts[part]


def use(work, claim, id="P1", units=30, quantity=0):
    wanted = {amount_of(id): units, quantity_of(id): quantity}
    work.reservations.use(claim, {key: taken for key, taken in wanted.items() if taken})


# --- refused


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("amounts", UNBALANCED.values(), ids=UNBALANCED)
def test_a_row_that_does_not_add_up_is_refused(work, connection, amounts, measure):
    reserve(work, "P2")
    with pytest.raises(IntegrityError), work.attempt():
        write(connection, measure, amounts)

    assert work.reservations.find("P1") is None


@pytest.mark.parametrize("amounts", BALANCED.values(), ids=BALANCED)
def test_a_row_that_adds_up_is_kept(work, connection, amounts):
    work.reservations.reserve("P1", {}, TERMS)
    write(connection, Measure.QUANTITY, amounts)

    assert sums(work, QUANTITY) == amounts


def test_a_change_that_does_not_add_up_is_refused(work, connection):
    reserve(work)
    of_money = tables.reservation_line.c.measure == Measure.AMOUNT

    with pytest.raises(IntegrityError), work.attempt():
        connection.execute(update(tables.reservation_line).where(of_money).values(open=99))

    changed = update(tables.reservation_line).where(of_money).values(open=99, consumed=1)
    connection.execute(changed)
    assert sums(work) == Sums(reserved=100, consumed=1, open=99)


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


@pytest.mark.parametrize(
    ("too_much", "all_of_it"),
    [
        ({amount_of(): 101}, {amount_of(): 100}),
        ({quantity_of(): 10_001}, {quantity_of(): 10_000}),
        (
            {amount_of(by=1): 60, amount_of(by=2): 41},
            {amount_of(by=1): 60, amount_of(by=2): 40},
        ),
        ({amount_of(line=2): 1}, {amount_of(line=1): 1}),
        ({amount_of("P2"): 1}, {amount_of("P1"): 1}),
    ],
    ids=["money", "services", "two lines of a Claim", "no such line", "no such reservation"],
)
def test_no_more_is_used_than_is_open(work, connection, too_much, all_of_it):
    reserve(work)
    before = ledger(connection)

    with pytest.raises(Overdrawn):
        work.reservations.use("C1", too_much)
    assert (ledger(connection), work.reservations.used_by("C1")) == (before, {})

    work.reservations.use("C1", all_of_it)
    assert work.reservations.used_by("C1") == all_of_it


# --- done


def test_what_is_reserved_is_open(work, connection):
    reserve(work, units=9_999_999_999_999_999, quantity=9_999_999_999_999_999)

    assert work.reservations.find("P1") == Reservation(
        TERMS,
        None,
        dict.fromkeys(
            (AMOUNT, QUANTITY), Sums(reserved=9_999_999_999_999_999, open=9_999_999_999_999_999)
        ),
    )
    assert ledger(connection) == [("reserve", 9_999_999_999_999_999, None)]


def test_each_line_holds_its_own_and_together_they_are_the_amount(work):
    two = {(1,): Grant(100, 10_000), (2, 1): Grant(30, 25_000)}
    work.reservations.reserve("P1", two, TERMS)
    use(work, "C1", units=40, quantity=5_000)

    held = work.reservations.find("P1")

    assert held.parts == {
        AMOUNT: Sums(reserved=100, consumed=40, open=60),
        QUANTITY: Sums(reserved=10_000, consumed=5_000, open=5_000),
        Part("P1", (2, 1), Measure.AMOUNT): Sums(reserved=30, open=30),
        Part("P1", (2, 1), Measure.QUANTITY): Sums(reserved=25_000, open=25_000),
    }
    assert held.amount == Sums(reserved=130, consumed=40, open=90)
    assert work.reservations.release("P1") == Moved(90, "EUR")
    assert {sums.open for sums in work.reservations.find("P1").parts.values()} == {0}


def test_nothing_was_reserved_is_not_a_reservation_of_nothing(work, connection):
    assert work.reservations.find("P1") is None
    reserve(work, units=0, quantity=0)

    assert work.reservations.find("P1").parts == {AMOUNT: Sums(), QUANTITY: Sums()}
    assert ledger(connection) == []


@pytest.mark.parametrize(
    "terms",
    [TERMS, NOTHING, replace(TERMS, ends_on=None)],
    ids=["all", "nothing", "without an end"],
)
def test_what_it_is_for_is_kept_and_forgotten_with_its_quantities(work, connection, terms):
    reserve(work, terms=terms)

    assert work.reservations.find("P1").terms == terms
    work.reservations.forget("P1")
    amounts = {AMOUNT: Sums(reserved=100, open=100)}
    assert work.reservations.find("P1") == Reservation(NOTHING, None, amounts)
    assert ledger(connection) == [("reserve", 100, None)]
    assert ledger(connection, measure=Measure.QUANTITY) == []


def test_releasing_gives_back_what_is_open_and_leaves_what_is_consumed(work, connection):
    reserve(work)
    use(work, "C1", quantity=4_000)

    assert work.reservations.release("P1") == Moved(70, "EUR")

    released = Sums(reserved=100, consumed=30, released=70)
    assert sums(work) == released
    assert sums(work, QUANTITY) == Sums(reserved=10_000, consumed=4_000, released=6_000)
    assert work.reservations.release("P1") == Moved(0, "EUR")
    assert sums(work) == released
    assert ledger(connection) == [
        ("reserve", 100, None),
        ("consume", 30, "C1"),
        ("release", 70, None),
    ]


def test_a_claim_that_uses_something_else_now_gives_back_the_difference(work, connection):
    reserve(work)
    work.reservations.use("C1", {amount_of(by=1): 60, amount_of(by=2): 40, quantity_of(): 10_000})

    now = {amount_of(by=1): 20, amount_of(by=2): 80, quantity_of(): 5_000}
    work.reservations.use("C1", now)

    assert work.reservations.used_by("C1") == now
    assert sums(work) == Sums(reserved=100, consumed=140, restored=40)
    assert sums(work, QUANTITY) == Sums(
        reserved=10_000, consumed=10_000, restored=5_000, open=5_000
    )


def test_a_claim_gives_back_all_that_it_used_and_no_more(work):
    reserve(work)
    reserve(work, "P2")
    work.reservations.use("C1", {amount_of("P1"): 10, amount_of("P2"): 10})
    use(work, "C2", units=10)

    for _ in range(2):
        work.reservations.restore("C1")

    assert work.reservations.used_by("C1") == {}
    assert sums(work) == Sums(reserved=100, consumed=20, restored=10, open=90)
    assert work.reservations.find("P2").amount == Sums(
        reserved=100, consumed=10, restored=10, open=100
    )


@pytest.mark.parametrize(
    ("close", "given_back"), [("expire", {"expired": 70}), ("cancel", {"released": 70})]
)
def test_what_is_restored_to_one_that_is_over_expires_at_once(work, close, given_back):
    reserve(work)
    use(work, "C1")
    getattr(work.reservations, close)("P1")
    closed = Sums(reserved=100, consumed=30, **given_back)
    assert sums(work) == closed
    assert work.reservations.find("P1").closed_at == NOW

    # Between its own lines a Claim may shift what it has; only what it leaves expires.
    work.reservations.use("C1", {amount_of(by=2): 20})
    assert work.reservations.used_by("C1") == {amount_of(by=2): 20}
    work.reservations.restore("C1")

    expired = given_back.get("expired", 0) + 30
    assert sums(work) == replace(closed, consumed=50, restored=50, expired=expired)


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
    use(work, "C1")
    before = ledger(connection)

    reserve(work, units=units, terms=replace(TERMS, ends_on=date(2026, 6, 30)))

    assert ledger(connection) == before + ([entry] if entry else [])
    held = work.reservations.find("P1")
    assert (held.amount.open, held.amount.used, held.closed_at) == (left, 30, None)
    assert held.terms.ends_on == date(2026, 6, 30)


def test_decided_again_without_a_line_it_holds_nothing_more_for_it(work):
    reserve(work)
    use(work, "C1", quantity=4_000)

    other = {(2,): Grant(50, 10_000)}
    work.reservations.reserve("P1", other, replace(TERMS, services={(2,): frozenset({"s2"})}))

    held = work.reservations.find("P1")
    assert held.parts[AMOUNT] == Sums(reserved=100, consumed=30, released=70)
    assert held.parts[QUANTITY] == Sums(reserved=10_000, consumed=4_000, released=6_000)
    assert held.parts[Part("P1", (2,), Measure.AMOUNT)] == Sums(reserved=50, open=50)


@pytest.mark.parametrize("close", ["expire", "cancel"])
def test_decided_again_it_is_open_again(work, close):
    reserve(work)
    use(work, "C1")
    getattr(work.reservations, close)("P1")

    reserve(work)

    assert sums(work).open == 70
    work.reservations.restore("C1")
    assert sums(work).open == 100


# --- what was reserved as one sum, before lines were told

WHOLE = Part("P1", (), Measure.AMOUNT)


def reserved_as_one_sum(work, connection):
    """100, as the revision before kept it and this one carries it over."""
    terms = replace(TERMS, services={(): frozenset({"s1"})})
    work.reservations.reserve("P1", {(): Grant(100, 0)}, terms)
    of_quantity = tables.reservation_line.c.measure == Measure.QUANTITY
    connection.execute(tables.reservation_line.delete().where(of_quantity))


def test_what_claims_used_of_one_sum_comes_off_the_lines_in_their_order(work, connection):
    reserved_as_one_sum(work, connection)
    work.reservations.use("C1", {(WHOLE, ()): 70})

    two = {(1,): Grant(60, 10_000), (2,): Grant(50, 10_000)}
    terms = replace(TERMS, services={(1,): frozenset({"s1"}), (2,): frozenset({"s2"})})
    work.reservations.reserve("P1", two, terms)

    # 110 granted, 70 used: the first line is used up, 40 are left for the second.
    held = work.reservations.find("P1")
    assert held.parts[WHOLE] == Sums(reserved=100, consumed=70, released=30)
    assert held.parts[AMOUNT] == Sums()
    assert held.parts[Part("P1", (2,), Measure.AMOUNT)] == Sums(reserved=40, open=40)
    assert held.terms.services == {**terms.services, (): frozenset({"s1", "s2"})}
    work.reservations.restore("C1")
    assert sums(work, WHOLE) == Sums(reserved=100, consumed=70, restored=70, released=30, open=70)


@pytest.mark.parametrize(
    ("held", "is_consumed"),
    [
        (Sums(), False),
        (Sums(reserved=10, consumed=10), True),
        (Sums(reserved=10, consumed=10, restored=10, open=10), False),
    ],
)
@pytest.mark.parametrize("part", [AMOUNT, QUANTITY], ids=["money", "services"])
def test_what_was_restored_is_not_consumed(held, is_consumed, part):
    reservation = Reservation(TERMS, None, {part: held})

    assert reservation.is_consumed is is_consumed
    assert reservation.has_held is (held.reserved > 0)


def test_a_reservation_is_its_payers(view):
    reserve(view(MINE))
    reserve(view(FOREIGN), units=7)
    use(view(MINE), "C1", units=10)

    view(FOREIGN).reservations.release("P1")
    view(FOREIGN).reservations.restore("C1")

    assert sums(view(FOREIGN)) == Sums(reserved=7, released=7)
    assert sums(view(THEIRS)).open == 90
