"""Leases on pended answers: lent, lapsed, parked, acknowledged, put back; and what waits behind."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from app.domain import leases
from app.domain.codes import HandOver, TaskCode, TaskStatus
from app.domain.parties import Scope
from app.domain.period import Period
from app.domain.selection import Selection
from app.domain.tasks import Remaining
from app.store import tables
from app.store.leases import Standing
from app.store.pended import Answer
from app.store.tables import Delivery
from app.store.tasks import TaskRow
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

ALL = Selection()
CLAIM, OTHER = ("Claim", "C1"), ("Claim", "C2")
LENT = HandOver.ACKNOWLEDGED
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
ENDED = [Delivery.LEASED, Delivery.PARKED, Delivery.UNDELIVERED]


def pend(work, *ids, submission=CLAIM, type="ClaimResponse", version=1, handed_over=None):
    for id in ids:
        answer = Answer(
            MINE.submitter_id if work.scope == PAYERS else work.scope.submitter_id,
            type,
            id,
            version,
            Period(NOW, NOW),
            100,
            submission,
        )
        work.pended.add(answer, handed_over=handed_over)


def polled(work, limit=100, selection=ALL, how=LENT, task="T1"):
    """What a poll hands over and keeps of it, as ids with the so-manieth time."""
    work.leases.park()
    items = work.pended.deliver(work.pended.undelivered(selection, limit), how)
    work.pended.record_hand_over(task, items)
    return [(item.resource_id, item.deliveries) for item in items]


def states(connection):
    pended = tables.pended.c
    rows = connection.execute(select(pended.resource_id, pended.state).order_by(pended.seq))
    return {id: state for id, state in rows}  # noqa: C416  a Row is no pair to dict()


def row(connection, id):
    found = connection.execute(select(tables.pended).filter_by(resource_id=id)).one()
    return (found.state, found.leased_until, found.leases, found.deliveries)


def put(connection, id, **values):
    where = tables.pended.c.resource_id == id
    connection.execute(update(tables.pended).where(where).values(**values))


def lent_and_lapsed(view, times):
    """Poll so many times, each when the lease before is over; the instant at which the last is."""
    now = NOW
    for number in range(times):
        assert polled(view(MINE, now), task=f"lapsed-{number}") != []
        now += leases.length(number)
    return now


# --- lending


def test_what_is_lent_is_lent_for_five_minutes(work, connection):
    pend(work, "R1")

    assert polled(work) == [("R1", 1)]
    assert row(connection, "R1") == (Delivery.LEASED, NOW + timedelta(minutes=5), 1, 1)
    assert polled(work, task="T2") == []
    assert work.pended.remaining(ALL) == Remaining(0)


@pytest.mark.parametrize(
    ("later", "is_due"), [(leases.FIRST - TICK, False), (leases.FIRST, True), (DAY, True)]
)
def test_a_lease_that_lapsed_is_due_without_any_move(view, later, is_due):
    pend(view(MINE), "R1")
    polled(view(MINE))
    then = view(MINE, NOW + later)

    assert then.pended.remaining(ALL) == Remaining(int(is_due))
    assert polled(then, task="T2") == ([("R1", 2)] if is_due else [])


def test_each_lease_is_three_times_as_long_and_the_fifth_is_the_last(view, connection):
    pend(view(MINE), "R1")
    now, seen = NOW, []
    for number in range(leases.MOST):
        assert polled(view(MINE, now), task=f"T{number}") == [("R1", number + 1)]
        _, until, _, _ = row(connection, "R1")
        seen.append((until - now) / timedelta(minutes=1))
        assert polled(view(MINE, until - TICK), task="early") == []
        now = until

    assert seen == [5, 15, 45, 135, 405]
    assert polled(view(MINE, now), task="last") == []
    assert row(connection, "R1") == (Delivery.PARKED, None, leases.MOST, leases.MOST)
    assert view(MINE, now).pended.remaining(ALL) == Remaining(0)


def test_what_is_handed_over_as_it_is_pended_is_lent(work, connection):
    pend(work, "R1", handed_over=LENT)

    assert row(connection, "R1") == (Delivery.LEASED, NOW + leases.FIRST, 1, 1)
    assert polled(work) == []


def test_what_was_withdrawn_in_between_is_not_lent(work, connection):
    pend(work, "R1", "R2")
    items = work.pended.undelivered(ALL, 2)
    put(connection, "R1", state=Delivery.WITHDRAWN)

    assert [item.resource_id for item in work.pended.deliver(items, LENT)] == ["R2"]
    assert states(connection) == {"R1": Delivery.WITHDRAWN, "R2": Delivery.LEASED}


def test_of_two_polls_that_saw_the_same_only_one_lends_it(work):
    pend(work, "R1")
    items = work.pended.undelivered(ALL, 1)

    assert len(work.pended.deliver(items, LENT)) == 1
    assert work.pended.deliver(items, LENT) == []


def test_a_submitter_that_acknowledges_no_longer_gets_what_lapsed_for_good(view, connection):
    pend(view(MINE), "R1")
    polled(view(MINE))

    then = view(MINE, NOW + leases.FIRST)

    assert polled(then, how=HandOver.ON_HANDOVER, task="T2") == [("R1", 2)]
    assert row(connection, "R1")[:2] == (Delivery.DELIVERED, None)


# --- the order within a Claim


@pytest.mark.parametrize(
    ("submission", "expected"), [(CLAIM, []), (OTHER, ["R2"]), (None, ["R2"])], ids=str
)
def test_what_comes_later_waits_for_a_lease_on_its_own_claim_only(work, submission, expected):
    pend(work, "R1", handed_over=LENT)
    pend(work, "R2", submission=submission)

    assert [id for id, _ in polled(work)] == expected
    # What waits behind a lease is still to come.
    assert work.pended.remaining(ALL) == Remaining(1 - len(expected))


def test_answers_without_a_submission_do_not_wait_for_each_other(work):
    pend(work, "R1", submission=None, handed_over=LENT)
    pend(work, "R2", submission=None)

    assert polled(work) == [("R2", 1)]


def test_the_same_id_of_another_type_of_submission_does_not_wait(work):
    pend(work, "R1", handed_over=LENT)
    pend(work, "R2", submission=("Communication", CLAIM[1]))

    assert polled(work) == [("R2", 1)]


def test_what_comes_earlier_does_not_wait_for_a_lease_on_what_comes_later(work):
    pend(work, "R1")
    pend(work, "E1", type="ExplanationOfBenefit")
    later = Selection(included=frozenset({"ExplanationOfBenefit"}))

    assert polled(work, selection=later) == [("E1", 1)]
    assert polled(work, task="T2") == [("R1", 1)]


def test_filters_do_not_lead_past_a_lease(work):
    pend(work, "R1", handed_over=LENT)
    pend(work, "E1", type="ExplanationOfBenefit")
    only = Selection(included=frozenset({"ExplanationOfBenefit"}))

    assert polled(work, selection=only) == []
    assert work.pended.remaining(only) == Remaining(1)


def test_several_answers_of_a_claim_go_at_once_and_in_order(work):
    pend(work, "R1", "R2", "R3")

    assert [id for id, _ in polled(work, limit=2)] == ["R1", "R2"]
    assert polled(work, task="T2") == []


def test_a_claim_goes_on_when_its_lease_ends(view, connection):
    pend(view(MINE), "R1", "R2")
    polled(view(MINE), limit=1)
    assert polled(view(MINE), task="T2") == []

    view(MINE).leases.acknowledge_polls(["T1"])

    assert polled(view(MINE), task="T3") == [("R2", 1)]


def test_a_short_lease_waits_for_a_longer_one_before_it(view):
    pend(view(MINE), "R1")
    polled(view(MINE))
    again = NOW + leases.FIRST
    pend(view(MINE, again), "R2")
    assert polled(view(MINE, again), task="T2") == [("R1", 2), ("R2", 1)]

    # R2 has lapsed after five minutes, R1 is lent for fifteen.
    assert polled(view(MINE, again + leases.FIRST), task="T3") == []
    expected = [("R1", 3), ("R2", 2)]
    assert polled(view(MINE, again + leases.length(1)), task="T4") == expected


@pytest.mark.parametrize("state", [Delivery.WITHDRAWN, Delivery.PARKED, Delivery.DELIVERED])
def test_nothing_waits_for_what_is_not_lent_any_more(work, connection, state):
    pend(work, "R1", handed_over=LENT)
    pend(work, "R2")
    put(connection, "R1", state=state)

    assert polled(work) == [("R2", 1)]


# --- acknowledging


@pytest.mark.parametrize("state", list(Delivery))
def test_an_acknowledgement_ends_whatever_is_not_ended_yet(work, connection, state):
    pend(work, "R1")
    polled(work)
    put(connection, "R1", state=state)

    assert work.leases.acknowledge_polls(["T1"]) == int(state in ENDED)
    assert states(connection) == {"R1": Delivery.DELIVERED if state in ENDED else state}
    assert work.leases.acknowledge_polls(["T1"]) == 0


def test_what_was_never_handed_over_is_not_acknowledged(work, connection):
    pend(work, "R1")
    seqs = [item.seq for item in work.pended.undelivered(ALL, 1)]

    assert work.leases.acknowledge(seqs) == 0
    assert work.leases.given([("ClaimResponse", "R1")]) == []
    polled(work)
    assert work.leases.acknowledge(seqs) == 1


def test_a_poll_is_acknowledged_in_the_versions_that_it_handed_over(work, connection):
    pend(work, "R1", "R2")
    polled(work, limit=1)
    polled(work, task="T2")
    pend(work, "R1", version=2, handed_over=LENT)

    assert work.leases.acknowledge_polls(["T1"]) == 1

    pended = tables.pended.c
    rows = connection.execute(select(pended.resource_id, pended.version, pended.state))
    expected = {("R1", 1, Delivery.DELIVERED), ("R2", 1, Delivery.UNDELIVERED)}
    assert {tuple(one) for one in rows} == expected | {("R1", 2, Delivery.LEASED)}


def test_an_acknowledgement_counts_what_of_a_poll_has_arrived(work, connection):
    pend(work, "R1", submission=CLAIM)
    pend(work, "R2", submission=OTHER)
    polled(work)
    (given,) = work.leases.given([("ClaimResponse", "R1")])

    assert work.leases.acknowledge([given.seq]) == 1
    assert work.leases.acknowledged("T1") == 1
    assert work.leases.acknowledge_polls(["T1"]) == 1
    assert work.leases.acknowledged("T1") == 2
    assert work.leases.acknowledged("T2") == 0


@pytest.mark.parametrize("scope", [THEIRS, FOREIGN], ids=["submitter", "payer"])
def test_nobody_else_acknowledges(view, connection, scope):
    pend(view(MINE), "R1")
    polled(view(MINE))
    (given,) = view(MINE).leases.given([("ClaimResponse", "R1")])

    assert view(scope).leases.acknowledge([given.seq]) == 0
    assert view(scope).leases.acknowledge_polls(["T1"]) == 0
    assert view(scope).leases.given([("ClaimResponse", "R1")]) == []
    assert view(scope).leases.acknowledged("T1") == 0
    assert states(connection) == {"R1": Delivery.LEASED}
    assert view(MINE).leases.acknowledge_polls(["T1"]) == 1


def test_what_a_hand_over_to_another_names_is_not_acknowledged_by_it(view, connection):
    """Nobody is handed what is another's; if it were so, it would still not count."""
    pend(view(MINE), "R1")
    polled(view(MINE))
    items = view(MINE).pended.newest_delivered(ALL)
    view(THEIRS).pended.record_hand_over("T2", items)
    view(MINE).replay_keys.keep("key", "content", "Task", "T2", DAY)

    assert view(MINE).leases.acknowledge_polls(["T2"]) == 0
    assert view(MINE).leases.acknowledged("T2") == 0
    assert view(MINE, NOW + DAY).replay_keys.find("key") is None
    assert states(connection) == {"R1": Delivery.LEASED}
    assert view(MINE).leases.acknowledge_polls(["T1"]) == 1


