"""Acknowledging what the wire does not lead to yet: a Task that finished later."""

import pytest

from app.domain.codes import HandOver, InputType
from app.domain.issues import ErrorCode, Missing
from app.domain.parties import Client
from app.domain.references import Reference
from app.domain.tasks import TaskInput
from app.gateway import answers
from app.gateway.tasks.acknowledgement import acknowledge
from app.store.tables import Delivery
from tests.builders import a_claim, a_task
from tests.gateway.desk import Desk


@pytest.fixture
def submitter(registry) -> Client:
    """A submitter that acknowledges."""
    return registry.submitter(hand_over=HandOver.ACKNOWLEDGED).client


def acknowledges(desk, *references):
    inputs = [
        TaskInput(InputType.ACK, "Reference", one, f"Task.input[{at}]")
        for at, one in enumerate(references)
    ]
    request = desk.request("poll", None, None, inputs)
    desk.do(lambda work: acknowledge(references, request.task, work))


@pytest.fixture
def finished(desk: Desk) -> Reference:
    """A Task that was answered later: its new version waits in the queue."""
    claim = desk.create(a_claim())
    cancel = desk.ask(a_task("cancel", focus=claim.stored.reference))

    def pend(work):
        task = work.resources.find("Task", cancel.stored.id)
        later = answers.amended(task, task.text, work)
        submission = work.submissions.find("Claim", claim.stored.id)
        answers.pend(later, submission, desk.client.payer, work)
        return Reference(later.type, later.id, later.version)

    return desk.do(pend)


def test_nothing_given_is_nothing_done(desk, finished):
    acknowledges(desk)

    assert [state for _, state in desk.pended()] == [Delivery.UNDELIVERED]


def test_a_task_that_finished_later_is_an_answer_like_any_other(desk, finished):
    with pytest.raises(Missing) as refused:
        acknowledges(desk, finished)
    assert [one.error for one in refused.value.issues] == [ErrorCode.ACK_NOT_FOUND]
    polled = desk.task(a_task("poll"))
    (response, _) = polled["output"]
    assert response["valueReference"]["reference"] == finished.literal

    acknowledges(desk, Reference("Task", finished.id))

    assert [state for _, state in desk.pended()] == [Delivery.DELIVERED]


def test_a_bundle_goes_by_the_id_of_a_poll_and_of_no_other_task(desk, finished):
    poll = desk.task(a_task("poll"))["id"]

    with pytest.raises(Missing):
        acknowledges(desk, Reference("Bundle", finished.id))

    acknowledges(desk, Reference("Bundle", poll))
    assert [state for _, state in desk.pended()] == [Delivery.DELIVERED]
