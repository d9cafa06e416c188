"""Task.code `reprocess`, straight at its handler; what the worker makes of it is beside."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.domain.codes import BusinessStatus, InputType, Outcome, OutputType, TaskCode
from app.domain.issues import ErrorCode, Missing, Refused, Unacceptable
from app.domain.lifecycle import State
from app.domain.references import Identifier, Reference
from app.domain.tasks import Output, TaskInput, in_progress
from app.gateway.handlers.reprocess import Reprocess, reprocess
from tests.builders import (
    CLAIM_SYSTEM,
    NOW,
    a_claim,
    a_communication,
    a_task,
    an_input,
    identifier,
)
from tests.gateway.desk import on

WAIT_SECONDS = 60


def reprocesses(desk, focus, *, is_stat=False, **parameters):
    """Reprocess by a Task of its own; the outcome, committed."""
    asked = Reprocess(**parameters)
    named = [
        *((InputType.ITEM, "String", path) for path in asked.items),
        *((InputType.RESOURCE, "Reference", one) for one in asked.resources),
    ]
    if asked.origresponse is not None:
        named.append((InputType.ORIGRESPONSE, "Reference", asked.origresponse))
    inputs = [TaskInput(*one, f"Task.input[{n}]") for n, one in enumerate(named)]
    request = desk.request(TaskCode.REPROCESS, asked, focus, inputs, is_stat=is_stat)
    return desk.do(lambda work: reprocess(request, work))


def refusal(desk, focus, error=Refused, **parameters):
    return problems(desk, focus, error, **parameters)[0][0]


def problems(desk, focus, error=Missing, **parameters):
    with pytest.raises(error) as refused:
        reprocesses(desk, focus, **parameters)
    return [(issue.error, issue.expression) for issue in refused.value.issues]


def started(taken, told="All lines are to be decided again.", **options):
    """How a reprocess is answered at once."""
    disposition = Output(OutputType.DISPOSITION, told)
    focus = (taken.stored.type, taken.stored.id)
    return in_progress(BusinessStatus.AWAITING_ADJUDICATION, disposition, focus=focus, **options)


@pytest.fixture
def decided(desk, insured, worker):
    """A Claim of two lines, decided: 80.00 and 40.00 of 100.00 and 50.00."""
    taken = desk.create(a_claim(number="C1", prices=["100.00", "50.00"]))
    worker.drain()
    return taken


# --- refused


def test_a_task_without_a_focus_is_unacceptable(desk, decided):
    assert refusal(desk, None, Unacceptable) is ErrorCode.TASK_FOCUS
    assert reprocesses(desk, on(decided)) == started(decided)


def test_what_is_a_strangers_is_as_if_missing(desk, stranger, decided):
    by_identifier = Reference("Claim", identifier=Identifier(CLAIM_SYSTEM, "C1"))

    for focus in (on(decided), by_identifier):
        assert refusal(stranger, focus, Missing) is ErrorCode.FOCUS_NOT_FOUND
    assert desk.submission(decided).state is State.PAYABLE
    assert reprocesses(desk, by_identifier) == started(decided)


def test_what_is_no_claim_is_refused_by_its_type(desk, decided):
    assert refusal(desk, on(desk.create(a_communication()))) is ErrorCode.FOCUS_TYPE
    assert refusal(desk, Reference(*decided.related.split("/"))) is ErrorCode.FOCUS_TYPE


def test_what_was_never_decided_is_not_decided_again(desk, insured, worker):
    taken = desk.create(a_claim())

    assert refusal(desk, on(taken)) is ErrorCode.NOT_DECIDED
    worker.drain()
    assert reprocesses(desk, on(taken)) == started(taken)


def test_what_is_cancelled_is_not_decided_again(desk, decided, worker):
    other = desk.create(a_claim())
    worker.drain()
    desk.task(a_task("cancel", focus=decided.stored.reference))

    assert refusal(desk, on(decided)) is ErrorCode.NOT_POSSIBLE
    assert reprocesses(desk, on(other)) == started(other)


def test_every_line_that_the_claim_does_not_have_is_named(desk, decided):
    assert problems(desk, on(decided), items=((3,), (1,), (2, 1), (1, 1, 1))) == [
        (ErrorCode.ITEM_NOT_FOUND, "Task.input[0]"),
        (ErrorCode.ITEM_NOT_FOUND, "Task.input[2]"),
        (ErrorCode.ITEM_NOT_FOUND, "Task.input[3]"),
    ]
    assert desk.submission(decided).state is State.PAYABLE
    assert reprocesses(desk, on(decided), items=((1,),)) == started(
        decided, "To be decided again: line 1."
    )


def test_a_supporting_resource_that_is_not_known_is_named(desk, stranger, decided):
    own, theirs = (on(one.create(a_communication())) for one in (desk, stranger))
    by_number = Reference(identifier=Identifier("http://happyvalley.test/communication", "?"))

    assert problems(desk, on(decided), resources=(own, theirs)) == [
        (ErrorCode.RESOURCE_NOT_FOUND, "Task.input[1]")
    ]
    for unknown in (Reference("Communication", "unknown"), by_number, Reference(foreign="urn:1")):
        assert refusal(desk, on(decided), Missing, resources=(unknown,)) is (
            ErrorCode.RESOURCE_NOT_FOUND
        )
    assert attached(desk, decided) == []
    assert reprocesses(desk, on(decided), resources=(own,)) == started(decided)


def attached(desk, taken):
    found = desk.see(lambda work: work.submissions.attached(taken.stored.id))
    return [(each.type, each.id) for each in found]


def test_the_original_response_must_answer_the_focus(desk, decided, worker):
    other = desk.create(a_claim())
    worker.drain()
    theirs, own = (Reference(*one.related.split("/")) for one in (other, decided))

    assert refusal(desk, on(decided), Missing, origresponse=theirs) is (
        ErrorCode.ORIGRESPONSE_NOT_FOUND
    )
    assert desk.submission(decided).state is State.PAYABLE
    assert reprocesses(desk, on(decided), origresponse=own) == started(decided)


# --- done


def test_the_claim_is_queued_anew(desk, decided):
    outcome = reprocesses(desk, on(decided), items=((2,), (1,), (2,)), reference="BR12345")

    assert outcome == started(decided, "To be decided again: line 2, 1.")
    submission = desk.submission(decided)
    assert (submission.state, submission.outcome) == (State.QUEUED, Outcome.QUEUED)
    assert (submission.epoch, submission.is_reopened, submission.decided_at) == (2, True, NOW)
    assert desk.jobs() == [(decided.stored.id, "waiting", 0, None)]
    asked = desk.see(lambda work: work.reissues.find(decided.stored.id))
    assert (asked.task_id, asked.lines, asked.quoted) == ("T1", ((2,), (1,)), "BR12345")


def test_what_was_decided_stands_until_it_is_decided_again(desk, decided):
    before = desk.document(decided.related), desk.pended()

    reprocesses(desk, on(decided))

    assert (desk.document(decided.related), desk.pended()) == before
    assert before[0]["status"] == "active"


@pytest.mark.parametrize(
    ("priority", "is_stat", "is_urgent"),
    [("normal", False, False), ("normal", True, True), ("stat", False, True)],
)
def test_a_task_or_a_claim_of_priority_stat_is_tried_at_once(
    desk, insured, worker, clock, priority, is_stat, is_urgent
):
    spelled = {"coding": [{"code": priority}]}
    taken = desk.create(a_claim(priority=spelled))
    clock.forward(minutes=1)
    worker.drain()

    outcome = reprocesses(desk, on(taken), is_stat=is_stat)

    assert outcome == started(taken, is_urgent=is_urgent)


def test_supporting_resources_belong_to_the_claim_from_then_on(desk, decided):
    number = identifier("http://happyvalley.test/communication", "M-77")
    first, second = (
        desk.create(a_communication()),
        desk.create(a_communication(identifier=[number])),
    )
    by_number = Reference(identifier=Identifier(number["system"], number["value"]))

    reprocesses(desk, on(decided), resources=(on(first), by_number))

    expected = [("Communication", one.stored.id) for one in (first, second)]
    assert sorted(attached(desk, decided)) == sorted(expected)


def test_a_supporting_resource_of_another_type_is_known_and_nothing_more(desk, decided):
    patient = desk.create({"resourceType": "Patient"})

    assert reprocesses(desk, on(decided), resources=(on(patient),)) == started(decided)
    assert attached(desk, decided) == []


# --- twice


def test_the_same_task_again_is_the_same_reprocess(desk, decided, worker):
    item = an_input("item", valuePositiveInt=2)
    document = a_task("reprocess", focus=decided.stored.reference, number="R1", inputs=[item])
    first, second = desk.ask(document), desk.ask(document)
    worker.drain()

    third = desk.ask(document)

    assert [one.is_new for one in (first, second, third)] == [True, False, False]
    assert {one.stored.id for one in (first, second, third)} == {first.stored.id}
    assert first.stored.text == second.stored.text
    assert '"status":"completed"' in third.stored.text
    assert desk.submission(decided).epoch == 2


def test_a_second_one_takes_the_place_of_the_one_that_runs(desk, decided, worker):
    first, second = (desk.ask(a_task("reprocess", focus=decided.stored.reference)) for _ in "12")

    assert desk.submission(decided).epoch == 3
    assert len(desk.jobs()) == 1
    worker.drain()
    states = [desk.document(one.stored.reference)["status"] for one in (first, second)]
    assert states == ["cancelled", "completed"]
    assert desk.see(lambda work: work.reissues.find(decided.stored.id)) is None


# --- together


def test_of_two_at_once_the_later_takes_the_place_of_the_earlier(desk, decided, worker):
    together = Barrier(2)

    def attempt(_):
        together.wait(WAIT_SECONDS)
        return desk.ask(a_task("reprocess", focus=decided.stored.reference)).stored.reference

    with ThreadPoolExecutor(2) as pool:
        tasks = list(pool.map(attempt, range(2)))
    worker.drain()

    assert sorted(desk.document(task)["status"] for task in tasks) == ["cancelled", "completed"]
    assert desk.submission(decided).state is State.PAYABLE
    assert (desk.submission(decided).epoch, desk.jobs()) == (3, [])


def test_of_a_reprocess_and_a_cancel_at_once_the_claim_ends_cancelled(desk, decided, worker):
    together = Barrier(2)

    def attempt(code):
        together.wait(WAIT_SECONDS)
        return desk.task(a_task(code, focus=decided.stored.reference))

    with ThreadPoolExecutor(2) as pool:
        again, cancelled = pool.map(attempt, ("reprocess", "cancel"))
    worker.drain()

    assert cancelled["status"] == "completed"
    assert desk.document(f"Task/{again['id']}")["status"] in {"rejected", "cancelled"}
    assert desk.submission(decided).state is State.CANCELLED
    assert desk.jobs() == []
    assert [type for type, state in desk.pended() if state == "undelivered"].count(
        "ClaimResponse"
    ) == 1
