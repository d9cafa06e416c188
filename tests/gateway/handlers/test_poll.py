"""Task.code `poll`, straight at its handler."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest

from app.domain.codes import InputType, OutputType, TaskCode
from app.domain.issues import ErrorCode, Missing, Refused, Unacceptable
from app.domain.lifecycle import State
from app.domain.parties import PayerSettings
from app.domain.references import Reference
from app.domain.tasks import Output, Remaining, TaskInput, completed
from app.gateway.handlers.poll import BUNDLE_BYTES, Poll, poll
from app.store import tables
from tests.builders import a_claim, a_task, an_eligibility_request, an_input
from tests.gateway.desk import on

WAIT_SECONDS = 60


def polls(desk, focus=None, *, task_id="T1", **filters):
    named = {"origresponse": InputType.ORIGRESPONSE, "acknowledged": InputType.ACK}
    inputs = []
    for name, type in named.items():
        given = filters.get(name, ())
        for one in (given,) if isinstance(given, Reference) else given:
            inputs.append(TaskInput(type, "Reference", one, f"Task.input[{len(inputs)}]"))
    request = desk.request(TaskCode.POLL, Poll(**filters), focus, inputs, task_id)
    return desk.do(lambda work: poll(request, work))


def response(outcome):
    return next((out.value for out in outcome.outputs if out.type == OutputType.RESPONSE), None)


def remaining(outcome):
    return next(out.value.count for out in outcome.outputs if out.type == OutputType.REMAINING)


def refusal(desk, error, *arguments, **filters):
    with pytest.raises(error) as refused:
        polls(desk, *arguments, **filters)
    return [(issue.error, issue.expression) for issue in refused.value.issues]


@pytest.fixture
def decided(desk, insured, worker):
    """Takes Claims in and decides them, one after the other."""

    def made(count=1, use="claim"):
        taken = []
        for _ in range(count):
            taken.append(desk.create(a_claim(use)))
            worker.drain()
        return taken

    return made


# --- refused


def test_a_period_that_ends_before_it_starts_is_unacceptable(desk):
    """A dateTime and a date: which comes first is for the payer's zone to tell."""

    def asked(end):
        given = {"start": "2026-03-02T10:00:00Z", "end": end}
        return a_task("poll", inputs=[an_input("period", valuePeriod=given)])

    with pytest.raises(Unacceptable) as refused:
        desk.task(asked("2026-03-01"))

    assert [(issue.error, issue.expression) for issue in refused.value.issues] == [
        (ErrorCode.INPUT_PERIOD, "Task.input[0]")
    ]
    assert desk.task(asked("2026-03-02"))["status"] == "completed"


def test_a_focus_that_is_not_there_is_missing(desk, stranger, decided):
    (taken,) = decided()

    for who, focus in ((desk, Reference("Claim", "unknown")), (stranger, on(taken))):
        assert refusal(who, Missing, focus) == [(ErrorCode.FOCUS_NOT_FOUND, "Task.focus")]
    assert response(polls(desk, on(taken))) is not None


def test_a_focus_that_was_nullified_is_gone(desk, decided):
    (taken,) = decided()
    desk.change(tables.submission, state=State.NULLIFIED)

    assert refusal(desk, Missing, on(taken)) == [(ErrorCode.FOCUS_GONE, "Task.focus")]


def test_a_focus_that_was_never_submitted_is_refused(desk, decided):
    (taken,) = decided()

    response_to = Reference(*taken.related.split("/"))
    assert refusal(desk, Refused, response_to) == [(ErrorCode.FOCUS_TYPE, "Task.focus")]


def test_an_original_response_that_is_not_there_or_of_another_claim_is_missing(desk, decided):
    taken, other = decided(2)
    expected = [(ErrorCode.ORIGRESPONSE_NOT_FOUND, "Task.input[0]")]
    theirs, own = (Reference(*one.related.split("/")) for one in (other, taken))

    unknown = Reference("ClaimResponse", "unknown")
    assert refusal(desk, Missing, origresponse=unknown) == expected
    assert refusal(desk, Missing, on(taken), origresponse=theirs) == expected
    assert polls(desk, on(taken), origresponse=own).status == "completed"


def test_an_acknowledgement_of_something_unknown_hands_nothing_over(desk, decided):
    (taken,) = decided()
    known = response(polls(desk, on(taken)))
    unknown = Reference("ClaimResponse", "unknown")

    assert refusal(desk, Missing, acknowledged=(known, unknown)) == [
        (ErrorCode.ACK_NOT_FOUND, "Task.input[1]")
    ]
    assert [state for _, state in desk.pended()] == ["delivered", "undelivered"]
    assert polls(desk, acknowledged=(known,), task_id="T2").status == "completed"


# --- done


def test_nothing_there_is_completed_with_nothing(desk):
    nothing = Output(OutputType.REMAINING, Remaining(0))

    assert polls(desk) == completed(nothing, keeps_key=False, handed_over=0)


def test_the_oldest_is_handed_over_by_its_version(desk, decided):
    first, _ = decided(2)

    outcome = polls(desk)

    reference = Reference("ClaimResponse", first.related.split("/")[1], 2)
    assert outcome == completed(
        Output(OutputType.RESPONSE, reference),
        Output(OutputType.REMAINING, Remaining(3)),
        handed_over=1,
    )
    assert [state for _, state in desk.pended()] == ["delivered"] + ["undelivered"] * 3


