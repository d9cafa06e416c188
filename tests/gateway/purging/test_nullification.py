"""What goes with a submission that is nullified, and what is kept of it."""

import pytest

from app.domain.adjudication import Review
from app.domain.issues import ErrorCode
from app.domain.lifecycle import State
from app.store import tables
from tests.builders import a_claim, a_communication, a_task
from tests.gateway.desk import on
from tests.gateway.nullifications import assert_purged, nullifies, refusal


@pytest.fixture
def claim(desk):
    return desk.create(a_claim(number="C1"))


def test_an_attachment_that_is_held_by_law_keeps_its_claim(desk, insured, worker, claim):
    attached = desk.create(a_communication(about=[{"reference": claim.stored.reference}]))
    hold(desk, attached, True)

    assert refusal(desk, on(claim)) is ErrorCode.NULLIFY_HELD
    assert desk.submission(claim).state is State.QUEUED
    assert desk.document(attached.stored.reference)["status"] == "completed"
    hold(desk, attached, False)
    assert_purged(desk, nullifies(desk, on(claim)), claim)


def hold(desk, taken, is_held):
    held = tables.submission.update().where(tables.submission.c.id == taken.stored.id)
    desk.installation.store.write(lambda c: c.execute(held.values(is_held=is_held)))


def test_what_is_kept_of_the_row_is_that_it_was_there(desk, insured, worker, claim):
    worker.drain()
    desk.change(tables.submission, review=Review.DUPLICATE)
    before = desk.submission(claim)
    assert before.disposition is not None
    assert before.review is Review.DUPLICATE

    nullifies(desk, on(claim))

    after = desk.submission(claim)
    assert (after.state, after.epoch, after.use) == (State.NULLIFIED, 2, before.use)
    blank = (
        after.disposition,
        after.total,
        after.currency,
        after.rules,
        after.plan_version,
        after.providers,
        after.awaiting,
        after.awaiting_text,
        after.due_at,
        after.review,
    )
    assert set(blank) == {None}


def test_attachments_go_with_their_claim_and_others_stay(desk, claim):
    attached = desk.create(a_communication(about=[{"reference": claim.stored.reference}]))
    loose = desk.create(a_communication())

    outcome = nullifies(desk, on(claim))

    assert str(outcome.outputs[0].value).startswith("Purged: Claim 1, ClaimResponse 1, Communicat")
    assert_purged(desk, outcome, claim)
    assert desk.submission(attached).state is State.NULLIFIED
    assert desk.submission(loose).state is State.STORED
    assert desk.document(loose.stored.reference)["status"] == "completed"


def test_what_was_cancelled_before_is_purged_with_its_reversal(desk, insured, worker, claim):
    worker.drain()
    cancelled = desk.task(a_task("cancel", focus=claim.stored.reference))
    reversal = cancelled["output"][0]["valueReference"]["reference"].split("/")[1]

    assert_purged(desk, nullifies(desk, on(claim)), claim)

    assert desk.stored("ClaimResponse", reversal).text is None


def test_a_running_reprocess_ends_with_its_claim(desk, insured, worker, claim):
    worker.drain()
    running = desk.ask(a_task("reprocess", focus=claim.stored.reference))

    assert_purged(desk, nullifies(desk, on(claim)), claim)
    worker.drain()

    assert desk.document(running.stored.reference)["status"] == "cancelled"
    assert desk.see(lambda work: work.reissues.find(claim.stored.id)) is None
    assert desk.submission(claim).state is State.NULLIFIED


def test_the_receipt_of_the_same_content_has_another_digest(desk):
    receipts = []
    for _ in range(2):
        taken = desk.create(a_claim())
        [output] = nullifies(desk, on(taken)).outputs
        receipts.append(output.value)

    assert {(one.resources, one.versions, one.tasks) for one in receipts} == {
        ((("Claim", 1), ("ClaimResponse", 1)), 2, 0)
    }
    assert receipts[0].digest != receipts[1].digest
    assert len(receipts[0].digest) == 48
