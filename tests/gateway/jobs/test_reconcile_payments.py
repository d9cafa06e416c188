"""The payment run: what decisions left is paid, once, to each payee in each currency."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from fhir.resources.R4B import get_fhir_model_class

from app.domain.lifecycle import State
from app.domain.settlement import Fault
from app.fhir import json_text
from app.fhir.validation import check
from app.gateway.administering.reference_data import keep
from app.gateway.jobs.reconcile_payments import tried, unsettled
from app.gateway.payments.runs import pay
from app.store import tables
from tests.builders import a_claim, a_price, a_task, identifier, money
from tests.gateway.desk import under_rules_of_now
from tests.gateway.paying import assert_balanced, detailed, entries, payments, priced, run

OTHER = {"identifier": identifier("sid", "Sister Clinic")}
SUBSCRIBER = {"type": {"coding": [{"code": "subscriber"}]}, "party": {"reference": "Patient/1"}}
PAYEE_CODES = "http://terminology.hl7.org/CodeSystem/payeetype"


@pytest.fixture
def decided(desk, insured, worker):
    """Claims that the payer has decided."""

    def claimed(*arguments, **elements):
        taken = desk.create(a_claim(*arguments, **elements))
        worker.drain()
        return taken

    return claimed


def cancel(desk, taken):
    answered = desk.task(a_task("cancel", focus=taken.stored.reference))
    assert answered["status"] == "completed"


def charge(core, fee):
    """The payer's fee of the service from now on."""
    price = a_price(fee=fee)
    core.do(partial(keep, price, json_text.write(price), "load"))


def reprice(core, worker, desk, taken, fee):
    """Decide a Claim again under another fee; of which the plan pays 80 %."""
    charge(core, fee)
    desk.task(a_task("reprocess", focus=taken.stored.reference))
    worker.drain()


# --- what is not paid


@pytest.mark.parametrize("use", ["predetermination", "preauthorization"])
def test_what_is_only_asked_for_is_not_owed(desk, decided, rows, use):
    decided(use)
    assert (run(desk), entries(rows)) == ([], [])

    decided("claim")
    assert len(run(desk)) == 1


def test_a_claim_of_which_nothing_is_paid_is_not_owed(desk, decided, rows):
    decided(serviced="2019-12-31", created="2026-03-02")
    assert (run(desk), entries(rows)) == ([], [])

    decided()
    assert entries(rows) == [("payment", 8000)]


def test_a_claim_that_is_being_decided_again_waits_for_its_decision(desk, decided, worker):
    taken = decided()
    desk.task(a_task("reprocess", focus=taken.stored.reference))

    [waits] = run(desk)
    assert (waits.settlement.details, waits.payment_id) == ((), None)
    assert desk.submission(taken).state is State.QUEUED
    worker.drain()
    [paid] = run(desk)
    assert paid.settlement.units == 8000


@pytest.mark.parametrize("payee", [SUBSCRIBER, {"type": {"coding": [{"code": "subscriber"}]}}])
def test_who_may_not_be_named_in_a_reconciliation_is_not_paid(desk, decided, payee):
    taken = decided(payee=payee)
    good = decided(payee={"type": {"coding": [{"code": "provider"}]}})

    faults = {id: fault for paid in run(desk) for id, fault in paid.faults.items()}

    assert faults == {taken.stored.id: Fault.PAYEE}
    assert desk.submission(taken).state is State.PAYABLE
    assert desk.submission(good).state is State.PAID


# --- what is paid