@pytest.mark.parametrize(("count", "left"), [(1, 5), (4, 2), (100, 0)])
def test_a_count_is_answered_with_a_bundle(desk, decided, count, left):
    decided(3)

    outcome = polls(desk, count=count)

    assert (response(outcome), remaining(outcome)) == (Reference("Bundle", "T1"), left)
    handed_over = desk.see(lambda work: work.pended.handed_over("T1"))
    expected = [("ClaimResponse", 2), ("ExplanationOfBenefit", 1)] * 3
    assert [(type, version) for type, _, version in handed_over] == expected[:count]


@pytest.mark.parametrize(
    ("filters", "types"),
    [
        ({"included": ("ClaimResponse",)}, ["ClaimResponse"]),
        ({"excluded": ("ClaimResponse",)}, ["ExplanationOfBenefit", "CoverageEligibilityResponse"]),
        ({"included": ("Patient",)}, []),
        ({"included": ("ClaimResponse",), "excluded": ("ClaimResponse",)}, []),
        ({"period": ("2026-03-02", "2026-03-02")}, None),
        ({"period": ("2026", None)}, None),
        ({"period": (None, "2026-03-01")}, []),
        ({"period": ("2026-03-03", None)}, []),
    ],
    ids=str,
)
def test_only_what_the_filters_leave_is_handed_over(desk, decided, filters, types):
    decided()
    desk.create(an_eligibility_request())
    every = ["ClaimResponse", "ExplanationOfBenefit", "CoverageEligibilityResponse"]

    outcome = polls(desk, count=100, **filters)

    handed_over = desk.see(lambda work: work.pended.handed_over("T1"))
    assert [type for type, _, _ in handed_over] == (every if types is None else types)
    assert remaining(outcome) == 0


@pytest.mark.parametrize(("zone", "day"), [("UTC", "2026-03-02"), ("Asia/Tokyo", "2026-03-03")])
def test_a_day_is_the_payers_day(desk, registry, insured, worker, clock, zone, day):
    """Half past nine in the evening in London is the next morning in Tokyo."""
    clock.forward(hours=12)
    desk.create(a_claim())
    worker.drain()
    payer = replace(desk.client.payer, settings=PayerSettings(zone=ZoneInfo(zone)))
    there = replace(desk, client=replace(desk.client, payer=payer))

    assert response(polls(there, period=(None, "2026-03-01"))) is None
    assert response(polls(there, period=("2026-03-04", None))) is None
    assert response(polls(there, period=(day, day))) is not None


def test_a_focus_takes_only_answers_to_it(desk, decided):
    _, second = decided(2)

    outcome = polls(desk, on(second), count=100)

    handed_over = desk.see(lambda work: work.pended.handed_over("T1"))
    assert next(iter(handed_over))[1] == second.related.split("/")[1]
    assert (len(handed_over), remaining(outcome)) == (2, 0)
    assert outcome.focus == ("Claim", second.stored.id)
    assert remaining(polls(desk, task_id="T2")) == 1


def test_the_queued_response_is_never_handed_over(desk):
    taken = desk.create(a_claim())

    for focus in (None, on(taken)):
        assert response(polls(desk, focus)) is None


def test_an_original_response_takes_only_what_follows_it(desk, decided):
    taken, _ = decided(2)
    original = Reference(*taken.related.split("/"))
    assert response(polls(desk, origresponse=original)) is None
    desk.task(a_task("cancel", focus=taken.stored.reference))

    reversal = response(polls(desk, origresponse=original, task_id="T2"))

    document = desk.document(reversal.literal)
    assert document["request"]["reference"] == taken.stored.reference
    assert reversal.id != original.id


def test_a_bundle_is_not_larger_than_its_bytes_and_has_at_least_one(desk, decided):
    decided(2)
    desk.change(tables.pended, size=BUNDLE_BYTES // 3)
    assert remaining(polls(desk, count=100)) == 1

    desk.change(tables.pended, state="undelivered", size=BUNDLE_BYTES + 1)
    assert remaining(polls(desk, count=100, task_id="T2")) == 3


def test_a_stranger_is_handed_nothing(desk, stranger, decided):
    decided()

    assert response(polls(stranger)) is None
    assert response(polls(desk)) is not None


# --- twice


def test_what_was_handed_over_comes_once_more_by_focus_and_moves_nothing(desk, decided):
    taken, _ = decided(2)
    first = polls(desk, on(taken), count=100)
    states = desk.pended()

    again = polls(desk, on(taken), count=100, task_id="T2")

    both = [desk.see(lambda work, id=id: work.pended.handed_over(id)) for id in ("T1", "T2")]
    assert list(both[0]) == list(both[1]) != []
    assert (remaining(first), remaining(again)) == (0, 0)
    assert desk.pended() == states


def test_what_was_handed_over_does_not_come_again_without_a_focus(desk, decided):
    decided()

    seen = [response(polls(desk, task_id=f"T{number}")) for number in range(3)]

    assert [one and one.type for one in seen] == ["ClaimResponse", "ExplanationOfBenefit", None]


# --- together


def test_polls_at_once_hand_over_each_answer_once(desk, decided):
    decided(6)
    together = Barrier(4)

    def collect(worker):
        together.wait(WAIT_SECONDS)
        found = []
        for number in range(20):
            one = response(polls(desk, task_id=f"{worker}-{number}"))
            if one is None:
                break
            found.append((one.type, one.id, one.version))
        return found

    with ThreadPoolExecutor(4) as pool:
        received = [one for found in pool.map(collect, range(4)) for one in found]

    assert len(received) == len(set(received)) == 12
