"""Job ``adjudicate``, the answer: written where nothing moved since the question, else dropped.

Response, explanation, counters, reservation, queue and audit are one transaction.
"""

from datetime import datetime, timedelta

from app.domain import reissue
from app.domain.adjudication import Answer, Awaiting, Category, Decided, Deferred
from app.domain.codes import ClaimUse, Outcome, OutputType
from app.domain.lifecycle import State
from app.domain.money import Money
from app.domain.references import Reference
from app.domain.tasks import Output, completed
from app.gateway.attachments import attach_crossing
from app.gateway.deciding import authorizations, clocks, decisions, earlier_payers, questions
from app.gateway.jobs import responses
from app.gateway.jobs.adjudicate import Facts, attachments_of
from app.gateway.payments import payables
from app.gateway.tasks import versions as task_versions
from app.store.audit import Event
from app.store.jobs.work_queue import Job
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

ADJUDICATOR = "adjudicator"


class LeaseLost(Exception):
    """The lease lapsed and another worker has the job: this answer is not needed."""


class CountersMoved(Exception):
    """What the question stood on moved in between: it must be asked anew.

    Another decision used the same counters or preauthorization, an attachment or an earlier
    payer's answer came, or another request was nullified.
    """


def settle(
    job: Job,
    facts: Facts,
    answer: Answer,
    rules: str,
    work: UnitOfWork,
    *,
    is_handed_over: bool = False,
) -> bool:
    """Write an answer; False where the submission moved on and the answer was dropped.

    `is_handed_over`: the ClaimResponse goes back with the very request that asked for it. Raises
    LeaseLost, CountersMoved, NotCarriedOver or Overdrawn, with nothing written.
    """
    if isinstance(answer, Deferred):
        return _await(job, facts, answer, work)
    if facts.request.reissue is not None:
        answer = reissue.told(facts.request.reissue, answer, rules)
    return _decide(job, facts, answer, rules, work, is_handed_over)


def _await(job: Job, facts: Facts, answer: Deferred, work: UnitOfWork) -> bool:
    due_at = _due_at(facts, answer, work)
    awaiting = _awaited(facts, answer)
    is_asked = awaiting is Awaiting.INFORMATION and facts.submission.awaiting is not awaiting
    moved = work.submissions.move(
        facts.submission,
        state=State.AWAITING,
        awaiting=awaiting,
        awaiting_text=answer.text,
        due_at=due_at,
        question_id=work.new_id() if is_asked else facts.submission.question_id,
    )
    if moved is None or due_at is None:
        _finish(job, work)
    elif not work.jobs.put_back(job, _asked_again_at(facts, due_at, work), counts=False):
        raise LeaseLost
    if moved is None:
        return False
    clocks.awaited(facts.submission, moved, work)
    if awaiting is Awaiting.OTHER_PAYER:
        _require_same_evidence(facts, work)
    if awaiting is not Awaiting.INFORMATION:
        questions.close(facts.submission, work)
    if is_asked and due_at is not None:
        _require_same_attachments(facts, work)
        questions.ask(moved, facts.document, answer.text, due_at, facts.payer, work)
        attach_crossing(moved, facts.document, work)
    return True


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
    return work.now + _patience(facts, answer.awaiting)


def _patience(facts: Facts, awaiting: Awaiting) -> timedelta:
    settings = facts.payer.settings
    is_information = awaiting is Awaiting.INFORMATION
    return settings.await_information if is_information else settings.await_coverage


def _asked_again_at(facts: Facts, due_at: datetime, work: UnitOfWork) -> datetime:
    """When it is due, or now where reference data came in since the facts were read."""
    is_outdated = work.reference_epoch.held() != facts.payer.reference_epoch
    return work.now if is_outdated else due_at


