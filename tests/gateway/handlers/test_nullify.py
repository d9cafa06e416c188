"""Task.code `nullify`, straight at its handler."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.domain.codes import BusinessStatus
from app.domain.issues import ErrorCode, Missing, Unacceptable
from app.domain.lifecycle import State
from app.domain.references import Identifier, Reference
from app.domain.tasks import in_progress
from app.store import tables
from app.store.resources import VersionConflict
from tests.builders import (
    CLAIM_SYSTEM,
    a_claim,
    a_communication,
    a_delivery,
    a_quote,
    a_task,
    an_eligibility_request,
    money,
)
from tests.gateway.desk import on, under_rules_of_now
from tests.gateway.nullifications import assert_purged, nullifies, refusal

WAIT_SECONDS = 60


@pytest.fixture
def claim(desk):
    return desk.create(a_claim(number="C1"))


# --- refused


def test_a_task_without_a_focus_is_unacceptable(desk, claim):
    assert refusal(desk, None, Unacceptable) is ErrorCode.TASK_FOCUS
    assert_purged(desk, nullifies(desk, on(claim)), claim)


def test_what_is_a_strangers_is_as_if_missing(desk, stranger, claim):
    by_identifier = Reference("Claim", identifier=Identifier(CLAIM_SYSTEM, "C1"))

    for focus in (on(claim), by_identifier, Reference("Claim", "unknown")):
        assert refusal(stranger, focus, Missing) is ErrorCode.FOCUS_NOT_FOUND
    assert desk.submission(claim).state is State.QUEUED
    assert_purged(desk, nullifies(desk, by_identifier), claim)


def test_what_was_never_submitted_is_refused_by_its_type(desk, claim):
    patient = desk.create({"resourceType": "Patient"})

    assert refusal(desk, on(patient)) is ErrorCode.FOCUS_TYPE
    assert refusal(desk, Reference(*claim.related.split("/"))) is ErrorCode.FOCUS_TYPE


def test_a_paid_claim_is_not_nullified_unless_its_payer_lets_it_be(
    desk, registry, insured, worker, claim
):
    worker.drain()
    desk.change(tables.submission, state=State.PAID)

    assert refusal(desk, on(claim)) is ErrorCode.NULLIFY_PAID
    assert desk.submission(claim).state is State.PAID
    lenient = under_rules_of_now(desk, registry, nullify_paid=True)
    assert_purged(desk, nullifies(lenient, on(claim)), claim)


def test_what_is_held_by_law_is_kept(desk, claim):
    desk.change(tables.submission, is_held=True)

    assert refusal(desk, on(claim)) is ErrorCode.NULLIFY_HELD
    assert desk.document(claim.stored.reference)["status"] == "active"
    desk.change(tables.submission, is_held=False)
    assert_purged(desk, nullifies(desk, on(claim)), claim)


def test_a_preauthorization_is_kept_while_claims_hold_a_part(desk, insured, worker):
    preauthorization = desk.create(a_claim("preauthorization"))
    worker.drain()
    quote = a_quote(preauthorization.stored.id)
    using = desk.create(a_claim(insurance=quote, prices=["12.50"], serviced="2026-03-02"))
    worker.drain()

    assert refusal(desk, on(preauthorization)) is ErrorCode.CANCEL_CLAIMED
    assert_purged(desk, nullifies(desk, on(using)), using)
    held = desk.see(lambda work: work.reservations.find(preauthorization.stored.id))
    assert (held.amount.used, held.amount.open) == (0, 8000)
    assert_purged(desk, nullifies(desk, on(preauthorization)), preauthorization)


def test_a_communication_that_a_decision_used_is_kept(desk, claim):
    used, unused = (desk.create(a_communication()) for _ in range(2))
    column = tables.submission.c.id
    desk.installation.store.write(
        lambda connection: connection.execute(
            tables.submission.update().where(column == used.stored.id).values(is_used=True)
        )
    )

    assert refusal(desk, on(used)) is ErrorCode.CANCEL_USED
    assert_purged(desk, nullifies(desk, on(unused)), unused)


def test_the_original_response_must_answer_the_focus(desk, claim):
    other = desk.create(a_claim())
    theirs, own = (Reference(*one.related.split("/")) for one in (other, claim))

    assert refusal(desk, on(claim), Missing, origresponse=theirs) is (
        ErrorCode.ORIGRESPONSE_NOT_FOUND
    )
    assert desk.submission(claim).state is State.QUEUED
    assert_purged(desk, nullifies(desk, on(claim), origresponse=own), claim)


# --- done


def test_where_a_second_person_has_to_approve_it_waits(desk, registry, claim):
    strict = under_rules_of_now(desk, registry, nullify_needs_approval=True)

    outcome = nullifies(strict, on(claim))

    assert outcome == in_progress(
        BusinessStatus.AWAITING_APPROVAL, focus=("Claim", claim.stored.id)
    )
    assert desk.submission(claim).state is State.QUEUED
    assert desk.document(claim.stored.reference)["status"] == "active"


BESIDE_CLAIMS = {
    "an invalid Claim": lambda: a_claim(total=money("1.00")),
    "an eligibility request": an_eligibility_request,
    "a Communication": a_communication,
}


@pytest.mark.parametrize("document", BESIDE_CLAIMS.values(), ids=BESIDE_CLAIMS)
def test_whatever_was_submitted_is_purged_with_its_answer(desk, document):
    taken = desk.create(document())

    assert_purged(desk, nullifies(desk, on(taken)), taken)

    assert taken.related is None or desk.stored(*taken.related.split("/")).text is None
    assert {state for _, state in desk.pended()} <= {"purged"}


# --- twice


def test_what_was_nullified_is_gone(desk, claim):
    nullifies(desk, on(claim))
    stones = desk.see(lambda work: work.tombstones.find("Claim", claim.stored.id))

    assert refusal(desk, on(claim), Missing) is ErrorCode.FOCUS_GONE
    assert desk.see(lambda work: work.tombstones.find("Claim", claim.stored.id)) == stones


def test_by_its_identifier_it_is_not_known_any_more(desk, claim):
    by_identifier = Reference("Claim", identifier=Identifier(CLAIM_SYSTEM, "C1"))
    nullifies(desk, by_identifier)

    assert refusal(desk, by_identifier, Missing) is ErrorCode.FOCUS_NOT_FOUND
    again = desk.create(a_claim(number="C1", prices=["7.00"]))
    assert_purged(desk, nullifies(desk, by_identifier), again)


# --- together


def test_of_two_at_once_one_purges(desk, insured, worker, claim):
    worker.drain()
    together = Barrier(2)

    def attempt(_):
        together.wait(WAIT_SECONDS)
        try:
            return str(nullifies(desk, on(claim)).status)
        except (Missing, VersionConflict) as refused:
            return type(refused).__name__

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(attempt, range(2)))

    assert outcomes == ["Missing", "completed"]


def test_of_a_nullify_and_an_attachment_at_once_nothing_is_left_of_either(desk, claim):
    together = Barrier(2)
    attachment = a_communication(about=[{"reference": claim.stored.reference}])

    def attempt(task):
        together.wait(WAIT_SECONDS)
        return desk.task(task)["status"]

    with ThreadPoolExecutor(2) as pool:
        nullified, delivered = pool.map(
            attempt, [a_task("nullify", focus=claim.stored.reference), a_delivery(attachment)]
        )

    assert nullified == "completed"
    assert delivered in {"completed", "failed"}
    rows = desk.installation.store.read(
        lambda connection: connection.execute(tables.resource_version.select()).all()
    )
    assert {row.type for row in rows} <= {"Task", "InsurancePlan", "Coverage"}


def test_of_a_nullify_and_a_decision_at_once_nothing_is_left(desk, insured, worker, claim):
    together = Barrier(2)

    def decided():
        together.wait(WAIT_SECONDS)
        return worker.drain()

    def purged():
        together.wait(WAIT_SECONDS)
        return desk.task(a_task("nullify", focus=claim.stored.reference))["status"]

    with ThreadPoolExecutor(2) as pool:
        working, nullified = pool.submit(decided), pool.submit(purged)
    assert (nullified.result(), working.result() >= 0) == ("completed", True)
    worker.drain()

    assert desk.submission(claim).state is State.NULLIFIED
    rows = desk.installation.store.read(
        lambda connection: connection.execute(tables.resource_version.select()).all()
    )
    assert {row.type for row in rows} == {"Task", "InsurancePlan", "Coverage"}
    assert {state for _, state in desk.pended()} <= {"purged"}
