"""Stop what is unfinished, reverse what is finished; the copy is kept.

http://hl7.org/fhir/R4/financial-module.html#cancel
"""

from app.domain.codes import ClaimUse, FinancialStatus
from app.domain.decisions import Ending
from app.domain.lifecycle import UNDECIDED, State
from app.domain.parties import Payer
from app.fhir import json_text
from app.fhir.answers import claim_response
from app.gateway import answers
from app.gateway.administering.enrollment import taken_back
from app.gateway.deciding import clocks, questions
from app.gateway.invoices import balances as invoice_payments
from app.gateway.payments import payables
from app.gateway.tasks.reopening import overtaken
from app.store.resources import Stored, VersionConflict
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

REASON = "The request was cancelled by its submitter."


def cancelled(submission: Submission, payer: Payer, work: UnitOfWork) -> Stored | None:
    """Cancel a submission whose row is locked; the reversing ClaimResponse if it was decided.

    Raises VersionConflict where someone else moved it first, and Refused where what it did can no
    longer be taken back.
    """
    moved = work.submissions.move(
        submission,
        state=State.CANCELLED,
        epoch=submission.epoch + 1,
        awaiting=None,
        awaiting_text=None,
        due_at=None,
    )
    if moved is None:
        raise VersionConflict(f"{submission.type}/{submission.id}")
    stopped(submission, payer, work)
    with work.at_once(puts_off=True):
        restated = _restated(submission, work)
        if submission.type != "Claim" or submission.decided_at is None:
            return None
        response = restated.get(_response_key(submission))
        if response is None:
            return None
        return _reversal(moved, restated[submission.key], response, payer, work)


def stopped(submission: Submission, payer: Payer, work: UnitOfWork) -> None:
    """Withdraw what is queued for a submission, and give back what it holds.

    Raises Refused where what it did can no longer be taken back.
    """
    work.submissions.free_identifiers(submission.id)
    if submission.state in UNDECIDED:
        work.jobs.withdraw(work.scope.payer_id, submission.key)
    work.pended.withdraw(submission.key)
    questions.close(submission, work)
    if submission.type == "EnrollmentRequest":
        taken_back(submission.id, work)
    if submission.type == "PaymentNotice":
        invoice_payments.taken_back(submission, work)
    if submission.type != "Claim":
        return
    if submission.state in UNDECIDED:
        clocks.taken_away(submission, Ending.CANCELLED, work)
    if submission.decided_at is None:
        # Nothing was counted, reserved or owed, and nobody asked to have it decided again.
        return
    if submission.is_reopened:
        overtaken(submission, payer, work)
    work.counters.give_back(submission.id)
    work.reservations.restore(submission.id)
    payables.take_back(submission, work)
    if submission.use is ClaimUse.PREAUTHORIZATION:
        work.reservations.cancel(submission.id)


def final_status(type: str) -> str:
    """The status that tells of a cancel."""
    # A Communication has the clinical event statuses, which know no `cancelled`.
    is_event = type == "Communication"
    return FinancialStatus.ENTERED_IN_ERROR if is_event else FinancialStatus.CANCELLED


def _response_key(submission: Submission) -> tuple[str, str] | None:
    if submission.response_type is None or submission.response_id is None:
        return None
    return (submission.response_type, submission.response_id)


def _restated(submission: Submission, work: UnitOfWork) -> dict[tuple[str, str] | None, Stored]:
    """The request and its answers with the status that tells of a cancel, by type and id."""
    statuses = {submission.key: final_status(submission.type)}
    if submission.benefit_id is not None:
        statuses["ExplanationOfBenefit", submission.benefit_id] = FinancialStatus.CANCELLED
    response = _response_key(submission)
    if response is not None:
        statuses[response] = FinancialStatus.CANCELLED
    found = work.resources.find_each(statuses)
    for missing in statuses.keys() - found.keys():
        raise VersionConflict("/".join(missing))
    return {key: answers.with_status(found[key], status, work) for key, status in statuses.items()}


def _reversal(
    submission: Submission, claim: Stored, response: Stored, payer: Payer, work: UnitOfWork
) -> Stored:
    if claim.text is None or response.text is None:
        raise VersionConflict(f"{submission.type}/{submission.id}")
    id = work.new_id()
    told = answers.answering(
        payer, json_text.parsed(claim.text), claim.reference, "ClaimResponse", id, work
    )
    document = claim_response.reversal(
        told, json_text.parsed(response.text), response.versioned, REASON
    )
    reversal = answers.added(document, id, submission.submitter_id, work, family=response)
    answers.pend(reversal, submission, payer, work, follows_id=response.id)
    return reversal