def _decide(
    job: Job,
    facts: Facts,
    decided: Decided,
    rules: str,
    work: UnitOfWork,
    is_handed_over: bool,
) -> bool:
    submission = facts.submission
    benefit = decided.total(Category.BENEFIT)
    ids = responses.ids_for(submission, work)
    moved = work.submissions.move(
        submission,
        state=_final_state(submission, benefit, work),
        outcome=Outcome.COMPLETE,
        disposition=decided.disposition,
        total=benefit.amount if benefit else None,
        currency=benefit.currency if benefit else None,
        awaiting=None,
        awaiting_text=None,
        due_at=None,
        response_id=ids.response,
        benefit_id=ids.benefit,
        rules=rules,
        plan_version=facts.request.plan.version if facts.request.plan else None,
        decided_at=work.now,
    )
    _finish(job, work)
    if moved is None:
        return False
    _require_same_attachments(facts, work)
    if not work.counters.post(submission.id, decided.postings, facts.counter_versions):
        raise CountersMoved
    clocks.decided(submission, decided, work)
    response = responses.respond(ids, facts, decided, work, is_handed_over=is_handed_over)
    _keep(moved, facts, decided, rules, work)
    _hold(moved, facts, decided, benefit, work)
    if submission.use is ClaimUse.CLAIM:
        payables.owe(moved, benefit, facts.document, work)
    questions.close(submission, work)
    work.submissions.mark_used(submission.id)
    _answer_task(moved, facts, response, work)
    _audit(moved, work)
    return True


def _keep(
    submission: Submission, facts: Facts, decided: Decided, rules: str, work: UnitOfWork
) -> None:
    """Keep what it was made from, so that it can be made again; raises CountersMoved."""
    try:
        decisions.keep(submission, facts.request, decided, rules, work, facts.counted)
    except decisions.SourceGone:
        raise CountersMoved from None


def _require_same_attachments(facts: Facts, work: UnitOfWork) -> None:
    """Pass where none came or was cancelled since the question; raises CountersMoved.

    Looked at once the Claim's row is ours: what comes from now on finds the answer written.
    """
    if attachments_of(facts.submission, work, lock=True) != facts.request.attachments:
        raise CountersMoved


def _require_same_evidence(facts: Facts, work: UnitOfWork) -> None:
    """Pass where no earlier payer's answer came since the question; raises CountersMoved."""
    known = facts.request.earlier_payers
    if not earlier_payers.are_the_same(known, facts.document, work.base, work):
        raise CountersMoved


def _finish(job: Job, work: UnitOfWork) -> None:
    if not work.jobs.finish(job):
        raise LeaseLost


def _final_state(submission: Submission, benefit: Money | None, work: UnitOfWork) -> State:
    if submission.use is not ClaimUse.CLAIM or benefit is None or benefit.amount <= 0:
        return State.DECIDED
    # Decided again with the same benefit, what was paid stays paid.
    is_paid = submission.paid_at is not None and payables.is_paid(submission.id, benefit, work)
    return State.PAID if is_paid else State.PAYABLE


def _hold(
    submission: Submission, facts: Facts, decided: Decided, benefit: Money | None, work: UnitOfWork
) -> None:
    """Reserve what a preauthorization grants; let a Claim use what it quotes."""
    claim, coverage = facts.request.claim, facts.request.coverage
    over_before = facts.payer.settings.over_before(work.now)
    if submission.use is ClaimUse.CLAIM:
        known = facts.request.authorizations
        if not authorizations.consume(
            facts.submission, claim, coverage, known, decided, work, over_before
        ):
            raise CountersMoved
    if submission.use is ClaimUse.PREAUTHORIZATION and benefit is not None:
        valid = responses.validity(facts, work)
        authorizations.reserve(submission, claim, coverage, valid, decided, benefit, work)
        if valid.last is not None and valid.last < over_before:
            # Decided too late for any Claim: it holds nothing, as if the night had been.
            work.reservations.expire(submission.id)


def _answer_task(submission: Submission, facts: Facts, response: Stored, work: UnitOfWork) -> None:
    """The Task that asked to decide again is done."""
    asked = work.reissues.end(submission.id)
    if asked is None:
        return
    reference = Reference(response.type, response.id, response.version)
    outcome = completed(Output(OutputType.RESPONSE, reference), focus=submission.key)
    task_versions.ended(asked.task_id, outcome, submission, facts.payer, work)


def _audit(submission: Submission, work: UnitOfWork) -> None:
    work.audit.add(
        Event(ADJUDICATOR, "decide", str(submission.outcome), submission.type, submission.id)
    )
