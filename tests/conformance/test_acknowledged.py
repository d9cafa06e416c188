"""Delivery in `acknowledged` mode: lent, brought back, parked, never dropped; in order per Claim.

The mode is the protocol's own: docs/task-codes/poll.md, docs/adr/0009.
"""

import pytest

from app.domain import leases
from app.domain.codes import HandOver
from app.fhir.validation import check
from app.store import tables
from app.store.tables import Delivery
from tests.builders import a_claim, a_task, an_input
from tests.conformance.lending import COUNT, Lending, ack, plain
from tests.wire import Wire

SECOND = 1


@pytest.fixture
def wire(http, registry):
    """The submitter "Happy Valley", which acknowledges."""
    return Wire(http, registry.submitter(hand_over=HandOver.ACKNOWLEDGED).token)


@pytest.fixture
def lending(wire, clock, standings, rows):
    return Lending(wire, clock, standings, rows)


def states(rows):
    return [row["state"] for row in rows.of(tables.pended)]


# --- lent


def test_a_poll_lends_and_does_not_deliver(lending, rows):
    answer = lending.eligibility()

    answered = lending.poll()

    assert answered.outputs == [("response", f"{answer}/_history/1"), ("remaining", 0)]
    assert states(rows) == [Delivery.LEASED]
    assert lending.poll().outputs == [("remaining", 0)]


def test_what_is_lent_is_read_like_any_other(lending, wire):
    answer = lending.eligibility()
    answered = lending.poll()

    assert wire.get(answered.output("response")).status == 200
    assert wire.get(answer).status == 200


@pytest.mark.parametrize("before", range(leases.MOST), ids="after-{}".format)
def test_what_is_not_acknowledged_comes_back_after_its_lease_and_not_before(lending, before):
    minutes = (5, 15, 45, 135, 405)[before]
    answer = lending.eligibility()
    for earlier in range(before):
        lending.poll()
        lending.lapse(earlier)
    assert lending.handed(lending.poll()) == [(answer, before + 1)]

    lending.clock.forward(minutes=minutes, seconds=-SECOND)
    assert lending.poll().outputs == [("remaining", 0)]
    lending.clock.forward(seconds=SECOND)

    came = lending.handed(lending.poll())
    assert came == ([(answer, before + 2)] if before + 1 < leases.MOST else [])


def test_a_second_delivery_is_told_on_the_output_and_on_the_entry(lending, wire):
    lending.eligibility()
    _, answers = lending.claim()
    assert [told for _, told in lending.bundle()] == [1, 1, 1]
    lending.lapse()

    single, bundle = lending.poll(), lending.poll(COUNT)

    assert check(single.document) == []
    assert lending.handed(single)[0][1] == 2
    assert lending.handed(bundle) == [(one, 2) for one in answers]
    assert check(wire.get(bundle.output("response")).document) == []


def test_a_bundle_stays_what_was_handed_over(lending, wire):
    lending.eligibility()
    first = lending.poll(COUNT)
    before = wire.get(first.output("response")).text
    lending.lapse()

    second = lending.poll(COUNT)

    assert wire.get(first.output("response")).text == before
    assert [told for _, told in lending.handed(first)] == [1]
    assert [told for _, told in lending.handed(second)] == [2]


# --- parked


def test_after_the_last_lease_it_is_parked_and_never_dropped(lending, wire, rows):
    claim, answers = lending.claim()
    lending.park(answers)

    assert lending.poll().outputs == [("remaining", 0)]
    assert states(rows) == [Delivery.PARKED] * 2
    lending.clock.forward(days=365)
    assert lending.poll().outputs == [("remaining", 0)]
    assert all(wire.get(one).status == 200 for one in answers)
    assert lending.bundle(focus=claim) == [(one, leases.MOST + 1) for one in answers]


def test_what_is_parked_is_lent_again_by_focus(lending, rows):
    claim, answers = lending.claim()
    lending.park(answers)

    first = lending.poll(focus=claim)

    assert lending.handed(first) == [(answers[0], leases.MOST + 1)]
    assert states(rows) == [Delivery.LEASED, Delivery.PARKED]
    # The second waits behind the first; nothing is moved by asking again.
    again = lending.poll(COUNT, focus=claim)
    assert [one for one, _ in lending.handed(again)] == answers
    assert states(rows) == [Delivery.LEASED, Delivery.PARKED]
    lending.acknowledge(first)
    assert lending.handed(lending.poll(focus=claim)) == [(answers[1], leases.MOST + 1)]
    assert states(rows) == [Delivery.DELIVERED, Delivery.LEASED]


