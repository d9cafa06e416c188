"""Task.code `cancel`, straight at its handler."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import select, update

from app.domain.codes import InputType, OutputType, TaskCode
from app.domain.issues import ErrorCode, Missing, Refused, Unacceptable
from app.domain.lifecycle import State
from app.domain.parties import DuplicateClaims
from app.domain.references import Identifier, Reference
from app.domain.tasks import Output, TaskInput, completed
from app.gateway.handlers.cancel import Cancel, cancel
from app.store import tables
from app.store.ledgers.reserved import Sums
from app.store.resources import VersionConflict
from app.store.tables import Measure
from tests.builders import CLAIM_SYSTEM, NOW, a_claim, a_communication, an_eligibility_request
from tests.gateway.desk import on, under_rules_of_now

WAIT_SECONDS = 60


def cancels(desk, focus, origresponse=None):
    """Cancel by a Task of its own; the outcome, committed."""
    inputs = []
    if origresponse is not None:
        given = TaskInput(InputType.ORIGRESPONSE, "Reference", origresponse, "Task.input[0]")
        inputs.append(given)
    request = desk.request(TaskCode.CANCEL, Cancel(origresponse), focus, inputs)
    return desk.do(lambda work: cancel(request, work))


def refusal(desk, focus, error=Refused, **options):
    with pytest.raises(error) as refused:
        cancels(desk, focus, **options)
    (issue,) = refused.value.issues
    return issue.error


# --- refused


def test_a_task_without_a_focus_is_unacceptable(desk):
    assert refusal(desk, None, Unacceptable) is ErrorCode.TASK_FOCUS


@pytest.mark.parametrize(
    "focus",
    [
        Reference("Claim", "unknown"),
        Reference("Claim", identifier=Identifier(CLAIM_SYSTEM, "unknown")),
        Reference("Claim"),
        Reference(foreign="urn:uuid:1"),
    ],
    ids=["id", "identifier", "neither", "elsewhere"],
)
def test_what_is_not_there_is_missing(desk, focus):
    desk.create(a_claim())

    assert refusal(desk, focus, Missing) is ErrorCode.FOCUS_NOT_FOUND


def test_what_is_a_strangers_is_as_if_missing(desk, stranger):
    taken = desk.create(a_claim(number="C7"))
    by_identifier = Reference("Claim", identifier=Identifier(CLAIM_SYSTEM, "C7"))

    assert refusal(stranger, on(taken), Missing) is ErrorCode.FOCUS_NOT_FOUND
    assert refusal(stranger, by_identifier, Missing) is ErrorCode.FOCUS_NOT_FOUND
    assert desk.submission(taken).state is State.QUEUED
    assert cancels(desk, by_identifier) == completed(focus=desk.submission(taken).key)


def test_what_was_never_submitted_is_refused_by_its_type(desk):
    taken = desk.create(a_claim())

    focus = Reference(*taken.related.split("/"))
    assert refusal(desk, focus) is ErrorCode.FOCUS_TYPE


def test_between_two_live_claims_of_one_identifier_nothing_is_guessed(desk, registry):
    registry.settle_rules(duplicate_claim_identifier=DuplicateClaims.ACCEPT)
    lenient = under_rules_of_now(desk, registry)
    first, second = (lenient.create(a_claim(number="C7", prices=[price])) for price in "12")
    focus = Reference("Claim", identifier=Identifier(CLAIM_SYSTEM, "C7"))

    assert refusal(desk, focus, Missing) is ErrorCode.FOCUS_MULTIPLE_MATCHES
    cancels(desk, on(first))

    assert cancels(desk, focus) == completed(focus=desk.submission(second).key)


def test_an_invalid_claim_is_not_cancelled(desk):
    invalid = desk.create(a_claim(total={"value": Decimal("1.00"), "currency": "EUR"}))
    valid = desk.create(a_claim())

    assert refusal(desk, on(invalid)) is ErrorCode.CANCEL_INVALID
    assert cancels(desk, on(valid)) == completed(focus=desk.submission(valid).key)


@pytest.mark.parametrize(("consumed", "restored"), [(1, 0), (100, 99), (100, 100), (0, 0)])
def test_a_preauthorization_is_cancelled_unless_claims_hold_a_part(
    desk, insured, worker, consumed, restored
):
    taken = desk.create(a_claim("preauthorization"))
    worker.drain()
    still_open = 8000 - consumed + restored
    amounts = tables.reservation_line.c.measure == Measure.AMOUNT
    changed = {"consumed": consumed, "restored": restored, "open": still_open}
    desk.installation.store.write(
        lambda c: c.execute(update(tables.reservation_line).where(amounts).values(**changed))
    )

    if consumed > restored:
        assert refusal(desk, on(taken)) is ErrorCode.CANCEL_CLAIMED
        assert desk.submission(taken).state is State.DECIDED
    else:
        assert cancels(desk, on(taken)).status == "completed"
        assert desk.submission(taken).state is State.CANCELLED


def test_a_communication_that_a_decision_used_is_not_cancelled(desk):
    taken = desk.create(a_communication())
    desk.change(tables.submission, is_used=True)
    assert refusal(desk, on(taken)) is ErrorCode.CANCEL_USED

    desk.change(tables.submission, is_used=False)
    assert cancels(desk, on(taken)) == completed(focus=desk.submission(taken).key)


def test_the_original_response_must_answer_the_focus(desk):
    taken, other = desk.create(a_claim()), desk.create(a_claim())
    theirs, own = (Reference(*one.related.split("/")) for one in (other, taken))

    assert refusal(desk, on(taken), Missing, origresponse=theirs) is (
        ErrorCode.ORIGRESPONSE_NOT_FOUND
    )
    unknown = Reference("ClaimResponse", "unknown")
    assert refusal(desk, on(taken), Missing, origresponse=unknown) is (
        ErrorCode.ORIGRESPONSE_NOT_FOUND
    )
    assert cancels(desk, on(taken), origresponse=own).status == "completed"


# --- done


def test_a_queued_claim_is_stopped_and_its_copy_kept(desk):
    taken = desk.create(a_claim(number="C7"))

    assert cancels(desk, on(taken)) == completed(focus=("Claim", taken.stored.id))

    submission = desk.submission(taken)
    assert (submission.state, submission.epoch) == (State.CANCELLED, 2)
    assert desk.document(taken.stored.reference)["status"] == "cancelled"
    assert desk.document(taken.related)["status"] == "cancelled"
    assert (desk.jobs(), desk.pended()) == ([], [])
    first = desk.see(lambda work: work.resources.find_version("Claim", taken.stored.id, 1))
    assert '"status":"active"' in first.text


def test_the_identifier_of_a_cancelled_claim_is_free(desk):
    cancels(desk, on(desk.create(a_claim(number="C7"))))

    again = desk.create(a_claim(number="C7", prices=["7.00"]))

    assert desk.submission(again).state is State.QUEUED


def test_a_decided_claim_is_reversed(desk, insured, worker):
    taken = desk.create(a_claim())
    worker.drain()
    before = desk.submission(taken)

    outcome = cancels(desk, on(taken))

    (output,) = outcome.outputs
    reversal = desk.document(output.value.literal)
    assert outcome == completed(Output(OutputType.RESPONSE, output.value), focus=before.key)
    assert reversal["request"]["reference"] == taken.stored.reference
    assert str(reversal["payment"]["amount"]["value"]) == "-80.00"
    assert desk.document(taken.related)["status"] == "cancelled"
    assert desk.document(f"ExplanationOfBenefit/{before.benefit_id}")["status"] == "cancelled"
    assert desk.pended() == [
        ("ClaimResponse", "withdrawn"),
        ("ExplanationOfBenefit", "withdrawn"),
        ("ClaimResponse", "undelivered"),
    ]


def test_what_was_handed_over_already_stays_handed_over(desk, insured, worker):
    taken = desk.create(a_claim())
    worker.drain()
    desk.change(tables.pended, state="delivered")

    cancels(desk, on(taken))

    assert [state for _, state in desk.pended()] == ["delivered", "delivered", "undelivered"]


def test_what_the_claim_counted_is_given_back(desk, insured, worker):
    taken, other = (desk.create(a_claim(prices=[price])) for price in ("100.00", "10.00"))
    worker.drain()

    cancels(desk, on(taken))

    assert benefits(desk) == {Decimal("8.00")}
    cancels(desk, on(other))
    assert benefits(desk) == {Decimal(0)}


def benefits(desk):
    entry = tables.counter_entry.c
    holders = desk.installation.store.read(
        lambda connection: set(connection.scalars(select(entry.holder)))
    )
    sums = desk.see(lambda work: work.counters.read(holders)).sums
    return {amount for counter, amount in sums.items() if counter.kind == "benefit"}


def test_what_a_preauthorization_reserved_is_released(desk, insured, worker):
    taken = desk.create(a_claim("preauthorization"))
    worker.drain()

    cancels(desk, on(taken))

    held = desk.see(lambda work: work.reservations.find(taken.stored.id))
    assert held.amount == Sums(reserved=8000, released=8000)
    assert (held.terms.currency, held.closed_at) == ("EUR", NOW)


def test_an_eligibility_request_is_cancelled_with_its_answer(desk):
    taken = desk.create(an_eligibility_request())

    assert cancels(desk, on(taken)) == completed(focus=taken_key(taken))

    assert desk.document(taken.stored.reference)["status"] == "cancelled"
    assert desk.document(taken.related)["status"] == "cancelled"
    assert desk.pended() == [("CoverageEligibilityResponse", "withdrawn")]


def taken_key(taken):
    return (taken.stored.type, taken.stored.id)


@pytest.mark.parametrize("status", ["completed", "in-progress"])
def test_a_communication_becomes_entered_in_error(desk, status):
    taken = desk.create(a_communication(status=status))

    assert cancels(desk, on(taken)) == completed(focus=taken_key(taken))
    assert desk.document(taken.stored.reference)["status"] == "entered-in-error"


# --- twice


def test_what_is_cancelled_is_not_cancelled_again(desk):
    taken = desk.create(a_claim())
    cancels(desk, on(taken))
    version = desk.stored(*taken_key(taken)).version

    assert refusal(desk, on(taken)) is ErrorCode.CANCEL_ALREADY
    assert desk.stored(*taken_key(taken)).version == version


# --- together


def test_of_two_at_once_one_cancels(desk, insured, worker):
    taken = desk.create(a_claim())
    worker.drain()
    together = Barrier(2)

    def attempt(_):
        together.wait(WAIT_SECONDS)
        try:
            return cancels(desk, on(taken)).status
        except (Refused, VersionConflict) as refused:
            return type(refused).__name__

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(attempt, range(2)))

    assert outcomes == ["Refused", "completed"]
    assert [state for _, state in desk.pended()].count("undelivered") == 1