# --- parked


def test_parking_takes_only_what_was_lent_for_the_last_time(view, connection):
    pend(view(MINE), "R1")
    over = lent_and_lapsed(view, leases.MOST)
    pend(view(MINE, over), "R2", submission=OTHER, handed_over=LENT)
    pend(view(THEIRS, over), "R3")

    assert view(MINE, over - TICK).leases.park() == 0
    assert view(THEIRS, over).leases.park() == 0
    assert view(MINE, over).leases.park() == 1
    assert states(connection) == {
        "R1": Delivery.PARKED,
        "R2": Delivery.LEASED,
        "R3": Delivery.UNDELIVERED,
    }


def test_what_is_parked_is_lent_by_name_for_five_minutes_at_a_time(view, connection):
    pend(view(MINE), "R1")
    over = lent_and_lapsed(view, leases.MOST)
    then = view(MINE, over)
    then.leases.park()

    (item,) = then.pended.parked(Selection(answers_to=CLAIM), 100)
    assert [one.deliveries for one in then.pended.deliver([item], LENT)] == [leases.MOST + 1]

    assert row(connection, "R1")[:2] == (Delivery.LEASED, over + leases.FIRST)
    assert view(MINE, over + leases.FIRST).pended.undelivered(ALL, 100) == []
    assert view(MINE, over + leases.FIRST).leases.park() == 1


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (ALL, ["R1", "R2"]),
        (Selection(answers_to=CLAIM), ["R1"]),
        (Selection(answers_to=OTHER), ["R2"]),
        (Selection(included=frozenset({"Communication"})), []),
    ],
)
def test_parked_is_found_by_what_is_asked_for(work, connection, selection, expected):
    pend(work, "R1")
    pend(work, "R2", submission=OTHER)
    pend(work, "R3", submission=OTHER)
    for id in ("R1", "R2"):
        put(connection, id, state=Delivery.PARKED)

    assert [item.resource_id for item in work.pended.parked(selection, 100)] == expected