def test_a_payment_is_told_in_two_valid_resources(desk, decided):
    decided()

    [paid] = run(desk)

    reconciliation = desk.document(f"PaymentReconciliation/{paid.payment_id}")
    assert desk.pended()[-2:] == [
        ("PaymentReconciliation", "undelivered"),
        ("PaymentNotice", "undelivered"),
    ]
    notice_id = desk.installation.store.read(
        lambda c: c.execute(
            tables.pended.select().where(tables.pended.c.type == "PaymentNotice")
        ).one()
    ).resource_id
    notice = desk.document(f"PaymentNotice/{notice_id}")
    for each in (reconciliation, notice):
        assert check(each) == []
        model = get_fhir_model_class(each["resourceType"])
        assert model.model_validate_json(json_text.write(each)).id == each["id"]
    assert notice["payment"]["reference"] == f"PaymentReconciliation/{paid.payment_id}"
    assert notice["amount"] == reconciliation["paymentAmount"]
    assert notice["recipient"]["identifier"] == identifier("sid", "Happy Valley")


def test_a_payment_tells_what_it_is_made_of(desk, decided, rows):
    first, second = decided(), decided(prices=["35.50"])

    [paid] = run(desk)

    [payment] = payments(desk)
    assert payment["paymentAmount"] == money("108.40")
    assert (payment["paymentDate"], payment["outcome"]) == ("2026-03-02", "complete")
    assert payment["period"] == {"start": "2026-03-02", "end": "2026-03-02"}
    assert payment["requestor"] == {"identifier": identifier("sid", "Happy Valley")}
    assert payment["paymentIssuer"]["display"] == "Payer"
    assert detailed(payment) == [
        (first.stored.reference, "payment", "80.00", None),
        (second.stored.reference, "payment", "28.40", None),
    ]
    assert payment["detail"][0]["response"]["reference"] == first.related
    assert payment["detail"][0]["payee"] == payment["requestor"]
    assert payment["detail"][0]["identifier"]["value"] == f"{paid.payment_id}.1"
    for taken in (first, second):
        submission = desk.submission(taken)
        assert (submission.state, submission.paid_at) == (State.PAID, desk.installation.clock())
    assert_balanced(rows)


def test_each_payee_has_a_payment_of_its_own(desk, decided):
    decided()
    decided(provider=OTHER)
    other = {"type": {"coding": [{"system": PAYEE_CODES, "code": "other"}]}, "party": OTHER}
    decided(payee=other, prices=["50.00"])

    run(desk)

    told = {
        payment["requestor"]["identifier"]["value"]: str(payment["paymentAmount"]["value"])
        for payment in payments(desk)
    }
    assert told == {"Happy Valley": "80.00", "Sister Clinic": "120.00"}


def test_a_provider_is_the_same_by_reference_and_by_its_identifier(desk, decided):
    own = identifier("sid", "Happy Valley")
    provider = desk.create({"resourceType": "Organization", "identifier": [own], "name": "HV"})
    decided()
    decided(provider={"reference": provider.stored.reference})
    inside = {"resourceType": "Organization", "id": "hv", "identifier": [own]}
    decided(provider={"reference": "#hv"}, contained=[inside])

    run(desk)

    [payment] = payments(desk)
    assert (len(payment["detail"]), payment["paymentAmount"]) == (3, money("240.00"))


def test_each_currency_has_a_payment_of_its_own_in_its_own_unit(desk, decided, rows):
    decided(**priced("1000", "JPY"))
    decided(**priced("1000", "KWD"))
    decided()

    run(desk)

    amounts = {
        payment["paymentAmount"]["currency"]: str(payment["paymentAmount"]["value"])
        for payment in payments(desk)
    }
    assert amounts == {"JPY": "800", "KWD": "800.000", "EUR": "80.00"}
    assert_balanced(rows)


def test_each_submitter_sees_its_own_payments_alone(desk, stranger, decided, worker):
    decided()
    stranger.create(a_claim(provider={"identifier": identifier("sid", "Happy Valley")}))
    worker.drain()

    run(desk)

    own, theirs = payments_of(desk), payments_of(stranger)
    assert len(own) == len(theirs) == 1
    assert own != theirs
    assert stranger.see(lambda work: work.resources.find(*own[0])) is None


