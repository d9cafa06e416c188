"""Task.code `status`, straight at its handler."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.adjudication import Awaiting
from app.domain.codes import Outcome, OutputType, TaskCode
from app.domain.issues import ErrorCode, Missing, Refused, Unacceptable
from app.domain.lifecycle import State
from app.domain.money import Money
from app.domain.references import Identifier, Reference
from app.domain.tasks import Awaited, Output, completed
from app.gateway.handlers.status import Status, status
from app.store import tables
from tests.builders import (
    NOW,
    TASK_SYSTEM,
    a_claim,
    a_communication,
    a_task,
    an_eligibility_request,
)
from tests.gateway.desk import on, under_rules_of_now

CANCEL, NULLIFY, RELEASE, REPROCESS, STATUS, POLL, DELIVER = (
    Output(OutputType.ALLOWED, code) for code in TaskCode
)


def status_of(desk, focus):
    return desk.do(lambda work: status(desk.request(TaskCode.STATUS, Status(), focus), work))


def told(focus, outcome, resource_status, *more):
    outputs = (
        Output(OutputType.STATUS, outcome),
        Output(OutputType.RESOURCE_STATUS, resource_status),
    )
    return completed(*outputs, *more, focus=focus, keeps_key=False)


def refusal(desk, focus, error=Missing):
    with pytest.raises(error) as refused:
        status_of(desk, focus)
    (issue,) = refused.value.issues
    return issue.error


def key(taken):
    return (taken.stored.type, taken.stored.id)


# --- refused


def test_a_task_without_a_focus_is_unacceptable(desk):
    assert refusal(desk, None, Unacceptable) is ErrorCode.TASK_FOCUS


@pytest.mark.parametrize("type", ["Claim", "Task"])
def test_what_is_not_there_is_missing(desk, type):
    assert refusal(desk, Reference(type, "unknown")) is ErrorCode.FOCUS_NOT_FOUND
    assert refusal(desk, Reference(type)) is ErrorCode.FOCUS_NOT_FOUND


def test_what_is_a_strangers_is_as_if_missing(desk, stranger):
    claim, task = desk.create(a_claim()), desk.ask(a_task("poll", number="T7"))

    for focus in (on(claim), on(task)):
        assert refusal(stranger, focus) is ErrorCode.FOCUS_NOT_FOUND
        assert status_of(desk, focus).status == "completed"


def test_what_was_never_submitted_is_refused_by_its_type(desk):
    taken = desk.create(a_claim())

    response = Reference(*taken.related.split("/"))
    assert refusal(desk, response, Refused) is ErrorCode.FOCUS_TYPE


def test_what_was_nullified_is_gone(desk):
    taken = desk.create(a_claim())
    desk.change(tables.submission, state=State.NULLIFIED)

    assert refusal(desk, on(taken)) is ErrorCode.FOCUS_GONE


# --- done


def test_a_queued_claim_is_queued_and_may_be_cancelled(desk):
    taken = desk.create(a_claim())

    assert status_of(desk, on(taken)) == told(
        key(taken), Outcome.QUEUED, "active", CANCEL, NULLIFY, STATUS, POLL, DELIVER
    )


def test_an_invalid_claim_is_in_error_and_is_not_cancelled(desk):
    taken = desk.create(a_claim(total={"value": Decimal("1.00"), "currency": "EUR"}))

    assert status_of(desk, on(taken)) == told(
        key(taken), Outcome.ERROR, "active", NULLIFY, STATUS, POLL
    )


def test_a_decided_claim_tells_its_disposition_and_its_total(desk, insured, worker):
    taken = desk.create(a_claim())
    worker.drain()
    disposition = desk.submission(taken).disposition

    assert status_of(desk, on(taken)) == told(
        key(taken),
        Outcome.COMPLETE,
        "active",
        Output(OutputType.DISPOSITION, disposition),
        Output(OutputType.TOTAL, Money(Decimal("80.00"), "EUR")),
        CANCEL,
        NULLIFY,
        REPROCESS,
        STATUS,
        POLL,
        DELIVER,
    )


def test_of_a_preauthorization_everything_is_allowed_until_it_is_held(desk, insured, worker):
    taken = desk.create(a_claim("preauthorization"))
    worker.drain()

    def permitted():
        told = status_of(desk, on(taken)).outputs
        return [output for output in told if output.type is OutputType.ALLOWED]

    assert permitted() == [CANCEL, NULLIFY, RELEASE, REPROCESS, STATUS, POLL, DELIVER]
    desk.change(tables.submission, is_held=True)
    assert permitted() == [CANCEL, RELEASE, REPROCESS, STATUS, POLL, DELIVER]


def test_whether_a_paid_claim_may_be_nullified_is_told_by_the_payers_rule(
    desk, registry, insured, worker
):
    taken = desk.create(a_claim())
    worker.drain()
    desk.change(tables.submission, state=State.PAID)
    lenient = under_rules_of_now(desk, registry, nullify_paid=True)

    assert NULLIFY not in status_of(desk, on(taken)).outputs
    assert NULLIFY in status_of(lenient, on(taken)).outputs


def test_a_claim_that_waits_tells_for_what_and_until_when(desk, insured, worker):
    taken = desk.create(a_claim(coverage={"display": "unknown"}))
    worker.drain()

    assert status_of(desk, on(taken)) == told(
        key(taken),
        Outcome.QUEUED,
        "active",
        Output(
            OutputType.AWAITING,
            Awaited(Awaiting.COVERAGE, "No coverage with this payer was found for the patient."),
        ),
        Output(OutputType.DUE, NOW + timedelta(days=30)),
        CANCEL,
        NULLIFY,
        STATUS,
        POLL,
        DELIVER,
    )


def test_a_cancelled_claim_is_cancelled_and_tells_no_decision(desk, insured, worker):
    taken = desk.create(a_claim())
    worker.drain()
    desk.task(a_task("cancel", focus=taken.stored.reference))

    assert status_of(desk, on(taken)) == told(
        key(taken), Outcome.COMPLETE, "cancelled", NULLIFY, STATUS, POLL
    )


def test_an_eligibility_request_is_answered_at_once(desk):
    taken = desk.create(an_eligibility_request())
    disposition = Output(OutputType.DISPOSITION, desk.submission(taken).disposition)

    assert status_of(desk, on(taken)) == told(
        key(taken), Outcome.COMPLETE, "active", disposition, CANCEL, NULLIFY, STATUS, POLL
    )


@pytest.mark.parametrize("sent", ["completed", "in-progress"])
def test_a_communication_has_the_status_it_was_sent_with(desk, sent):
    taken = desk.create(a_communication(status=sent))

    assert status_of(desk, on(taken)) == told(
        key(taken), Outcome.COMPLETE, sent, CANCEL, NULLIFY, STATUS, POLL
    )
    desk.task(a_task("cancel", focus=taken.stored.reference))
    assert status_of(desk, on(taken)) == told(
        key(taken), Outcome.COMPLETE, "entered-in-error", NULLIFY, STATUS, POLL
    )


@pytest.mark.parametrize(
    ("document", "outcome", "task_status"),
    [
        (a_task("poll", number="T7"), Outcome.COMPLETE, "completed"),
        (a_task("cancel", focus="Claim/unknown", number="T7"), Outcome.ERROR, "failed"),
        (a_task("cancel", focus="ClaimResponse/1", number="T7"), Outcome.ERROR, "rejected"),
    ],
    ids=["completed", "failed", "rejected"],
)
def test_a_task_tells_how_it_ended_by_id_and_by_identifier(desk, document, outcome, task_status):
    task = desk.ask(document)
    by_identifier = Reference("Task", identifier=Identifier(TASK_SYSTEM, "T7"))

    expected = told(None, outcome, task_status, STATUS)
    assert status_of(desk, on(task)) == expected
    assert status_of(desk, by_identifier) == expected


def test_between_two_tasks_of_one_identifier_nothing_is_guessed(desk):
    for _ in range(2):
        desk.ask(a_task("status", focus="Claim/unknown", number="T7"))
    by_identifier = Reference("Task", identifier=Identifier(TASK_SYSTEM, "T7"))

    assert refusal(desk, by_identifier) is ErrorCode.FOCUS_MULTIPLE_MATCHES


# --- twice


def test_a_status_is_always_fresh(desk, insured, worker):
    taken = desk.create(a_claim())
    document = a_task("status", focus=taken.stored.reference, number="S1")
    before = desk.ask(document)
    worker.drain()

    after = desk.ask(document)

    assert after.is_new
    assert after.stored.id != before.stored.id
    assert status_of(desk, on(taken)).outputs[0].value is Outcome.COMPLETE


def test_asking_changes_nothing(desk, insured, worker):
    taken = desk.create(a_claim())
    worker.drain()
    before = desk.submission(taken), desk.stored(*key(taken)), desk.pended()

    status_of(desk, on(taken))

    assert (desk.submission(taken), desk.stored(*key(taken)), desk.pended()) == before
