"""Stop what is unfinished, reverse what is finished; the copy is kept.

http://hl7.org/fhir/R4/financial-module.html#cancel
"""

from app.domain.codes import ClaimUse, FinancialStatus
from app.domain.decisions import Ending
from app.domain.lifecycle import UNDECIDED, State
from app.domain.parties import Payer
from app.fhir import claim_response, json_text
from app.gateway import answers, clocks, invoice_payments, payables, questions
from app.gateway.enrollment import taken_back
from app.gateway.reopening import overtaken
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
    _set_status(submission.type, submission.id, final_status(submission.type), work)
    response = _cancel_answers(submission, work)
    if submission.type != "Claim" or submission.decided_at is None or response is None:
        return None
    return _reversal(moved, response, payer, work)


def stopped(submission: Submission, payer: Payer, work: UnitOfWork) -> None:
    """Withdraw what is queued for a submission, and give back what it holds.

    Raises Refused where what it did can no longer be taken back.
    """
    work.submissions.free_identifiers(submission.id)
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


def _cancel_answers(submission: Submission, work: UnitOfWork) -> Stored | None:
    if submission.benefit_id is not None:
        _set_status("ExplanationOfBenefit", submission.benefit_id, FinancialStatus.CANCELLED, work)
    if submission.response_type is None or submission.response_id is None:
        return None
    return _set_status(
        submission.response_type, submission.response_id, FinancialStatus.CANCELLED, work
    )


def _set_status(type: str, id: str, status: str, work: UnitOfWork) -> Stored:
    current = work.resources.find(type, id)
    if current is None:
        raise VersionConflict(f"{type}/{id}")
    return answers.with_status(current, status, work)


def _reversal(submission: Submission, response: Stored, payer: Payer, work: UnitOfWork) -> Stored:
    claim = work.resources.find(submission.type, submission.id)
    if claim is None or claim.text is None or response.text is None:
        raise VersionConflict(f"{submission.type}/{submission.id}")
    id = work.new_id()
    told = answers.answering(
        payer, json_text.parsed(claim.text), claim.reference, "ClaimResponse", id, work
    )
    document = claim_response.reversal(
        told, json_text.parsed(response.text), response.versioned, REASON
    )
    reversal = answers.added(document, id, submission.submitter_id, work)
    answers.pend(reversal, submission, payer, work, follows_id=response.id)
    return reversal