def test_what_is_lent_by_focus_is_parked_again_when_its_lease_is_over(lending, rows):
    claim, answers = lending.claim()
    lending.park(answers)
    lending.bundle(focus=claim)
    lending.lapse()

    assert lending.poll().outputs == [("remaining", 0)]
    assert states(rows) == [Delivery.PARKED] * 2
    assert lending.bundle(focus=claim) == [(one, leases.MOST + 2) for one in answers]


def test_what_is_parked_comes_before_what_is_only_given_once_more(lending, wire, rows):
    claim, answers = lending.claim()
    lending.poll(ack(lending.poll().reference))
    # The ClaimResponse is delivered, the ExplanationOfBenefit was never acknowledged.
    for before in range(leases.MOST):
        lending.lapse(before)
        lending.poll()
    assert states(rows) == [Delivery.DELIVERED, Delivery.PARKED]

    found = [one for one, _ in lending.bundle(focus=claim)]

    assert found == [answers[1], answers[0]]
    assert states(rows) == [Delivery.DELIVERED, Delivery.LEASED]


def test_only_parked_answers_to_the_focus_are_lent(lending, rows):
    _, answers = lending.claim()
    other, others = lending.claim()
    lending.park([*answers, *others])

    assert [one for one, _ in lending.bundle(focus=other)] == others
    assert states(rows) == [Delivery.PARKED] * 2 + [Delivery.LEASED] * 2


def test_with_nothing_parked_the_door_to_recovery_moves_nothing(lending, rows):
    claim, answers = lending.claim()
    lending.bundle()
    queue = rows.of(tables.pended)

    assert lending.bundle(focus=claim) == [(one, 1) for one in answers]
    assert rows.of(tables.pended) == queue


# --- in order


def test_while_an_answer_is_lent_later_ones_of_its_claim_wait_whatever_the_filters(lending):
    _, answers = lending.claim()
    _, others = lending.claim()
    assert lending.handed(lending.poll()) == [(answers[0], 1)]
    benefits = an_input("include", valueCode="ExplanationOfBenefit")

    filtered = lending.poll(benefits)

    assert lending.handed(filtered) == [(others[1], 1)]
    # It is still to come, so it counts.
    assert filtered.output("remaining") == 1
    assert lending.handed(lending.poll()) == [(others[0], 1)]
    assert lending.poll().outputs == [("remaining", 1)]


def test_answers_to_a_claim_follow_each_other_once_acknowledged(lending):
    _, answers = lending.claim()
    first = lending.poll()
    assert lending.poll().outputs == [("remaining", 1)]

    second = lending.poll(ack(first.reference))

    assert lending.handed(second) == [(answers[1], 1)]
    assert second.output("remaining") == 0


def test_answers_to_a_claim_follow_each_other_once_the_lease_has_lapsed(lending):
    _, answers = lending.claim()
    lending.poll()
    lending.lapse()

    assert lending.bundle() == [(answers[0], 2), (answers[1], 1)]


def test_several_answers_of_a_claim_go_at_once_and_in_order(lending):
    _, answers = lending.claim()
    single = lending.eligibility()

    assert lending.bundle() == [(one, 1) for one in (*answers, single)]


def test_a_reversal_waits_for_nothing_that_the_cancel_withdrew(lending, wire):
    claim, _ = lending.claim()
    lending.poll()
    reversal = wire.task(a_task("cancel", focus=claim)).output("response")

    assert lending.bundle() == [(plain(reversal), 1)]


# --- what remains


def test_remaining_counts_what_waits_and_what_came_back_not_what_is_lent_or_parked(lending):
    for _ in range(4):
        lending.eligibility()
    assert [lending.poll().output("remaining") for _ in range(3)] == [3, 2, 1]

    lending.lapse()

    # The oldest is lent again, two others have come back, and one was never lent.
    assert lending.poll().output("remaining") == 3
    assert [told for _, told in lending.bundle()] == [2, 2, 1]
    assert lending.poll().outputs == [("remaining", 0)]