def payments_of(desk):
    row = tables.resource.c
    query = tables.resource.select().where(
        row.type == "PaymentReconciliation", row.submitter_id == desk.client.id
    )
    return desk.installation.store.read(
        lambda c: [(each.type, each.id) for each in c.execute(query)]
    )


def test_a_try_tells_what_a_run_would_pay_and_changes_nothing(desk, decided, rows, payer):
    decided()
    before = rows.counts()

    [ledger] = unsettled(desk.installation, payer)
    [told] = tried(desk.installation, ledger, payer)

    assert (told.amount.amount, told.payment_id) == (Decimal("80.00"), None)
    assert rows.counts() == before
    [paid] = run(desk)
    assert paid.settlement == told.settlement


def test_a_try_comes_to_an_end_where_claims_came_to_nothing(desk, core, decided, worker, payer):
    taken = [decided() for _ in range(3)]
    run(desk)
    for fee in ("90.00", "100.00"):
        charge(core, fee)
        for each in taken:
            desk.task(a_task("reprocess", focus=each.stored.reference))
        worker.drain()
    decided(prices=["50.00"])

    [ledger] = unsettled(desk.installation, payer)
    told = tried(desk.installation, ledger, payer, most=2)

    # 80.00 less 8.00 and 8.00 more, three times; two Claims at a time, then 80 % of 50.00.
    assert [str(each.amount.amount) for each in told] == ["40.00"]
    assert [each.settlement.details for each in told] == [
        each.settlement.details for each in run(desk, most=2)
    ]


def test_days_are_those_of_the_payer_s_zone(desk, decided, registry, clock):
    western = under_rules_of_now(desk, registry, zone=ZoneInfo("America/Los_Angeles"))
    clock.now = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
    decided()
    clock.now = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)

    run(western)

    [payment] = payments(desk)
    assert payment["period"] == {"start": "2026-03-02", "end": "2026-03-04"}
    assert payment["paymentDate"] == "2026-03-04"
    assert [each["date"] for each in payment["detail"]] == ["2026-03-02"]


# --- what changes before and after a payment


def test_what_is_cancelled_before_it_was_paid_is_in_no_payment(desk, decided, rows):
    taken, other = decided(), decided(prices=["10.00"])
    cancel(desk, taken)
    assert entries(rows, taken) == [("payment", 8000), ("reversal", -8000)]

    run(desk)

    [payment] = payments(desk)
    assert detailed(payment) == [(other.stored.reference, "payment", "8.00", None)]
    assert_balanced(rows)
    assert run(desk) == []


def test_what_is_decided_again_before_it_was_paid_is_paid_as_it_then_is(
    desk, core, decided, worker, rows
):
    taken = decided()
    reprice(core, worker, desk, taken, "60.00")
    assert entries(rows, taken) == [("payment", 8000), ("adjustment", -3200)]

    run(desk)

    [payment] = payments(desk)
    assert detailed(payment) == [(taken.stored.reference, "payment", "48.00", None)]


def test_more_after_a_payment_is_an_adjustment_that_names_its_predecessor(
    desk, core, decided, worker, rows
):
    charge(core, "60.00")
    taken = decided()
    [paid] = run(desk)
    assert paid.amount.amount == Decimal("48.00")
    reprice(core, worker, desk, taken, "90.00")
    assert desk.submission(taken).state is State.PAYABLE

    run(desk)

    payment = payments(desk)[-1]
    predecessor = f"{paid.payment_id}.1"
    assert detailed(payment) == [(taken.stored.reference, "adjustment", "24.00", predecessor)]
    assert desk.submission(taken).state is State.PAID
    assert_balanced(rows)


