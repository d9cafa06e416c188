"""The queue of undelivered answers: order, filters, moves, and what a poll handed over."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import NoResultFound

from app.domain.codes import HandOver
from app.domain.period import Period
from app.domain.selection import Selection
from app.domain.tasks import Remaining
from app.store import tables
from app.store.pended import COUNTED_EXACTLY, Answer
from app.store.tables import Delivery
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

ALL = Selection()
CLAIM = ("Claim", "C1")


def pend(work, id, type="ClaimResponse", *, submission=CLAIM, dated=None, handed_over=None, **rest):
    answer = Answer(
        submitter_id=rest.pop("submitter_id", work.scope.submitter_id),
        type=type,
        resource_id=id,
        version=rest.pop("version", 1),
        dated=dated or Period(NOW, NOW),
        size=100,
        submission=submission,
        **rest,
    )
    work.pended.add(answer, handed_over=handed_over)


def waiting(work, selection=ALL, limit=100):
    return [item.resource_id for item in work.pended.undelivered(selection, limit)]


def states(connection):
    rows = connection.execute(select(tables.pended.c.resource_id, tables.pended.c.state))
    return {id: state for id, state in rows}  # noqa: C416  a Row is no pair to dict()


def set_state(connection, id, state):
    connection.execute(
        update(tables.pended).where(tables.pended.c.resource_id == id).values(state=state)
    )


@pytest.mark.parametrize(
    ("scope", "is_seen"), [(MINE, True), (THEIRS, False), (PAYERS, True), (FOREIGN, False)]
)
def test_an_answer_waits_for_its_submitter_alone(view, scope, is_seen):
    pend(view(MINE), "R1")

    assert waiting(view(scope)) == (["R1"] if is_seen else [])
    assert view(scope).pended.remaining(ALL) == Remaining(int(is_seen))


def test_the_oldest_is_first_and_the_limit_is_kept(work):
    for id in ("R3", "R1", "R2"):
        pend(work, id)

    assert waiting(work) == ["R3", "R1", "R2"]
    assert waiting(work, limit=2) == ["R3", "R1"]


@pytest.mark.parametrize("state", [state for state in Delivery if state != Delivery.UNDELIVERED])
def test_only_what_is_undelivered_waits(work, connection, state):
    pend(work, "R1")
    pend(work, "R2")
    set_state(connection, "R1", state)

    assert waiting(work) == ["R2"]
    assert work.pended.remaining(ALL) == Remaining(1)


SELECTIONS = {
    "everything": (ALL, ["R1", "R2", "R3", "R4"]),
    "a type": (Selection(included=frozenset({"ClaimResponse"})), ["R1", "R4"]),
    "two types": (
        Selection(included=frozenset({"ClaimResponse", "CommunicationRequest"})),
        ["R1", "R3", "R4"],
    ),
    "all but a type": (Selection(excluded=frozenset({"ClaimResponse"})), ["R2", "R3"]),
    "exclude wins": (
        Selection(
            included=frozenset({"ClaimResponse", "CommunicationRequest"}),
            excluded=frozenset({"ClaimResponse"}),
        ),
        ["R3"],
    ),
    "a type that is never pended": (Selection(included=frozenset({"Patient"})), []),
    "answers to one request": (Selection(answers_to=("Claim", "C2")), ["R3", "R4"]),
    "answers to a request of another type": (Selection(answers_to=("Communication", "C2")), []),
    "what follows a response": (Selection(follows="R1"), ["R4"]),
    "a request and a type": (
        Selection(answers_to=("Claim", "C2"), included=frozenset({"ClaimResponse"})),
        ["R4"],
    ),
}


@pytest.mark.parametrize(("selection", "expected"), SELECTIONS.values(), ids=SELECTIONS)
def test_a_selection_takes_what_it_says(work, selection, expected):
    pend(work, "R1")
    pend(work, "R2", "ExplanationOfBenefit")
    pend(work, "R3", "CommunicationRequest", submission=("Claim", "C2"))
    pend(work, "R4", submission=("Claim", "C2"), follows_id="R1")

    assert waiting(work, selection) == expected
    assert work.pended.remaining(selection) == Remaining(len(expected))


DAY = Period(
    datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC)
)
TICK = timedelta(microseconds=1)
PERIODS = {
    "its own day": (DAY, True),
    "open": (Period(), True),
    "from its first instant": (Period(DAY.start), True),
    "from one tick later": (Period(DAY.start + TICK), False),
    "to its last instant": (Period(None, DAY.end), True),
    "to one tick earlier": (Period(None, DAY.end - TICK), False),
    "the day before": (Period(DAY.start - timedelta(1), DAY.end - timedelta(1)), False),
    "the day after": (Period(DAY.start + timedelta(1), DAY.end + timedelta(1)), False),
}


@pytest.mark.parametrize(("period", "is_taken"), PERIODS.values(), ids=PERIODS)
def test_a_period_takes_what_lies_wholly_within(work, period, is_taken):
    pend(work, "R1", dated=DAY)

    assert waiting(work, Selection(period=period)) == (["R1"] if is_taken else [])


def test_an_answer_without_a_date_is_dated_now(work):
    pend(work, "R1", dated=Period())

    assert waiting(work, Selection(period=Period(NOW, NOW))) == ["R1"]


def test_what_was_withdrawn_in_between_is_not_delivered(work, connection):
    for id in ("R1", "R2", "R3"):
        pend(work, id)
    items = work.pended.undelivered(ALL, 3)
    set_state(connection, "R2", Delivery.WITHDRAWN)

    delivered = work.pended.deliver(items)

    assert [(item.resource_id, item.deliveries) for item in delivered] == [("R1", 1), ("R3", 1)]
    assert states(connection) == {
        "R1": Delivery.DELIVERED,
        "R2": Delivery.WITHDRAWN,
        "R3": Delivery.DELIVERED,
    }


def test_what_is_delivered_once_is_not_delivered_again(work):
    pend(work, "R1")
    items = work.pended.undelivered(ALL, 1)

    assert [item.resource_id for item in work.pended.deliver(items)] == ["R1"]
    assert work.pended.deliver(items) == []
    assert waiting(work) == []


def test_what_was_handed_over_at_once_never_waits(work, connection):
    pend(work, "R1", handed_over=HandOver.ON_HANDOVER)

    assert waiting(work) == []
    assert connection.scalars(select(tables.pended.c.delivered_at)).all() == [NOW]
    assert [item.resource_id for item in work.pended.newest_delivered(ALL)] == ["R1"]


@pytest.mark.parametrize("state", Delivery)
def test_withdrawing_takes_back_what_did_not_arrive(work, connection, state):
    pend(work, "R1")
    pend(work, "R2", submission=("Claim", "C2"))
    set_state(connection, "R1", state)
    is_taken_back = state in {Delivery.UNDELIVERED, Delivery.LEASED, Delivery.PARKED}

    assert work.pended.withdraw(CLAIM) == int(is_taken_back)
    expected = Delivery.WITHDRAWN if is_taken_back else state
    assert states(connection) == {"R1": expected, "R2": Delivery.UNDELIVERED}


@pytest.mark.parametrize("scope", [THEIRS, FOREIGN], ids=["submitter", "payer"])
def test_nothing_of_somebody_else_is_withdrawn(view, scope):
    pend(view(MINE), "R1")

    assert view(scope).pended.withdraw(CLAIM) == 0
    assert waiting(view(MINE)) == ["R1"]


def test_recovery_shows_the_newest_of_each_type_that_was_handed_over(work, connection):
    for id, type in (("R1", "ClaimResponse"), ("E1", "ExplanationOfBenefit")):
        pend(work, id, type)
    pend(work, "R2")
    pend(work, "other", submission=("Claim", "C2"))
    work.pended.deliver(work.pended.undelivered(ALL, 100))
    pend(work, "R3")
    set_state(connection, "R3", Delivery.WITHDRAWN)

    newest = work.pended.newest_delivered(Selection(answers_to=CLAIM))

    assert [item.resource_id for item in newest] == ["E1", "R2"]
    assert waiting(work) == []


@pytest.mark.parametrize(
    ("count", "remaining"),
    [
        (0, Remaining(0)),
        (COUNTED_EXACTLY, Remaining(COUNTED_EXACTLY)),
        (COUNTED_EXACTLY + 1, Remaining(COUNTED_EXACTLY, or_more=True)),
    ],
    ids=str,
)
def test_what_remains_is_exact_up_to_a_thousand(work, connection, count, remaining):
    row = {
        "payer_id": MINE.payer_id,
        "submitter_id": MINE.submitter_id,
        "state": Delivery.UNDELIVERED,
        "type": "ClaimResponse",
        "version": 1,
        "dated_from": NOW,
        "dated_to": NOW,
        "size": 1,
        "pended_at": NOW,
    }
    if count:
        rows = [{**row, "resource_id": str(number)} for number in range(count)]
        connection.execute(insert(tables.pended), rows)

    assert work.pended.remaining(ALL) == remaining


def test_a_hand_over_is_kept_in_order(view):
    work = view(MINE)
    for id, type in (("R2", "ClaimResponse"), ("E1", "ExplanationOfBenefit")):
        pend(work, id, type, version=2)
    work.pended.record_hand_over("T1", work.pended.undelivered(ALL, 2))

    expected = [("ClaimResponse", "R2", 2), ("ExplanationOfBenefit", "E1", 2)]
    assert list(work.pended.handed_over("T1")) == expected
    assert work.pended.handed_over("T2") == {}
    assert list(view(PAYERS).pended.handed_over("T1")) == expected
    assert view(THEIRS).pended.handed_over("T1") == {}
    assert view(FOREIGN).pended.handed_over("T1") == {}


def test_only_a_submitter_that_is_registered_has_a_queue_to_lock(work, connection):
    with pytest.raises(NoResultFound):
        work.pended.lock()

    head = {"payer_id": MINE.payer_id, "submitter_id": MINE.submitter_id}
    connection.execute(insert(tables.queue_head).values(head))

    work.pended.lock()