# --- withdrawn


@pytest.mark.parametrize("is_parked", [False, True], ids=["lent", "parked"])
def test_a_cancel_withdraws_what_was_not_acknowledged(lending, wire, rows, is_parked):
    claim, answers = lending.claim()
    polls = lending.park(answers) if is_parked else [lending.poll(COUNT)]
    if is_parked:
        lending.poll()

    reversal = wire.task(a_task("cancel", focus=claim)).output("response")

    assert states(rows) == [Delivery.WITHDRAWN] * 2 + [Delivery.UNDELIVERED]
    # Who acknowledges what was withdrawn does nothing wrong, and brings nothing back.
    assert lending.bundle(ack(polls[0].reference)) == [(plain(reversal), 1)]
    assert states(rows)[:2] == [Delivery.WITHDRAWN] * 2


# --- what $submit returns


def test_what_submit_returns_is_lent_and_comes_back(lending, wire, rows):
    submitted = wire.post("Claim/$submit", a_claim(total={"value": 1, "currency": "EUR"}))
    assert (submitted.document["outcome"], states(rows)) == ("error", [Delivery.LEASED])
    assert lending.poll().outputs == [("remaining", 0)]

    lending.lapse()

    assert lending.handed(lending.poll()) == [(submitted.reference, 2)]


def test_what_submit_returns_is_acknowledged_by_its_reference(lending, wire, rows):
    submitted = wire.post("Claim/$submit", a_claim(total={"value": 1, "currency": "EUR"}))

    lending.poll(ack(submitted.reference))

    assert states(rows) == [Delivery.DELIVERED]
    lending.lapse()
    assert lending.poll().outputs == [("remaining", 0)]


# --- the same Task again


def test_the_same_poll_again_gets_the_same_and_lends_nothing(lending, rows):
    first, second = lending.eligibility(), lending.eligibility()
    asked = a_task("poll", number="P1")
    answered = lending.wire.task(asked)
    queue = rows.of(tables.pended)

    again = lending.wire.task(asked)

    assert (again.status, again.text, rows.of(tables.pended)) == (200, answered.text, queue)
    assert lending.handed(lending.poll(number="P2")) == [(second, 1)]
    assert plain(answered.output("response")) == first


@pytest.mark.parametrize("is_acknowledged", [False, True], ids=["unacknowledged", "acknowledged"])
def test_a_poll_is_remembered_while_anything_of_it_is_unacknowledged(lending, is_acknowledged):
    lending.eligibility()
    asked = a_task("poll", number="P1", inputs=[COUNT])
    answered = lending.wire.task(asked)
    if is_acknowledged:
        lending.acknowledge(answered)
    lending.clock.forward(hours=23)
    assert lending.wire.task(asked).text == answered.text

    lending.clock.forward(days=30)

    again = lending.wire.task(asked)
    assert again.status == (201 if is_acknowledged else 200)
    lending.acknowledge(answered)
    assert lending.wire.task(asked).outputs == [("remaining", 0)]


# --- the other mode


def test_a_submitter_on_hand_over_has_nothing_lent(http, registry, lending, rows):
    plainly = Wire(http, registry.submitter("Plain").token)
    theirs = Lending(plainly, lending.clock, lending.standings, rows)
    theirs.eligibility()

    answered = theirs.poll()

    assert states(rows) == [Delivery.DELIVERED]
    theirs.lapse()
    assert theirs.poll(ack(answered.reference)).outputs == [("remaining", 0)]


def test_each_submitter_has_its_own_mode_and_leases(http, registry, lending):
    twin = Wire(http, registry.submitter("Twin", hand_over=HandOver.ACKNOWLEDGED).token)
    theirs = Lending(twin, lending.clock, lending.standings, lending.rows)
    mine, foreign = lending.eligibility(), theirs.eligibility()

    assert lending.bundle() == [(mine, 1)]
    assert theirs.bundle() == [(foreign, 1)]
    lending.lapse()
    assert theirs.bundle() == [(foreign, 2)]
    assert lending.bundle() == [(mine, 2)]
