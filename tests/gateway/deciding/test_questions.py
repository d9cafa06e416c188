"""The question that a Claim waits for an answer to: asked once, answered, or closed."""

import threading
from datetime import timedelta

import pytest

from app.domain.adjudication import Awaiting
from app.domain.lifecycle import State
from app.gateway.intake import intake
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import NOW, a_claim, a_communication, a_delivery, a_price, a_task
from tests.gateway.desk import received, under_rules_of_now
from tests.gateway.jobs.scripted import ScriptedAdjudicator, deferred

MONTH = timedelta(days=30)


@pytest.fixture
def asking(desk, insured, worker):
    """A Claim that awaits an attachment."""
    insured.create(a_price(needs_attachment=True))
    taken = desk.create(a_claim())
    worker.drain()
    return taken


def question(desk, taken):
    return desk.document(f"CommunicationRequest/{desk.submission(taken).question_id}")


def attachment(taken):
    return a_communication(about=[{"reference": taken.stored.reference}])


def line(desk, taken):
    """The rows of the first line of the Claim's response, as code and amount."""
    rows = desk.document(f"ClaimResponse/{desk.submission(taken).response_id}")["item"][0]
    return [
        (row["category"]["coding"][0]["code"], str(row["amount"]["value"]))
        for row in rows["adjudication"]
    ]


def test_the_claim_waits_and_its_submitter_is_asked(desk, asking):
    submission = desk.submission(asking)
    assert (submission.state, submission.awaiting) == (State.AWAITING, Awaiting.INFORMATION)
    assert submission.due_at == NOW + MONTH

    asked = question(desk, asking)
    assert (asked["status"], asked["about"][0]["reference"]) == ("active", asking.stored.reference)
    assert asked["payload"] == [{"contentString": submission.awaiting_text}]
    assert asked["occurrencePeriod"]["end"] == "2026-04-01T09:30:00+00:00"
    assert desk.pended() == [("CommunicationRequest", "undelivered")]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_an_attachment_that_crosses_its_claim_on_the_way_in_is_not_missed(
    desk, insured, installation, worker
):
    insured.create(a_price(needs_attachment=True))
    claim = a_claim(number="C1")
    crossing = a_communication(about=[{"identifier": claim["identifier"][0]}])
    is_sent, is_asked = threading.Event(), threading.Event()

    def send(work):
        intake.take(received(crossing), desk.client, installation.base_url, work)
        is_sent.set()
        is_asked.wait(0.5)

    sending = threading.Thread(target=lambda: desk.do(send))
    sending.start()
    assert is_sent.wait(30.0)
    taken = desk.create(claim)
    worker.drain()
    is_asked.set()
    sending.join(30.0)
    worker.drain()

    assert not sending.is_alive()
    assert desk.submission(taken).state is State.PAYABLE
    assert question(desk, taken)["status"] == "completed"


def test_how_long_is_waited_is_the_payers_rule(desk, insured, worker, registry):
    insured.create(a_price(needs_attachment=True))
    hasty = under_rules_of_now(desk, registry, await_information=timedelta(days=3))
    taken = hasty.create(a_claim())

    worker.drain()

    assert desk.submission(taken).due_at == NOW + timedelta(days=3)


def test_until_it_is_due_it_is_waited_and_then_the_line_is_denied(desk, worker, clock, asking):
    clock.forward(days=29, hours=23)
    worker.drain()
    assert desk.submission(asking).state is State.AWAITING

    clock.forward(hours=1)
    worker.drain()

    assert desk.submission(asking).state is State.DECIDED
    assert line(desk, asking) == [
        ("submitted", "100.00"),
        ("noncovered", "100.00"),
        ("benefit", "0.00"),
    ]
    assert question(desk, asking)["status"] == "revoked"
    assert ("CommunicationRequest", "superseded") in desk.pended()


def test_an_answer_in_time_lets_it_be_decided(desk, worker, asking):
    desk.task(a_delivery(attachment(asking)))
    assert question(desk, asking)["status"] == "completed"

    worker.drain()

    assert line(desk, asking)[-1] == ("benefit", "80.00")
    assert (question(desk, asking)["status"], question(desk, asking)["meta"]["versionId"]) == (
        "completed",
        "2",
    )


def test_an_answer_that_is_posted_counts_as_one_that_is_delivered(desk, worker, asking):
    desk.create(attachment(asking))
    worker.drain()

    assert desk.submission(asking).state is State.PAYABLE


