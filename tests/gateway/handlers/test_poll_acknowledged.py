"""Task.code `poll` for a submitter that acknowledges, straight at its handler."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from app.domain import leases
from app.domain.codes import HandOver, OutputType, TaskCode
from app.domain.parties import Client
from app.domain.references import Reference
from app.domain.tasks import Output, Redelivered, Remaining, completed
from app.gateway.handlers.poll import BUNDLE_BYTES, Poll, poll
from app.store import tables
from app.store.tables import Delivery
from tests.builders import a_claim, an_eligibility_request
from tests.gateway.desk import Desk, on

WAIT_SECONDS = 60


@pytest.fixture
def submitter(registry) -> Client:
    """A submitter that acknowledges."""
    return registry.submitter(hand_over=HandOver.ACKNOWLEDGED).client


@pytest.fixture
def decided(desk, insured, worker):
    """A decided Claim with two answers in the queue."""
    taken = desk.create(a_claim())
    worker.drain()
    return taken


def polls(desk, focus=None, *, task_id="T1", **filters):
    request = desk.request(TaskCode.POLL, Poll(**filters), focus, (), task_id)
    return desk.do(lambda work: poll(request, work))


def states(desk):
    return [state for _, state in desk.pended()]


def response(outcome):
    return next((out.value for out in outcome.outputs if out.type == OutputType.RESPONSE), None)


def handed(desk, task_id):
    return [type for type, _, _ in desk.see(lambda work: work.pended.handed_over(task_id))]


def parked(desk):
    desk.change(tables.pended, state=Delivery.PARKED, leases=leases.MOST, deliveries=leases.MOST)


# --- done


def test_what_comes_back_is_told_as_such(desk, clock):
    taken = desk.create(an_eligibility_request())
    reference = Reference(*taken.related.split("/"), 1)
    nothing = Output(OutputType.REMAINING, Remaining(0))
    assert polls(desk) == completed(Output(OutputType.RESPONSE, reference), nothing, handed_over=1)
    assert polls(desk, task_id="T2") == completed(nothing, keeps_key=False, handed_over=0)

    clock.now += leases.FIRST

    again = Output(OutputType.RESPONSE, Redelivered(reference, 2))
    assert polls(desk, task_id="T3") == completed(again, nothing, handed_over=1)
    assert states(desk) == [Delivery.LEASED]


def test_a_bundle_is_named_the_same_however_often_its_answers_came(desk, decided, clock):
    polls(desk, count=2)
    clock.now += leases.FIRST

    assert response(polls(desk, count=2, task_id="T2")) == Reference("Bundle", "T2")
    told = desk.see(lambda work: [work.pended.handed_over(id) for id in ("T1", "T2")])
    assert [set(one.values()) for one in told] == [{1}, {2}]


@pytest.mark.parametrize(("limit", "expected"), [(1, 1), (2, 2), (100, 2)])
def test_what_is_parked_is_lent_by_focus_up_to_the_count(desk, decided, limit, expected):
    parked(desk)

    polls(desk, on(decided), count=limit)

    lent = [Delivery.LEASED] * expected + [Delivery.PARKED] * (2 - expected)
    assert states(desk) == lent


def test_what_is_parked_fits_into_a_bundle(desk, decided):
    parked(desk)
    desk.change(tables.pended, size=BUNDLE_BYTES // 2 + 1)

    polls(desk, on(decided), count=100)

    assert handed(desk, "T1") == ["ClaimResponse"]
    assert states(desk) == [Delivery.LEASED, Delivery.PARKED]


def test_what_is_parked_is_not_touched_without_a_focus(desk, decided):
    parked(desk)

    assert response(polls(desk)) is None
    assert states(desk) == [Delivery.PARKED] * 2
    assert response(polls(desk, on(decided), task_id="T2")) is not None


def test_on_hand_over_what_is_parked_is_delivered_by_focus(desk, decided):
    """A submitter that no longer acknowledges has nothing lent to it any more."""
    parked(desk)
    plain = replace(desk, client=replace(desk.client, hand_over=HandOver.ON_HANDOVER))

    assert response(polls(plain, count=100)) is None
    polls(plain, on(decided), count=100, task_id="T2")

    assert handed(desk, "T2") == ["ClaimResponse", "ExplanationOfBenefit"]
    assert states(desk) == [Delivery.DELIVERED] * 2


# --- together


def test_polls_at_once_never_lend_one_answer_twice(desk):
    for _ in range(8):
        desk.create(an_eligibility_request())
    together = Barrier(4)

    def collect(worker: int) -> list[Reference]:
        together.wait(WAIT_SECONDS)
        found = [response(polls(desk, task_id=f"{worker}-{number}")) for number in range(8)]
        return [one for one in found if one is not None]

    with ThreadPoolExecutor(4) as pool:
        received = [one for found in pool.map(collect, range(4)) for one in found]

    assert len(received) == len(set(received)) == 8
    assert states(desk) == [Delivery.LEASED] * 8


def test_polls_of_two_modes_share_a_queue(desk: Desk):
    for _ in range(2):
        desk.create(an_eligibility_request())
    plain = replace(desk, client=replace(desk.client, hand_over=HandOver.ON_HANDOVER))

    polls(desk)
    polls(plain, task_id="T2")

    assert states(desk) == [Delivery.LEASED, Delivery.DELIVERED]