def test_less_after_a_payment_is_taken_off_the_next_one(desk, core, decided, worker, rows):
    taken = decided()
    [first] = run(desk)
    reprice(core, worker, desk, taken, "60.00")
    assert entries(rows, taken) == [("payment", 8000), ("adjustment", -3200)]
    [carried] = run(desk)
    assert (carried.payment_id, desk.submission(taken).state) == (None, State.PAYABLE)
    other = decided()

    run(desk)

    payment = payments(desk)[-1]
    assert payment["paymentAmount"] == money("16.00")
    assert detailed(payment) == [
        (taken.stored.reference, "adjustment", "-32.00", f"{first.payment_id}.1"),
        (other.stored.reference, "payment", "48.00", None),
    ]
    assert desk.submission(taken).state is State.PAID
    assert_balanced(rows)


def test_what_is_decided_again_alike_after_a_payment_stays_paid(desk, decided, worker, rows):
    taken = decided()
    run(desk)

    desk.task(a_task("reprocess", focus=taken.stored.reference))
    worker.drain()

    assert desk.submission(taken).state is State.PAID
    assert (entries(rows, taken), run(desk)) == ([("payment", 8000)], [])


def test_a_reversal_after_a_payment_is_carried_forward_until_there_is_enough(
    desk, decided, rows, clock
):
    taken = decided()
    [first] = run(desk)
    cancel(desk, taken)
    assert entries(rows, taken) == [("payment", 8000), ("reversal", -8000)]

    clock.forward(hours=1)
    [carried] = run(desk)
    assert (carried.payment_id, carried.amount.amount) == (None, Decimal("-80.00"))
    small = decided(prices=["50.00"])
    [still] = run(desk)
    assert (still.payment_id, still.amount.amount) == (None, Decimal("-40.00"))
    assert desk.submission(small).state is State.PAYABLE
    assert [row["carried"] for row in rows.of(tables.payee_ledger)] == [-4000]
    large = decided(prices=["100.00"])
    run(desk)

    payment = payments(desk)[-1]
    assert payment["paymentAmount"] == money("40.00")
    assert detailed(payment) == [
        (taken.stored.reference, "adjustment", "-80.00", f"{first.payment_id}.1"),
        (small.stored.reference, "payment", "40.00", None),
        (large.stored.reference, "payment", "80.00", None),
    ]
    assert [row["carried"] for row in rows.of(tables.payee_ledger)] == [0]
    assert desk.submission(taken).state is State.CANCELLED
    proof = desk.see(lambda work: work.proofs.find(payment["id"]))
    terms = (proof.carried, proof.withdrawn, proof.payments, proof.adjustments, proof.units)
    assert terms == (-4000, 0, 8000, 0, 4000)
    assert check(payment) == []
    assert_balanced(rows)


def test_what_had_been_carried_and_is_cancelled_is_withdrawn_in_the_proof(desk, decided):
    taken, small = decided(), decided(prices=["50.00"])
    run(desk)
    cancel(desk, taken)
    unpaid = decided(prices=["25.00"])
    [carried] = run(desk)
    assert str(carried.amount.amount) == "-60.00"
    cancel(desk, unpaid)
    decided(prices=["150.00"])

    [paid] = run(desk)

    assert desk.submission(small).state is State.PAID
    proof = desk.see(lambda work: work.proofs.find(paid.payment_id))
    terms = (proof.carried, proof.withdrawn, proof.payments, proof.adjustments, proof.units)
    # -80.00 and 20.00 had been carried; the 20.00 are gone, and 120.00 came.
    assert terms == (-6000, -2000, 12000, 0, 4000)


def test_what_is_cancelled_while_it_is_decided_again_is_taken_back(desk, decided, rows):
    taken, other = decided(), decided(prices=["200.00"])
    run(desk)
    desk.task(a_task("reprocess", focus=taken.stored.reference))
    cancel(desk, taken)

    assert entries(rows, taken) == [("payment", 8000), ("reversal", -8000)]
    assert run(desk)[0].settlement.units == -8000
    assert desk.submission(other).state is State.PAID