def test_an_answer_without_content_is_asked_for_again(desk, worker, asking):
    empty = {name: value for name, value in attachment(asking).items() if name != "payload"}
    first = desk.submission(asking).question_id
    desk.create(empty)
    worker.drain()

    submission = desk.submission(asking)
    assert (submission.state, submission.question_id != first) == (State.AWAITING, True)
    assert desk.document(f"CommunicationRequest/{first}")["status"] == "completed"
    assert question(desk, asking)["status"] == "active"
    desk.create(attachment(asking))
    worker.drain()
    assert desk.submission(asking).state is State.PAYABLE


def test_what_came_before_the_claim_was_decided_is_not_asked_for(desk, insured, worker):
    insured.create(a_price(needs_attachment=True))
    taken = desk.create(a_claim())
    desk.create(attachment(taken))

    worker.drain()

    assert desk.submission(taken).state is State.PAYABLE
    assert [type for type, _ in desk.pended()] == ["ClaimResponse", "ExplanationOfBenefit"]


def test_an_answer_that_was_taken_back_does_not_count(desk, insured, worker):
    insured.create(a_price(needs_attachment=True))
    taken = desk.create(a_claim())
    answer = desk.create(attachment(taken))
    desk.task(a_task("cancel", focus=answer.stored.reference))

    worker.drain()

    assert desk.submission(taken).state is State.AWAITING


def test_an_answer_that_a_decision_used_is_not_taken_back(desk, worker, asking):
    answer = desk.create(attachment(asking))
    worker.drain()

    refused = desk.task(a_task("cancel", focus=answer.stored.reference))

    [error] = refused["output"]
    assert error["valueCodeableConcept"]["coding"][0]["code"] == "ECG-CANCEL-USED"
    late = desk.create(attachment(asking))
    done = desk.task(a_task("cancel", focus=late.stored.reference))
    assert done["status"] == "completed"


def test_the_cancel_of_the_claim_ends_its_question(desk, asking):
    desk.task(a_task("cancel", focus=asking.stored.reference))

    assert question(desk, asking)["status"] == "revoked"
    assert desk.pended() == [("CommunicationRequest", "withdrawn")]
    assert desk.jobs() == []


def test_asked_in_between_the_question_stays_the_same(desk, insured, installation):
    adjudicator = ScriptedAdjudicator(deferred(Awaiting.INFORMATION))
    taken = desk.create(a_claim())
    worker = Worker(installation, {"standard": adjudicator})
    worker.drain(limit=1)
    before = desk.submission(taken)

    desk.change(tables.job, due_at=NOW)
    worker.drain(limit=1)

    assert len(adjudicator.asked) == 2
    assert desk.submission(taken) == before
    assert desk.pended() == [("CommunicationRequest", "undelivered")]


def test_a_wait_for_something_else_in_between_asks_anew(desk, insured, installation):
    steps = (
        deferred(Awaiting.INFORMATION),
        deferred(Awaiting.PLAN),
        deferred(Awaiting.INFORMATION),
    )
    taken = desk.create(a_claim())
    worker = Worker(installation, {"standard": ScriptedAdjudicator(*steps)})
    ids = set()
    for _ in steps:
        desk.change(tables.job, due_at=NOW)
        worker.drain(limit=1)
        ids.add(desk.submission(taken).question_id)

    assert len(ids) == 2
    [replaced] = ids - {desk.submission(taken).question_id}
    assert desk.document(f"CommunicationRequest/{replaced}")["status"] == "revoked"
    assert question(desk, taken)["status"] == "active"


def test_once_a_person_must_look_the_submitter_is_asked_no_more(desk, insured, installation, clock):
    taken = desk.create(a_claim())
    steps = (deferred(Awaiting.INFORMATION), deferred(Awaiting.INFORMATION))
    worker = Worker(installation, {"standard": ScriptedAdjudicator(*steps)})
    worker.drain(limit=1)

    clock.forward(days=30)
    worker.drain(limit=1)

    assert desk.submission(taken).awaiting is Awaiting.OPERATOR
    assert question(desk, taken)["status"] == "revoked"


def test_a_reprocess_that_is_overtaken_takes_its_question_back(desk, insured, worker):
    taken = desk.create(a_claim())
    worker.drain()
    insured.create(a_price(needs_attachment=True))
    desk.task(a_task("reprocess", focus=taken.stored.reference))
    worker.drain()
    first = desk.submission(taken).question_id
    assert desk.submission(taken).state is State.AWAITING

    desk.task(a_task("reprocess", focus=taken.stored.reference))
    worker.drain()

    assert desk.document(f"CommunicationRequest/{first}")["status"] == "revoked"
    assert question(desk, taken)["status"] == "active"
    desk.create(attachment(taken))
    worker.drain()
    assert desk.submission(taken).state is State.PAYABLE
