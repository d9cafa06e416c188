"""Task.code `deliver`, straight at its handler."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.domain.codes import InputType, TaskCode
from app.domain.issues import ErrorCode, Missing, Unacceptable
from app.domain.references import Identifier, Reference
from app.domain.tasks import TaskInput
from app.gateway.handlers.deliver import Deliver, deliver
from app.store import tables
from tests.builders import (
    CLAIM_SYSTEM,
    a_claim,
    a_communication,
    a_delivery,
    a_task,
    identifier,
    money,
)
from tests.gateway.deliveries import (
    CONTAINED,
    WAIT_SECONDS,
    about,
    assert_belongs,
    delivers,
    kept,
    refusal,
)
from tests.gateway.desk import on

NUMBER = identifier("http://happyvalley.test/communication", "M-77")


@pytest.fixture
def claim(desk):
    return desk.create(a_claim(number="C1"))


# --- refused


def test_without_anything_to_deliver_the_task_is_unacceptable(desk, claim):
    assert refusal(desk, None, error=Unacceptable) is ErrorCode.INPUT_REQUIRED
    assert_belongs(desk, delivers(desk, CONTAINED, about(claim)), claim)


def test_one_task_delivers_one_resource(desk, claim):
    taken = on(desk.create(about(claim)))
    inputs = [
        TaskInput(InputType.RESOURCE, "Reference", taken, "Task.input[0]"),
        TaskInput(InputType.INCLUDE, "Reference", taken, "Task.input[1]"),
    ]
    request = desk.request(TaskCode.DELIVER, Deliver(taken, taken), None, inputs)

    with pytest.raises(Unacceptable) as refused:
        desk.do(lambda work: deliver(request, work))

    [issue] = refused.value.issues
    assert (issue.error, issue.expression) == (ErrorCode.INPUT_TWICE, "Task.input[1]")
    assert_belongs(desk, delivers(desk, taken), claim)


@pytest.mark.parametrize("type", ["Claim", "Patient", "CommunicationRequest", "ClaimResponse"])
def test_only_what_belongs_to_an_exchange_is_delivered(desk, claim, type):
    contained = {"resourceType": type}

    assert refusal(desk, CONTAINED, contained, error=Unacceptable) is ErrorCode.DELIVER_TYPE
    assert refusal(desk, Reference(type, "1"), error=Unacceptable) is ErrorCode.DELIVER_TYPE
    assert_belongs(desk, delivers(desk, CONTAINED, about(claim)), claim)


def test_what_is_contained_must_be_valid_when_it_stands_alone(desk, claim):
    wrong = {**about(claim), "status": "sent"}

    assert refusal(desk, CONTAINED, wrong, error=Unacceptable) is ErrorCode.CODE
    assert kept(desk) == []
    assert_belongs(desk, delivers(desk, CONTAINED, about(claim)), claim)


def test_what_is_neither_contained_nor_stored_is_missing(desk, stranger, claim):
    theirs = on(stranger.create(a_communication(identifier=[NUMBER])))
    by_number = Reference(identifier=Identifier(**NUMBER))

    for unknown in (theirs, by_number, Reference("Communication", "unknown"), CONTAINED):
        assert refusal(desk, unknown, error=Missing) is ErrorCode.RESOURCE_NOT_FOUND
    desk.create({**about(claim), "identifier": [NUMBER]})
    assert_belongs(desk, delivers(desk, by_number), claim)


def test_what_several_carry_is_not_guessed_between(desk, claim):
    first, _ = (
        desk.create({**about(claim), "identifier": [NUMBER], "note": [note]}) for note in NOTES
    )
    by_number = Reference("Communication", identifier=Identifier(**NUMBER))

    assert refusal(desk, by_number, error=Missing) is ErrorCode.RESOURCE_NOT_FOUND
    assert_belongs(desk, delivers(desk, on(first)), claim)


NOTES = [{"text": "one"}, {"text": "two"}]


def test_what_belongs_to_nothing_known_is_not_stored(desk, stranger, claim):
    theirs = stranger.create(a_claim())
    loose = [
        a_communication(),
        a_communication(about=[{"reference": "Claim/unknown"}]),
        about(theirs),
        a_communication(about=[{"reference": claim.related.replace("ClaimResponse", "Claim")}]),
        a_communication(basedOn=[{"reference": "CommunicationRequest/unknown"}]),
        a_communication(basedOn=[{"reference": claim.stored.reference}]),
        a_communication(about=[{"identifier": identifier(CLAIM_SYSTEM, "unknown")}]),
        a_communication(about=[{"display": "the claim of yesterday"}]),
    ]

    for document in loose:
        assert refusal(desk, CONTAINED, document, error=Missing) is ErrorCode.DELIVER_NO_MATCH
    assert kept(desk) == []
    assert_belongs(desk, delivers(desk, CONTAINED, about(claim)), claim)


@pytest.mark.parametrize("status", ["preparation", "not-done", "on-hold", "stopped", "unknown"])
def test_a_communication_that_carries_nothing_is_not_delivered(desk, claim, status):
    document = about(claim)

    assert refusal(desk, CONTAINED, {**document, "status": status}) is ErrorCode.DELIVER_STATUS
    assert kept(desk) == []
    in_progress = {**document, "status": "in-progress"}
    assert_belongs(desk, delivers(desk, CONTAINED, in_progress), claim)


def test_a_claim_that_is_cancelled_or_invalid_takes_nothing(desk, claim):
    invalid = desk.create(a_claim(total=money("1.00")))
    assert refusal(desk, CONTAINED, about(invalid)) is ErrorCode.NOT_POSSIBLE
    assert_belongs(desk, delivers(desk, CONTAINED, about(claim)), claim)
    desk.task(a_task("cancel", focus=claim.stored.reference))

    assert refusal(desk, CONTAINED, about(claim)) is ErrorCode.NOT_POSSIBLE
    assert len(kept(desk)) == 1


def test_what_was_nullified_is_gone(desk, claim):
    desk.task(a_task("nullify", focus=claim.stored.reference))

    assert refusal(desk, CONTAINED, about(claim), error=Missing) is ErrorCode.FOCUS_GONE
    assert kept(desk) == []


def test_between_two_live_claims_of_one_identifier_nothing_is_guessed(desk, registry, claim):
    desk.change(tables.live_identifier, key_hash="let go of")
    second = desk.create(a_claim(number="C1", prices=["7.00"]))
    named = a_communication(about=[{"identifier": identifier(CLAIM_SYSTEM, "C1")}])

    assert refusal(desk, CONTAINED, named, error=Missing) is ErrorCode.FOCUS_MULTIPLE_MATCHES
    desk.task(a_task("cancel", focus=claim.stored.reference))
    assert_belongs(desk, delivers(desk, CONTAINED, named), second)


# --- done


WAYS = {
    "the claim": lambda claim: {"reference": claim.stored.reference},
    "a version of it": lambda claim: {"reference": claim.stored.versioned},
    "its address": lambda claim: {
        "reference": f"http://gateway.test/fhir/r4/{claim.stored.reference}"
    },
    "its identifier": lambda _: {"identifier": identifier(CLAIM_SYSTEM, "C1")},
    "its identifier and type": lambda _: {
        "type": "Claim",
        "identifier": identifier(CLAIM_SYSTEM, "C1"),
    },
    "its response": lambda claim: {"reference": claim.related},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_communication_belongs_to_the_claim_it_is_about(desk, claim, way):
    document = a_communication(about=[way(claim)])

    reference = assert_belongs(desk, delivers(desk, CONTAINED, document), claim)

    stored = desk.document(reference.literal)
    assert (stored["about"], stored["payload"]) == (document["about"], document["payload"])
    assert "contained" not in stored


@pytest.mark.parametrize("type", ["ClaimResponse", "ExplanationOfBenefit"])
def test_a_communication_may_be_about_any_response_that_the_claim_ever_had(
    desk, insured, worker, claim, type
):
    worker.drain()
    submission = desk.submission(claim)
    ids = {"ClaimResponse": submission.response_id, "ExplanationOfBenefit": submission.benefit_id}
    document = a_communication(about=[{"reference": f"{type}/{ids[type]}"}])
    desk.ask(a_task("reprocess", focus=claim.stored.reference))
    worker.drain()
    assert desk.submission(claim).response_id != submission.response_id

    assert_belongs(desk, delivers(desk, CONTAINED, document), claim)


@pytest.mark.parametrize("by", ["resource", "include", "status"])
def test_what_was_stored_before_is_named_by_any_of_three_inputs(desk, by):
    loose = desk.create(a_communication(about=[{"identifier": identifier(CLAIM_SYSTEM, "C9")}]))
    assert desk.submission(loose).about_id is None
    claim = desk.create(a_claim(number="C9"))

    reference = assert_belongs(desk, delivers(desk, on(loose), by=by), claim)

    assert (reference.id, kept(desk)) == (loose.stored.id, [loose.stored.id])


def test_what_it_refers_to_in_the_task_comes_with_it(desk, claim):
    sender = {
        "resourceType": "Organization",
        "id": "us",
        "identifier": [identifier("sid", "Happy Valley")],
    }
    other = {"resourceType": "Organization", "id": "them", "name": "Not of it"}
    document = {**about(claim), "sender": {"reference": "#us"}}
    task = a_delivery(document)
    task["contained"] += [sender, other]
    task["owner"] = {"reference": "#them"}

    answered = desk.task(task)

    stored = desk.document(answered["output"][0]["valueReference"]["reference"])
    assert stored["contained"] == [sender]


# --- twice


def test_the_same_task_again_stores_nothing_more(desk, claim):
    document = a_delivery(about(claim), number="D1")

    first, second = desk.ask(document), desk.ask(document)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.stored.text == second.stored.text
    assert len(kept(desk)) == 1


def test_the_same_communication_in_another_task_is_the_same_communication(desk, claim):
    document = about(claim)

    first, second = (desk.task(a_delivery(document, number=number)) for number in ("D1", "D2"))

    assert first["id"] != second["id"]
    assert first["output"] == second["output"]
    assert len(kept(desk)) == 1


# --- together


def test_of_two_at_once_one_communication_is_stored(desk, claim):
    document, together = about(claim), Barrier(2)

    def attempt(number):
        together.wait(WAIT_SECONDS)
        return desk.task(a_delivery(document, number=number))["status"]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(attempt, ("D1", "D2"))) == ["completed", "completed"]
    assert len(kept(desk)) == 1