def test_of_a_nullified_claim_the_books_keep_sums_and_ids_alone(
    desk, decided, registry, rows, worker
):
    number = "N-4711"
    taken = decided(number=number)
    [first] = run(desk)
    lenient = under_rules_of_now(desk, registry, nullify_paid=True)
    nullified = lenient.task(a_task("nullify", focus=taken.stored.reference))
    assert nullified["status"] == "completed"
    decided(prices=["200.00"])

    run(desk)

    earlier, later = payments(desk)
    assert detailed(later)[0] == (
        taken.stored.reference,
        "adjustment",
        "-80.00",
        f"{first.payment_id}.1",
    )
    assert number not in json_text.write(earlier) + json_text.write(later)
    assert_balanced(rows)


# --- quarantine


def test_a_claim_whose_sums_differ_is_left_out_until_they_agree(desk, decided, rows):
    bad, good = decided(), decided()
    where = {"type": "Claim", "id": bad.stored.id}
    rows.change(tables.submission, where, total=Decimal("79.99"))

    [paid] = run(desk)

    assert (paid.settlement.units, paid.faults) == (8000, {bad.stored.id: Fault.SUM})
    assert desk.submission(bad).state is State.PAYABLE
    assert desk.submission(good).state is State.PAID
    [row] = rows.of(tables.payment_quarantine)
    assert (row["claim_id"], row["fault"]) == (bad.stored.id, Fault.SUM)
    rows.change(tables.submission, where, total=Decimal("80.00"))
    [paid] = run(desk)
    assert (paid.settlement.units, paid.faults) == (8000, {})
    assert rows.of(tables.payment_quarantine) == []


