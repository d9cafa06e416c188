"""The rows of payables and payments: what the database itself refuses, and who sees what."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from app.domain.lifecycle import State
from app.domain.proofs import LeftOut, Line, Proof
from app.domain.settlement import Detail, DetailType, EntryKind, Fault
from app.store import tables
from app.store.ledgers.payables import Balance, PayeeLedger
from app.store.submissions import Submission
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

LEDGER = PayeeLedger("A1", MINE.submitter_id, "payee-hash", "EUR", '{"display":"Happy Valley"}')
PAYMENT, ADJUSTMENT, REVERSAL = EntryKind.PAYMENT, EntryKind.ADJUSTMENT, EntryKind.REVERSAL
ADJUSTED = DetailType.ADJUSTMENT
DAY = date(2026, 3, 2)


def enter(work, claim="C1", units=8000, kind=PAYMENT, epoch=1, ledger=LEDGER):
    work.payables.enter(ledger, (claim, epoch), f"R-{claim}", kind, units, ledger.submitter_id)


@pytest.fixture
def ledger(work):
    work.payables.open_ledger(LEDGER)
    return work


def test_a_decision_is_entered_once(ledger):
    enter(ledger)

    with pytest.raises(IntegrityError):
        enter(ledger)


def test_the_next_decision_is_entered_beside_the_first(ledger):
    enter(ledger)
    enter(ledger, epoch=2, units=-80, kind=ADJUSTMENT)
    enter(ledger, epoch=2, units=-7920, kind=REVERSAL)

    assert ledger.payables.balances("C1") == [Balance("A1", "EUR", 0, 0, was_paid=False)]


def test_an_entry_is_settled_once(ledger):
    enter(ledger)
    [owed] = ledger.payables.unsettled("A1", ["C1"])
    ledger.payables.settle([owed.seq], "P1")

    with pytest.raises(IntegrityError), ledger.attempt():
        ledger.payables.settle([owed.seq], "P2")
    assert ledger.payables.unsettled("A1", ["C1"]) == []
    assert ledger.payables.balances("C1") == [Balance("A1", "EUR", 8000, 8000, was_paid=True)]


def test_nothing_is_entered_of_nothing(ledger):
    enter(ledger, units=0)

    assert ledger.payables.unsettled_ledgers() == []
    enter(ledger, units=1)
    assert ledger.payables.unsettled_ledgers() == [LEDGER]


REFUSED = {
    "an entry of nothing": (
        tables.payable_entry,
        {
            "ledger_id": "A1",
            "claim_id": "C1",
            "epoch": 1,
            "kind": PAYMENT,
            "amount": 0,
            "response_id": "R1",
            "entered_at": NOW,
        },
        {"amount": 1},
    ),
    "a payment below zero": (
        tables.payment,
        {
            "id": "P1",
            "ledger_id": "A1",
            "currency": "EUR",
            "amount": -1,
            "issued_on": DAY,
            "issued_at": NOW,
        },
        {"amount": 0},
    ),
    "more than nothing carried": (
        tables.payee_ledger,
        {"id": "A2", "payee": "p", "currency": "EUR", "carried": 1},
        {"carried": 0},
    ),
}


@pytest.mark.parametrize(("table", "row", "right"), REFUSED.values(), ids=REFUSED)
def test_the_database_refuses_what_cannot_be(connection, table, row, right):
    own = {"payer_id": MINE.payer_id, "submitter_id": MINE.submitter_id}

    part = connection.begin_nested()
    with pytest.raises(IntegrityError):
        connection.execute(insert(table).values(own | row))
    part.rollback()
    connection.execute(insert(table).values(own | row | right))


def test_a_ledger_is_opened_once_for_a_payee_and_currency(ledger):
    again = ledger.payables.open_ledger(replace(LEDGER, id="A2", reference=None))
    other = ledger.payables.open_ledger(replace(LEDGER, id="A3", currency="JPY"))

    assert (again, other.id) == (LEDGER, "A3")


def test_what_was_void_is_in_no_run(ledger):
    enter(ledger)
    enter(ledger, units=-8000, kind=REVERSAL)
    ledger.payables.void("C1")

    assert ledger.payables.unsettled_ledgers() == []
    assert ledger.payables.balances("C1") == [Balance("A1", "EUR", 0, 0, was_paid=False)]


def test_others_see_nothing_of_a_ledger(ledger, view):
    enter(ledger)
    ledger.payments.quarantine(LEDGER, {"C1": Fault.SUM}, {"C1"})

    for scope in (THEIRS, FOREIGN):
        payables, payments = view(scope).payables, view(scope).payments
        assert payables.unsettled_ledgers() == payables.unsettled("A1", ["C1"]) == []
        assert payables.balances("C1") == []
        assert payables.sums("A1", ["C1"]) == {}
        assert payments.faults() == []
        with pytest.raises(LookupError):
            payables.ledger("A1")
    for scope in (MINE, PAYERS):
        payables, payments = view(scope).payables, view(scope).payments
        assert payables.unsettled_ledgers() == [payables.ledger("A1")] == [LEDGER]
        assert payables.sums("A1", ["C1"]) == {"C1": 8000}
        assert payments.faults() == [(Fault.SUM, 1)]


def test_the_newest_detail_of_a_claim_is_its_predecessor(ledger, view):
    detail = Detail("C1", "R1", DetailType.PAYMENT, 8000, DAY)
    ledger.payments.add("P1", LEDGER, 8000, DAY, [replace(detail, claim_id="C0"), detail])
    later = view(MINE, NOW.replace(hour=10))
    assert ledger.payments.newest_details("A1", ["C1"]) == {"C1": "P1.2"}

    later.payments.add("P0", LEDGER, 20, DAY, [replace(detail, type=DetailType.ADJUSTMENT)])

    assert ledger.payments.newest_details("A1", ["C0", "C1"]) == {"C0": "P1.1", "C1": "P0.1"}
    assert ledger.payments.newest_details("A2", ["C1"]) == {}


def test_a_claim_that_is_looked_at_again_without_a_fault_leaves_quarantine(ledger):
    ledger.payments.quarantine(LEDGER, {"C1": Fault.SUM, "C2": Fault.PAYEE}, {"C1", "C2"})
    assert ledger.payments.faults() == [(Fault.PAYEE, 1), (Fault.SUM, 1)]

    ledger.payments.quarantine(LEDGER, {"C2": Fault.PAYEE}, {"C1", "C2", "C3"})

    assert ledger.payments.faults() == [(Fault.PAYEE, 1)]
    ledger.payments.release("C2")
    assert ledger.payments.faults() == []


@pytest.fixture
def decided(ledger):
    """Claims that are decided: of others nothing is carried."""

    def claimed(id, state=State.CANCELLED):
        ledger.submissions.add(
            Submission("Claim", id, MINE.submitter_id, state, epoch=1, created_at=NOW)
        )

    return claimed


def test_what_is_carried_is_told_with_its_claims_until_it_is_not(ledger, decided):
    for id in ("C1", "C2", "C3"):
        decided(id)
    decided("C4", State.QUEUED)
    units = {"C1": -50, "C2": 30, "C3": 7, "C4": 900}
    for id, each in units.items():
        enter(ledger, id, each)

    assert ledger.payables.owed("A1") == [("C1", -50), ("C2", 30), ("C3", 7)]
    assert ledger.carried.keep("A1", {"C3"}) == -20

    assert ledger.payables.ledger("A1") == replace(LEDGER, carried=-20)
    assert ledger.carried.of("A1") == {"C1": -50, "C2": 30}
    enter(ledger, "C2", 1, epoch=2)
    assert ledger.payables.owed("A1") == [("C1", -50), ("C2", 31), ("C3", 7)]
    assert ledger.carried.of("A1") == {"C1": -50, "C2": 30}
    ledger.carried.drop("A1")
    assert (ledger.payables.ledger("A1"), ledger.carried.of("A1")) == (LEDGER, {})


def test_nothing_is_carried_of_what_is_not_below_zero(ledger, decided):
    decided("C1")
    enter(ledger, "C1", 10)

    assert ledger.carried.keep("A1", ()) == 10
    assert (ledger.payables.ledger("A1"), ledger.carried.of("A1")) == (LEDGER, {})


def test_the_proof_of_a_payment_is_what_was_kept_with_it(ledger, view):
    detail = Detail("C1", "R1", DetailType.PAYMENT, 8000, DAY)
    taken_back = replace(detail, claim_id="C0", type=ADJUSTED, units=-2000)
    ledger.payments.add("P1", LEDGER, 6000, DAY, [taken_back, detail])
    ledger.payments.brought("P1", {"C0": -2000, "C9": 500}, {"C0", "C1"})
    ledger.payments.left_out("P1", [LeftOut("C2", Fault.SUM, 70)])
    for claim, units in (("C0", -2000), ("C1", 8000), ("C3", 1000)):
        enter(ledger, claim, units)
    seqs = {each.claim_id: each.seq for each in ledger.payables.unsettled("A1", ["C0", "C1"])}
    ledger.payables.settle([seqs["C1"]], "P1")
    # The -20.00 are still open.
    assert ledger.proofs.find("P1").carried_on == -2000
    ledger.payables.settle([seqs["C0"]], "P1")

    proof = ledger.proofs.find("P1")

    assert proof == Proof(
        payment_id="P1",
        payee=LEDGER.reference,
        issued_on=DAY,
        currency="EUR",
        units=6000,
        carried=-1500,
        withdrawn=-500,
        settled=6000,
        lines=(
            Line(1, "C0", ADJUSTED, -2000, brought=-2000),
            Line(2, "C1", DetailType.PAYMENT, 8000),
        ),
        left_out=(LeftOut("C2", Fault.SUM, 70),),
    )
    assert view(PAYERS).proofs.find("P1") == proof
    assert {view(scope).proofs.find("P1") for scope in (THEIRS, FOREIGN)} == {None}
