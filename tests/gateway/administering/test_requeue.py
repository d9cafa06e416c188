"""Putting back: everything, in as many transactions as it takes, and nothing of another's."""

from decimal import Decimal

import pytest

from app.domain.lifecycle import State
from app.domain.parties import Scope
from app.domain.settlement import Fault
from app.gateway.administering.requeue import (
    AT_ONCE,
    requeue_abandoned,
    requeue_parked,
    requeue_quarantined,
)
from app.store import tables
from app.store.tables import Delivery, JobState
from tests.builders import a_claim, an_eligibility_request
from tests.gateway.paying import run


@pytest.fixture
def parked(desk, rows):
    """One parked answer, and as many more beside it as a test wants."""

    def made(number):
        desk.create(an_eligibility_request())
        desk.change(tables.pended, state=Delivery.PARKED, leases=5, deliveries=5)
        (row,) = rows.of(tables.pended)
        del row["seq"]
        if number > 1:
            more = ({**row, "resource_id": f"r{index}"} for index in range(number - 1))
            rows.add(tables.pended, *more)

    return made


@pytest.mark.parametrize("number", [1, AT_ONCE, AT_ONCE + 1])
def test_every_parked_answer_is_put_back_with_an_audit_row(
    desk, installation, rows, parked, number
):
    parked(number)

    put_back = requeue_parked(installation, desk.client.scope)

    assert len(put_back) == len(rows.of(tables.audit, action="requeue")) == number
    found = {(row["state"], row["leases"], row["deliveries"]) for row in rows.of(tables.pended)}
    assert found == {(Delivery.UNDELIVERED, 0, 5)}


def test_what_is_not_given_up_stays_as_it_is(desk, stranger, installation, rows, parked):
    parked(1)
    stranger.create(a_claim())

    assert requeue_parked(installation, stranger.client.scope) == []
    assert requeue_abandoned(installation, stranger.client.scope) == []
    assert rows.of(tables.audit, action="requeue") == []
    assert len(requeue_parked(installation, Scope(desk.client.payer.id))) == 1


@pytest.mark.parametrize("number", [1, 2])
def test_an_abandoned_job_is_decided_after_all(desk, insured, installation, worker, number):
    for _ in range(number):
        desk.create(a_claim())
    desk.change(tables.job, state=JobState.ABANDONED, attempts=10, fault="RuntimeError")
    assert worker.drain() == 0

    assert len(requeue_abandoned(installation, desk.client.scope)) == number
    assert [job[1:] for job in desk.jobs()] == [(JobState.WAITING, 0, None)] * number
    assert worker.drain() == number


# --- Claims in quarantine


@pytest.fixture
def in_quarantine(desk, insured, worker, rows):
    """A Claim whose row was changed past the gateway, so that no run pays it."""
    taken = desk.create(a_claim())
    worker.drain()
    rows.change(tables.submission, {"type": "Claim", "id": taken.stored.id}, total=Decimal(1))
    run(desk)
    assert len(rows.of(tables.payment_quarantine)) == 1
    return taken


def test_a_claim_that_is_not_mended_goes_back_to_quarantine(
    desk, installation, worker, rows, in_quarantine
):
    [released] = requeue_quarantined(installation, desk.client.scope)

    assert (released.claim_id, released.fault) == (in_quarantine.stored.id, Fault.SUM)
    assert rows.of(tables.payment_quarantine) == []
    assert worker.drain() == 1
    assert [row["fault"] for row in rows.of(tables.payment_quarantine)] == [Fault.SUM]
    assert desk.submission(in_quarantine).state is State.PAYABLE


def test_a_claim_that_is_mended_is_paid_once_it_is_put_back(
    desk, stranger, installation, worker, rows, in_quarantine
):
    claim = {"type": "Claim", "id": in_quarantine.stored.id}
    rows.change(tables.submission, claim, total=Decimal("80.00"))
    assert requeue_quarantined(installation, stranger.client.scope) == []
    assert worker.drain() == 0

    requeue_quarantined(installation, desk.client.scope)

    assert worker.drain() == 1
    assert desk.submission(in_quarantine).state is State.PAID
    assert [row["resource_id"] for row in rows.of(tables.audit, action="requeue")] == [claim["id"]]
    assert rows.of(tables.payment_quarantine) == []
