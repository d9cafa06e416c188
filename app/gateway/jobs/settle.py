"""Job ``adjudicate``, the answer: written where nothing moved since the question, else dropped.

Response, explanation, counters, reservation, queue and audit are one transaction.
"""

from datetime import datetime

from app.domain.adjudication import Answer, Awaiting, Category, Decided, Deferred
from app.domain.claims import Days
from app.domain.codes import ClaimUse, Outcome
from app.domain.lifecycle import State
from app.domain.money import Money, minor_unit
from app.fhir import claim_response, json_text
from app.fhir.explanation_of_benefit import explanation_of_benefit
from app.gateway import answers
from app.gateway.jobs.adjudicate import Facts
from app.store.audit import Event
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork
from app.store.work_queue import Job

ADJUDICATOR = "adjudicator"


class LeaseLost(Exception):
    """The lease lapsed and another worker has the job: this answer is not needed."""


class CountersMoved(Exception):
    """Another decision used the same counters in between: the question must be asked anew."""


def settle(job: Job, facts: Facts, answer: Answer, rules: str, work: UnitOfWork) -> bool:
    """Write an answer; False where the submission moved on and the answer was dropped.

    Raises LeaseLost or CountersMoved, with nothing written.
    """
    if isinstance(answer, Deferred):
        return _await(job, facts, answer, work)
    return _decide(job, facts, answer, rules, work)


def _await(job: Job, facts: Facts, answer: Deferred, work: UnitOfWork) -> bool:
    due_at = _due_at(facts, answer, work)
    moved = work.submissions.move(
        facts.submission,
        state=State.AWAITING,
        awaiting=_awaited(facts, answer),
        awaiting_text=answer.text,
        due_at=due_at,
    )
    if moved is None or due_at is None:
        _finish(job, work)
    elif not work.jobs.put_back(job, _asked_again_at(facts, due_at, work), counts=False):
        raise LeaseLost
    return moved is not None


def _awaited(facts: Facts, answer: Deferred) -> Awaiting:
    """What is awaited; after a last call nothing more comes by itself, and a person must look."""
    return Awaiting.OPERATOR if facts.request.is_last_call else answer.awaiting


def _due_at(facts: Facts, answer: Deferred, work: UnitOfWork) -> datetime | None:
    """Until when it is waited; None where only a person ends the wait."""
    if answer.awaiting is Awaiting.OPERATOR or facts.request.is_last_call:
        return None
    if answer.until is not None:
        return answer.until
    if facts.submission.awaiting is answer.awaiting and facts.submission.due_at is not None:
        # Asked in between and still waiting for the same: that makes the wait no longer.
        return facts.submission.due_at
    return work.now + facts.payer.settings.await_coverage


def _asked_again_at(facts: Facts, due_at: datetime, work: UnitOfWork) -> datetime:
    """When it is due, or now where reference data came in since the facts were read."""
    is_outdated = work.reference_epoch.held() != facts.payer.reference_epoch
    return work.now if is_outdated else due_at


def _decide(job: Job, facts: Facts, decided: Decided, rules: str, work: UnitOfWork) -> bool:
    submission = facts.submission
    benefit = decided.total(Category.BENEFIT)
    benefit_id = work.new_id() if submission.use is ClaimUse.CLAIM else None
    moved = work.submissions.move(
        submission,
        state=_final_state(submission, benefit),
        outcome=Outcome.COMPLETE,
        disposition=decided.disposition,
        total=benefit.amount if benefit else None,
        currency=benefit.currency if benefit else None,
        awaiting=None,
        awaiting_text=None,
        due_at=None,
        benefit_id=benefit_id,
        rules=rules,
        plan_version=facts.request.plan.version if facts.request.plan else None,
        decided_at=work.now,
    )
    _finish(job, work)
    if moved is None:
        return False
    if not work.counters.post(submission.id, decided.postings, facts.counter_versions):
        raise CountersMoved
    response = _respond(moved, facts, decided, work)
    if benefit_id is not None:
        _explain(moved, facts, decided, response, benefit_id, work)
    if submission.use is ClaimUse.PREAUTHORIZATION:
        _reserve(submission, benefit, work)
    _audit(moved, work)
    return True


def _finish(job: Job, work: UnitOfWork) -> None:
    if not work.jobs.finish(job):
        raise LeaseLost


def _final_state(submission: Submission, benefit: Money | None) -> State:
    is_owed = submission.use is ClaimUse.CLAIM and benefit is not None and benefit.amount > 0
    return State.PAYABLE if is_owed else State.DECIDED


def _respond(submission: Submission, facts: Facts, decided: Decided, work: UnitOfWork) -> Stored:
    """The decision as the next version of the ClaimResponse that intake gave, pended."""
    queued = work.resources.find("ClaimResponse", submission.response_id or "")
    if queued is None:
        raise LookupError("every Claim has a ClaimResponse")
    told = answers.answering(
        facts.payer,
        facts.document,
        f"Claim/{submission.id}",
        "ClaimResponse",
        queued.id,
        work,
    )
    preauthorization, valid = None, None
    if submission.use is ClaimUse.PREAUTHORIZATION:
        preauthorization, valid = f"PA-{submission.id}", _validity(facts, work)
    document = claim_response.decided(told, decided, preauthorization, valid)
    response = answers.amended(queued, json_text.write(document), work)
    answers.pend(response, submission, facts.payer, work)
    return response


def _validity(facts: Facts, work: UnitOfWork) -> Days:
    """The days on which the preauthorized services may be rendered."""
    if facts.request.claim.billable is not None:
        return facts.request.claim.billable
    today = work.now.astimezone(facts.payer.settings.zone).date()
    return Days(today, today + facts.payer.settings.preauthorization_valid)


def _explain(
    submission: Submission,
    facts: Facts,
    decided: Decided,
    response: Stored,
    id: str,
    work: UnitOfWork,
) -> None:
    told = answers.answering(
        facts.payer, facts.document, f"Claim/{submission.id}", "ExplanationOfBenefit", id, work
    )
    document = explanation_of_benefit(told, response.reference, decided)
    explained = answers.added(document, id, submission.submitter_id, work)
    answers.pend(explained, submission, facts.payer, work)


def _reserve(submission: Submission, benefit: Money | None, work: UnitOfWork) -> None:
    if benefit is None:
        return
    units = int(benefit.amount / minor_unit(benefit.currency))
    work.reservations.reserve(submission.id, benefit.currency, units)


def _audit(submission: Submission, work: UnitOfWork) -> None:
    work.audit.add(
        Event(ADJUDICATOR, "decide", str(submission.outcome), submission.type, submission.id)
    )