UNREADABLE = {
    "not JSON": b"{",
    "another amount": b'{"payment":{"amount":{"value":79.99,"currency":"EUR"}}}',
    "another currency": b'{"payment":{"amount":{"value":80.00,"currency":"USD"}}}',
    "no amount": b'{"payment":{}}',
    "no number": b'{"payment":{"amount":{"value":"x","currency":"EUR"}}}',
    "no object": b"[]",
    "no text": b"\xff",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_claim_whose_response_does_not_promise_it_is_left_out(desk, decided, rows, body):
    bad, good = decided(), decided()
    response = {"id": bad.related.partition("/")[2], "version": 2}
    rows.change(tables.resource_version, response, body=body)

    [paid] = run(desk)

    assert (paid.settlement.units, paid.faults) == (8000, {bad.stored.id: Fault.RESPONSE})
    assert desk.submission(good).state is State.PAID


def test_a_reprocess_mends_a_response_that_promises_something_else(desk, decided, worker, rows):
    bad = decided()
    response = {"id": bad.related.partition("/")[2], "version": 2}
    [row] = rows.of(tables.resource_version, **response)
    wrong = json_text.parsed(row["body"]) | {"payment": {"amount": money("79.99")}}
    rows.change(tables.resource_version, response, body=json_text.write(wrong).encode())
    [left_out] = run(desk)
    assert left_out.faults == {bad.stored.id: Fault.RESPONSE}

    desk.task(a_task("reprocess", focus=bad.stored.reference))
    worker.drain()

    assert [paid.settlement.units for paid in run(desk)] == [8000]
    assert rows.of(tables.payment_quarantine) == []


def test_a_claim_that_is_cancelled_is_in_quarantine_no_more(desk, decided, rows):
    bad = decided()
    rows.change(tables.submission, {"type": "Claim", "id": bad.stored.id}, total=Decimal(1))
    run(desk)
    assert len(rows.of(tables.payment_quarantine)) == 1

    cancel(desk, bad)

    assert rows.of(tables.payment_quarantine) == []


# --- more than one payment holds


def test_what_one_payment_does_not_hold_is_in_the_next_of_the_same_run(desk, decided, rows):
    taken = decided(), decided(), decided(prices=["35.50"])
    cancelled = decided(prices=["125.00"])
    run(desk)
    cancel(desk, cancelled)
    more = decided(), decided(), decided()

    told = run(desk, most=2)

    first, *others = payments(desk)
    assert len(first["detail"]) == 4
    assert [len(each["detail"]) for each in others] == [3, 1]
    assert [str(each["paymentAmount"]["value"]) for each in others] == ["60.00", "80.00"]
    assert [paid.payment_id for paid in told] == [each["id"] for each in others]
    assert {desk.submission(each).state for each in (*taken, *more)} == {State.PAID}
    assert_balanced(rows)


def test_a_claim_in_doubt_holds_up_no_other_however_little_a_payment_holds(desk, decided, rows):
    bad, *good = (decided() for _ in range(3))
    rows.change(tables.submission, {"type": "Claim", "id": bad.stored.id}, total=Decimal(1))

    told = run(desk, most=1)

    assert [len(paid.settlement.details) for paid in told] == [1, 1]
    assert [dict(paid.faults) for paid in told] == [{bad.stored.id: Fault.SUM}, {}]
    assert {desk.submission(each).state for each in good} == {State.PAID}
    assert desk.submission(bad).state is State.PAYABLE


def test_what_is_in_doubt_is_not_what_others_are_carried_for(desk, decided, rows):
    paid_before = decided()
    run(desk)
    cancel(desk, paid_before)
    row = {"type": "Claim", "id": paid_before.stored.id}
    rows.change(tables.submission, row, state=State.PAID, total=Decimal("1.00"))
    small = decided(prices=["50.00"])

    told = run(desk, most=1)

    assert [str(paid.amount.amount) for paid in told] == ["40.00"]
    assert told[0].faults == {paid_before.stored.id: Fault.SUM}
    assert desk.submission(small).state is State.PAID


def test_what_is_carried_is_the_sum_of_all_however_little_a_payment_holds(desk, decided, rows):
    for taken in [decided() for _ in range(3)]:
        run(desk)
        cancel(desk, taken)
    decided(prices=["50.00"])

    [carried] = run(desk, most=1)

    assert (carried.payment_id, str(carried.amount.amount)) == (None, "-200.00")
    assert [row["carried"] for row in rows.of(tables.payee_ledger)] == [-20000]


# --- the calendar, and what happens twice


def test_a_night_pays_what_the_day_left_and_the_next_one_nothing(desk, decided, worker, clock):
    taken = decided()
    assert desk.submission(taken).state is State.PAYABLE

    clock.forward(days=1)
    assert worker.drain() == 1

    assert desk.submission(taken).state is State.PAID
    clock.forward(days=1)
    assert worker.drain() == 0
    assert len(payments(desk)) == 1


def test_a_payer_that_pays_by_hand_has_no_nights(desk, decided, worker, clock, registry):
    taken = decided()
    registry.settle_rules(pays_daily=False)

    clock.forward(days=1)
    assert worker.drain() == 0

    assert desk.submission(taken).state is State.PAYABLE
    assert len(run(desk)) == 1


def test_a_second_run_pays_nothing(desk, decided, rows):
    decided()
    run(desk)
    before = rows.counts()

    assert run(desk) == []
    assert rows.counts() == before


def test_a_ledger_of_another_submitter_is_not_paid(desk, stranger, decided, payer):
    decided()
    [ledger] = unsettled(desk.installation, payer)

    with pytest.raises(LookupError):
        stranger.do(lambda work: pay(ledger.id, payer, work))
    assert desk.do(lambda work: pay(ledger.id, payer, work)).payment_id is not None


def test_a_period_begins_with_the_oldest_decision(desk, decided, clock):
    decided()
    clock.forward(days=3)
    decided()

    run(desk)

    assert {payment["period"]["end"] for payment in payments(desk)} <= {"2026-03-05"}
    assert min(payment["period"]["start"] for payment in payments(desk)) == "2026-03-02"