# --- put back by an operator


@pytest.mark.parametrize(
    ("scope", "expected", "left"),
    [(MINE, ["R1", "R2"], []), (PAYERS, ["R1", "R2"], ["R4"]), (THEIRS, ["R4"], [])],
)
def test_what_is_put_back_has_all_its_leases_again(view, connection, scope, expected, left):
    pend(view(MINE), "R1", "R2", "R3")
    pend(view(THEIRS), "R4")
    for id in ("R1", "R2", "R4"):
        put(connection, id, state=Delivery.PARKED, leases=leases.MOST, deliveries=7)

    back = view(scope).leases.put_back(2)

    assert [(one.resource_id, one.deliveries) for one in back] == [(id, 7) for id in expected]
    for id in expected:
        assert row(connection, id) == (Delivery.UNDELIVERED, None, 0, 7)
    assert states(connection)["R3"] == Delivery.UNDELIVERED
    assert [one.resource_id for one in view(scope).leases.put_back(2)] == left


def test_what_is_put_back_is_told_with_its_true_number(view, connection):
    pend(view(MINE), "R1")
    over = view(MINE, lent_and_lapsed(view, leases.MOST))
    over.leases.park()
    over.leases.put_back(100)

    assert polled(over) == [("R1", leases.MOST + 1)]
    assert row(connection, "R1")[1] == over.now + leases.FIRST


