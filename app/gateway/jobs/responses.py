"""Job ``adjudicate``, the documents: ClaimResponse and ExplanationOfBenefit of a decision.

The first decision is the next version of the ClaimResponse that intake gave. Each later one is a
new response that names its predecessor, which is `cancelled`: only one of them is in force.
"""

from dataclasses import dataclass
from datetime import date

from app.adjudicators.standard.telling import balances_told
from app.domain.adjudication import Decided
from app.domain.claims import Days
from app.domain.codes import ClaimUse, FinancialStatus
from app.domain.eligibility import insured_days
from app.fhir.answers import claim_response
from app.fhir.answers.explanation_of_benefit import Balance, explanation_of_benefit
from app.gateway import answers
from app.gateway.deciding.authorizations import reference_of
from app.gateway.eligibility.plan_telling import DECIDES_BY_THE_PLAN
from app.gateway.jobs.adjudicate import Facts
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

_REISSUED = ("ClaimResponse", "ExplanationOfBenefit")


@dataclass(frozen=True, slots=True)
class Ids:
    """Under which ids a decision is written; `benefit` None: it needs no explanation."""

    response: str
    benefit: str | None


def ids_for(submission: Submission, work: UnitOfWork) -> Ids:
    """The ids of the documents of a decision on this submission."""
    benefit = work.new_id() if submission.use is ClaimUse.CLAIM else None
    if submission.decided_at is not None:
        return Ids(work.new_id(), benefit)
    if submission.response_id is None:
        raise LookupError("every Claim has a ClaimResponse")
    return Ids(submission.response_id, benefit)


def respond(
    ids: Ids, facts: Facts, decided: Decided, work: UnitOfWork, *, is_handed_over: bool
) -> Stored:
    """Write and pend the documents of a decision; the ClaimResponse."""
    before = facts.submission
    earlier = work.resources.find("ClaimResponse", before.response_id or "")
    if earlier is None:
        raise LookupError("every Claim has a ClaimResponse")
    is_reissue = before.decided_at is not None
    if is_reissue:
        _supersede(before, earlier, work)
    follows_id = earlier.id if is_reissue else None
    document = _response(ids, facts, decided, earlier.versioned if is_reissue else None, work)
    if is_reissue:
        response = answers.added(document, ids.response, before.submitter_id, work, family=earlier)
    else:
        response = answers.rewritten(earlier, document, work)
    answers.pend(
        response, before, facts.payer, work, follows_id=follows_id, is_delivered=is_handed_over
    )
    if ids.benefit is not None:
        explained = _explained(ids.benefit, facts, decided, response, work)
        answers.pend(explained, before, facts.payer, work, follows_id=follows_id)
    return response


def validity(facts: Facts, work: UnitOfWork) -> Days:
    """The days on which preauthorized services may be rendered; the last is always known.

    Those that the request does not tell stay what they were when it was decided first.
    """
    asked = facts.request.claim.billable or Days(None, None)
    if asked.last is not None:
        return asked
    held = work.reservations.find(facts.submission.id, lock=False)
    if held is not None and held.terms.ends_on is not None:
        return Days(held.terms.starts_on, held.terms.ends_on)
    settings = facts.payer.settings
    first = asked.first or work.now.astimezone(settings.zone).date()
    return Days(first, first + min(settings.preauthorization_valid, date.max - first))


def _supersede(before: Submission, response: Stored, work: UnitOfWork) -> None:
    """What the new decision takes the place of is not handed over, and no longer in force."""
    work.pended.supersede(before.key, _REISSUED)
    answers.with_status(response, FinancialStatus.CANCELLED, work)
    explained = work.resources.find("ExplanationOfBenefit", before.benefit_id or "")
    if explained is not None:
        answers.with_status(explained, FinancialStatus.CANCELLED, work)


def _response(
    ids: Ids, facts: Facts, decided: Decided, predecessor: str | None, work: UnitOfWork
) -> dict[str, object]:
    reference = f"Claim/{facts.submission.id}"
    told = answers.answering(
        facts.payer, facts.document, reference, "ClaimResponse", ids.response, work
    )
    preauthorization, valid = None, None
    if facts.submission.use is ClaimUse.PREAUTHORIZATION:
        preauthorization = reference_of(facts.submission.id)
        valid = validity(facts, work)
    asked = facts.submission.question_id
    question = f"CommunicationRequest/{asked}" if asked else None
    return claim_response.decided(told, decided, preauthorization, valid, predecessor, question)


def _explained(
    id: str, facts: Facts, decided: Decided, response: Stored, work: UnitOfWork
) -> Stored:
    reference = f"Claim/{facts.submission.id}"
    told = answers.answering(
        facts.payer, facts.document, reference, "ExplanationOfBenefit", id, work
    )
    document = explanation_of_benefit(told, response.reference, decided, _balance(facts, decided))
    return answers.added(document, id, facts.submission.submitter_id, work, family=response)


def _balance(facts: Facts, decided: Decided) -> Balance | None:
    """How the insurance stands now, where it is the patient's and the plan was decided by."""
    request = facts.request
    if request.coverage is None or request.plan is None or not request.is_beneficiary:
        return None
    is_by_plan = facts.payer.settings.adjudicator == DECIDES_BY_THE_PLAN
    told = balances_told(decided, request) if is_by_plan else ()
    return Balance(insured_days(request.coverage, request.plan), told)
