"""Task.code `deliver` of the answer to a question that a Claim waits for."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.domain.lifecycle import State
from tests.builders import a_claim, a_communication, a_delivery, a_price
from tests.gateway.deliveries import CONTAINED, WAIT_SECONDS, assert_belongs, delivers


@pytest.fixture
def asking(desk, insured, worker):
    """A Claim that awaits an attachment, and the CommunicationRequest that asks for it."""
    insured.create(a_price(needs_attachment=True))
    taken = desk.create(a_claim(number="A1"))
    worker.drain()
    submission = desk.submission(taken)
    assert submission.state is State.AWAITING
    return taken, desk.document(f"CommunicationRequest/{submission.question_id}")


def solicited(request):
    """The ways to say that a Communication answers a request."""
    [number] = request["identifier"]
    inside = {**request, "id": "request"}
    for unneeded in ("meta", "text"):
        inside.pop(unneeded)
    return {
        "a reference": {"basedOn": [{"reference": f"CommunicationRequest/{request['id']}"}]},
        "an identifier": {"basedOn": [{"identifier": number}]},
        "contained": {"basedOn": [{"reference": "#request"}], "contained": [inside]},
    }


@pytest.mark.parametrize("way", ["a reference", "an identifier", "contained"])
def test_the_answer_to_a_question_lets_the_claim_go_on(desk, worker, asking, way):
    taken, request = asking
    document = a_communication(**solicited(request)[way])
    outer = a_delivery({key: value for key, value in document.items() if key != "contained"})
    outer["contained"] += document.get("contained", [])

    answered = desk.task(outer)

    assert answered["status"] == "completed"
    submission = desk.submission(taken)
    assert (submission.state, submission.awaiting, submission.due_at) == (State.QUEUED, None, None)
    assert desk.document(f"CommunicationRequest/{request['id']}")["status"] == "completed"
    assert ("CommunicationRequest", "superseded") in desk.pended()
    worker.drain()
    assert desk.submission(taken).state is State.PAYABLE


def test_what_it_answers_counts_before_what_it_is_about(desk, asking):
    taken, request = asking
    claim = desk.create(a_claim())
    document = a_communication(
        about=[{"reference": claim.stored.reference}], **solicited(request)["a reference"]
    )

    assert_belongs(desk, delivers(desk, CONTAINED, document), taken)
    assert desk.see(lambda work: work.submissions.attached(claim.stored.id)) == []


def test_two_answers_at_once_let_the_claim_go_on_once(desk, worker, asking):
    taken, request = asking
    together = Barrier(2)

    def attempt(_):
        document = a_communication(**solicited(request)["a reference"])
        together.wait(WAIT_SECONDS)
        return desk.task(a_delivery(document))["status"]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(attempt, range(2))) == ["completed", "completed"]
    worker.drain()
    assert desk.submission(taken).state is State.PAYABLE
    assert [type for type, _ in desk.pended()].count("ClaimResponse") == 1
    assert desk.document(f"CommunicationRequest/{request['id']}")["meta"]["versionId"] == "2"