def test_a_queue_is_told_as_it_stands_at_the_instant(view, connection):
    pend(view(MINE), "R1")
    over = lent_and_lapsed(view, leases.MOST)
    pend(view(MINE, over), "R2", submission=OTHER, handed_over=LENT)
    pend(view(MINE, over), "R3", "R4", submission=("Claim", "C3"))
    pend(view(THEIRS, over), "R5", handed_over=HandOver.ON_HANDOVER)
    mine = MINE.submitter_id

    # R1 is parked although nobody has polled since.
    assert view(PAYERS, over).leases.standings() == [Standing(mine, 2, 1, 1)]
    assert view(PAYERS, over + leases.FIRST).leases.standings() == [Standing(mine, 3, 0, 1)]
    assert view(PAYERS, over - TICK).leases.standings() == [Standing(mine, 2, 2, 0)]
    assert view(THEIRS, over).leases.standings() == []
    assert view(Scope(FOREIGN.payer_id), over).leases.standings() == []


# --- what a hand-over keeps


def test_a_hand_over_keeps_the_so_manieth_time(view):
    pend(view(MINE), "R1")
    polled(view(MINE))
    later = view(MINE, NOW + leases.FIRST)
    pend(later, "R2", submission=OTHER)
    polled(later, task="T2")

    assert later.pended.handed_over("T1") == {("ClaimResponse", "R1", 1): 1}
    again = {("ClaimResponse", "R1", 1): 2, ("ClaimResponse", "R2", 1): 1}
    assert later.pended.handed_over("T2") == again
    assert view(THEIRS).pended.handed_over("T2") == {}
    assert view(FOREIGN).pended.handed_over("T2") == {}
    assert view(PAYERS).pended.handed_over("T2") == later.pended.handed_over("T2")


def test_only_a_poll_of_ones_own_is_a_poll(view):
    for id, code in (("T1", TaskCode.POLL), ("T2", TaskCode.CANCEL)):
        view(MINE).tasks.add(TaskRow(id, code, TaskStatus.COMPLETED, None, None))

    assert view(MINE).tasks.polls(["T1", "T2", "T3"]) == {"T1"}
    assert view(THEIRS).tasks.polls(["T1"]) == set()
    assert view(FOREIGN).tasks.polls(["T1"]) == set()


@pytest.mark.parametrize("state", list(Delivery))
def test_a_key_lasts_while_something_of_its_poll_is_not_acknowledged(view, connection, state):
    pend(view(MINE), "R1")
    polled(view(MINE))
    view(MINE).replay_keys.keep("key", "content", "Task", "T1", DAY)
    put(connection, "R1", state=state)
    then = view(MINE, NOW + 30 * DAY).replay_keys

    is_kept = state in ENDED
    assert (then.find("key") is not None) == is_kept
    assert then.keep("key", "content", "Task", "T2", DAY) is not is_kept


def test_a_key_is_not_kept_by_what_another_poll_or_another_submitter_was_given(view, connection):
    connection.execute(
        insert(tables.handed_over),
        {
            "payer_id": FOREIGN.payer_id,
            "task_id": "T2",
            "position": 0,
            "submitter_id": FOREIGN.submitter_id,
            "type": "ClaimResponse",
            "resource_id": "R1",
            "version": 1,
        },
    )
    pend(view(MINE), "R1")
    polled(view(MINE))
    for id in ("T1", "T2"):
        view(MINE).replay_keys.keep(id, "content", "Task", id, DAY)

    then = view(MINE, NOW + DAY).replay_keys

    assert [then.find(id) is not None for id in ("T1", "T2")] == [True, False]
