"""Jobs of the calendar: what is open of a preauthorization expires when its last day is over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest

from app import create_worker
from app.gateway.administering.new_payer import new_payer
from app.gateway.jobs.kinds import EXPIRE_PREAUTHORIZATION
from app.gateway.jobs.nights import Nights
from app.store import tables
from tests.builders import a_claim, a_quote, a_task
from tests.store.terms import money

WAIT_SECONDS = 60
# Decided on 2 March 2026, it holds for 90 days, to 31 May; for 90 more Claims may come.
LAST_DAY = datetime(2026, 8, 29, 23, 59, 59, tzinfo=UTC)
DAY_AFTER = datetime(2026, 8, 30, tzinfo=UTC)


@pytest.fixture
def preauthorized(desk, insured, worker):
    """A preauthorization over 80.00."""
    taken = desk.create(a_claim("preauthorization"))
    worker.drain()
    return taken


def sums(rows, taken):
    now = money(rows.of(tables.reservation_line, submission_id=taken.stored.id))
    return {name: now[name] for name in ("open", "released", "expired") if name in now}


def expiries(rows):
    return rows.of(tables.audit, action="expire")


def test_on_its_last_day_it_still_holds_and_on_the_next_it_has_expired(
    worker, rows, clock, preauthorized
):
    clock.now = LAST_DAY
    assert worker.drain() == 0
    assert sums(rows, preauthorized) == {"open": 8000}

    clock.now = DAY_AFTER
    assert worker.drain() == 1

    assert sums(rows, preauthorized) == {"expired": 8000}
    [event] = expiries(rows)
    assert (event["actor"], event["outcome"]) == ("calendar", "expired")
    assert event["resource_id"] == preauthorized.stored.id


def test_the_day_is_the_payers(worker, rows, clock, registry, preauthorized):
    registry.settle_rules(zone=ZoneInfo("America/New_York"))
    clock.now = DAY_AFTER
    assert worker.drain() == 0
    assert sums(rows, preauthorized) == {"open": 8000}

    clock.forward(hours=4)
    worker.drain()

    assert sums(rows, preauthorized) == {"expired": 8000}


def test_the_days_that_the_submitter_billed_are_those_it_holds(desk, insured, worker, rows, clock):
    billed = {"start": "2026-03-01", "end": "2026-03-05"}
    taken = desk.create(a_claim("preauthorization", billablePeriod=billed))
    worker.drain()

    # 90 days after 5 March are 3 June.
    clock.now = datetime(2026, 6, 3, 23, tzinfo=UTC)
    worker.drain()
    assert sums(rows, taken) == {"open": 8000}
    clock.now = datetime(2026, 6, 4, tzinfo=UTC)
    worker.drain()
    assert sums(rows, taken) == {"expired": 8000}


def test_what_claims_have_used_does_not_expire(desk, worker, rows, clock, preauthorized):
    quote = a_quote(preauthorized.stored.id)
    desk.create(a_claim(insurance=quote, prices=["12.50"], serviced="2026-03-02"))
    worker.drain()

    clock.now = DAY_AFTER
    worker.drain()

    assert sums(rows, preauthorized) == {"expired": 7000}


def test_what_was_released_or_cancelled_before_does_not_expire(
    desk, insured, worker, rows, clock, preauthorized
):
    other = desk.create(a_claim("preauthorization"))
    worker.drain()
    desk.task(a_task("release", focus=preauthorized.stored.reference))
    desk.task(a_task("cancel", focus=other.stored.reference))

    clock.now = DAY_AFTER
    worker.drain()

    assert [sums(rows, one) for one in (preauthorized, other)] == [{"released": 8000}] * 2
    # The released one is closed for good; the cancelled one was closed already.
    assert [event["resource_id"] for event in expiries(rows)] == [preauthorized.stored.id]


def test_one_that_is_decided_again_after_its_time_expires_with_its_decision(
    desk, worker, rows, clock, preauthorized
):
    clock.now = LAST_DAY
    desk.task(a_task("reprocess", focus=preauthorized.stored.reference))
    clock.now = DAY_AFTER

    worker.drain()

    # Its days are those it was first decided on: the night finds it closed.
    assert sums(rows, preauthorized) == {"expired": 8000}
    assert expiries(rows) == []


def test_one_whose_run_out_was_prolonged_after_its_job_was_enqueued_does_not_expire(
    desk, worker, rows, clock, installation, registry, payer, preauthorized
):
    clock.now = DAY_AFTER
    assert Nights(installation).enqueue([payer]) == 1
    registry.settle_rules(preauthorization_run_out=timedelta(days=91))
    worker.drain()

    assert sums(rows, preauthorized) == {"open": 8000}
    assert desk.jobs() == []


def test_until_its_run_out_is_over_a_claim_finds_it_and_then_not_even_before_the_nights_job(
    desk, worker, rows, clock, preauthorized
):
    def decided(price):
        quoting = {"insurance": a_quote(preauthorized.stored.id), "serviced": "2026-03-02"}
        taken = desk.create(a_claim(prices=[price], **quoting))
        worker.decide_now(("Claim", taken.stored.id), desk.client.payer)

    clock.now = LAST_DAY
    decided("12.50")
    assert sums(rows, preauthorized) == {"open": 7000}

    clock.now = DAY_AFTER
    decided("25.00")
    assert sums(rows, preauthorized) == {"open": 7000}
    worker.drain()
    assert sums(rows, preauthorized) == {"expired": 7000}


def test_a_day_is_enqueued_once_however_often_the_clock_ticks(
    rows, clock, installation, payer, preauthorized
):
    clock.now = DAY_AFTER

    ticks = [Nights(installation).enqueue([payer]) for _ in range(3)]

    assert ticks == [1, 0, 0]
    slots = [row["slot"] for row in rows.of(tables.calendar_slot, kind=EXPIRE_PREAUTHORIZATION)]
    assert slots == [f"{payer.id} 2026-03-02", f"{payer.id} 2026-08-30"]


def test_each_payer_has_its_own_day(rows, clock, installation, registry, payer, preauthorized):
    second = new_payer(installation, "Second")
    clock.now = DAY_AFTER

    assert Nights(installation).enqueue([second]) == 0
    assert Nights(installation).enqueue([payer, second]) == 1


def test_of_two_clocks_at_once_one_enqueues(rows, clock, installation, preauthorized):
    clock.now = DAY_AFTER
    together = Barrier(2)

    def tick(_):
        own = create_worker(installation)
        together.wait(WAIT_SECONDS)
        return own.drain()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tick, range(2)))

    assert sums(rows, preauthorized) == {"expired": 8000}
    assert len(expiries(rows)) == 1
