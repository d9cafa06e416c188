"""Job ``adjudicate``, the question: everything an adjudicator may know about a Claim.

Docs: docs/architecture.md, "The path of a deferred adjudication".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from app.domain.adjudication import AdjudicationRequest, Coverage
from app.domain.claims import Claim, Days
from app.domain.consulted import consulted_sums, is_of_many
from app.domain.lifecycle import LIVE, UNDECIDED
from app.domain.parties import Payer
from app.domain.plan import Plan
from app.domain.reissue import Reissue
from app.fhir import json_text
from app.fhir.business.claims import read_claim
from app.fhir.business.coverages import read_coverage
from app.fhir.business.decision_reading import read_decision
from app.fhir.business.prices import applied
from app.fhir.documents import Document
from app.gateway.attachments import is_deliverable
from app.gateway.coverages import matched
from app.gateway.deciding.authorizations import held_for, uses_of
from app.gateway.deciding.beneficiaries import insured_person, is_beneficiary
from app.gateway.deciding.benefit_design import plan_of, prices_of
from app.gateway.deciding.decisions import compared
from app.gateway.deciding.earlier_claims import earlier_claims
from app.gateway.deciding.earlier_payers import earlier_payers
from app.gateway.deciding.networks import affiliations
from app.store.jobs.work_queue import Job
from app.store.ledgers.counters import Standings
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Facts:
    """What one adjudication stands on: the question, and the versions it was read under.

    `counted` are the Claims behind those of its counters that tell of single ones.
    """

    payer: Payer
    submission: Submission
    document: Document
    request: AdjudicationRequest
    counter_versions: Mapping[str, int]
    counted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Insured:
    """A Coverage as the payer keeps it, the plan that it names, and what it says."""

    policy: Document | None = None
    plan: Plan | None = None
    coverage: Coverage | None = None


def facts_for(job: Job, payer: Payer, base: str, work: UnitOfWork) -> Facts | None:
    """The facts of one job; None where nothing is left to decide."""
    submission = work.submissions.find(job.type, job.submission_id)
    if submission is None or submission.epoch != job.epoch or submission.state not in UNDECIDED:
        return None
    stored = work.resources.find(job.type, job.submission_id)
    document = document_of(stored, work)
    if document is None:
        return None
    coverage = _coverage(document, base, work)
    return _facts(submission, document, coverage, payer, base, work)


def _facts(
    submission: Submission,
    document: Document,
    coverage: Stored | None,
    payer: Payer,
    base: str,
    work: UnitOfWork,
) -> Facts:
    claim = read_claim(document, base)
    insured = insured_by(coverage, payer, base, work)
    policy, plan, known = insured.policy, insured.plan, insured.coverage
    holders = () if known is None else (known.member, known.family)
    standings = work.counters.read(holders, without=submission.id)
    received_on = submission.created_at.astimezone(payer.settings.zone).date()
    patient = insured_person(document, policy, base, work)
    providers_days = _affiliations(claim, plan, base, work) if plan else ()

    def is_in_network(day: date) -> bool:
        return plan is None or plan.has_in_network(providers_days, day)

    others = earlier_claims(submission, claim, coverage.id if coverage else None, payer, base, work)
    request = AdjudicationRequest(
        claim=claim,
        received_on=received_on,
        coverage=known,
        plan=plan,
        prices=applied(
            prices_of(claim.lines, work), document, claim, patient, received_on, is_in_network
        ),
        patient=patient,
        counters=standings.sums,
        is_beneficiary=policy is None or is_beneficiary(document, policy, base, work),
        is_last_call=_is_last_call(submission, work),
        attachments=attachments_of(submission, work),
        reissue=_reissue(submission, work),
        earlier=others.claims,
        has_more_earlier=others.has_more,
        review=submission.review,
        authorizations=held_for(
            submission, claim, known, work, over_before=payer.settings.over_before(work.now)
        ),
        earlier_payers=earlier_payers(document, base, work),
        affiliations=providers_days,
    )
    request = replace(request, counters=consulted_sums(request))
    return Facts(
        payer,
        submission,
        document,
        compared(request, submission, work),
        standings.versions,
        _counted(request, standings),
    )


def _counted(request: AdjudicationRequest, standings: Standings) -> frozenset[str]:
    single = (each for each in request.counters or {} if not is_of_many(each))
    return frozenset(id for each in single for id in standings.behind[each])


def attachments_of(submission: Submission, work: UnitOfWork, *, lock: bool = False) -> int:
    """How many Communications that carry something belong to the Claim.

    `lock`: none of them is cancelled until the transaction ends.
    """
    attached = work.submissions.attached(submission.id, lock=lock)
    live = {each.id for each in attached if each.state in LIVE}
    stored = work.resources.find_all("Communication", live) if live else []
    return sum(1 for each in stored if each.text and is_deliverable(json_text.parsed(each.text)))


def _reissue(submission: Submission, work: UnitOfWork) -> Reissue | None:
    """The earlier decision, where the Claim is decided again."""
    asked = work.reissues.find(submission.id)
    if asked is None:
        return None
    document = document_of(work.resources.find("ClaimResponse", submission.response_id or ""), work)
    if document is None:
        raise LookupError("what is decided again has a decision")
    decided = replace(
        read_decision(document),
        postings=work.counters.posted(submission.id),
        uses=uses_of(submission, work),
    )
    return Reissue(decided, asked.lines, asked.quoted)


def _is_last_call(submission: Submission, work: UnitOfWork) -> bool:
    """Waiting is over, or pointless: a payer that keeps no Coverage at all has none to come."""
    is_overdue = submission.due_at is not None and submission.due_at <= work.now
    return is_overdue or not work.reference_data.has_any("Coverage")


def _coverage(document: Document, base: str, work: UnitOfWork) -> Stored | None:
    focal = next((entry for entry in document["insurance"] if entry["focal"]), None)
    return None if focal is None else matched(document, focal["coverage"], base, work)


def insured_by(stored: Stored | None, payer: Payer, base: str, work: UnitOfWork) -> Insured:
    """What a Coverage stands for; nothing where there is none, or it was deleted."""
    if stored is None or stored.text is None:
        return Insured()

    def made() -> Insured:
        policy = document_of(stored, work)
        plan = plan_of(policy, payer, base, work)
        return Insured(policy, plan, read_coverage(policy, stored.id, plan) if policy else None)

    return work.once(("insured", stored.versioned), made)


def _affiliations(claim: Claim, plan: Plan, base: str, work: UnitOfWork) -> tuple[Days, ...]:
    key = ("affiliations", work.scope, claim.provider, plan.networks)
    return work.once(key, lambda: affiliations(claim.provider, plan, base, work))


def document_of(stored: Stored | None, work: UnitOfWork) -> Document | None:
    """The content of a resource, not to be changed; None where there is none."""
    if stored is None or stored.text is None:
        return None
    text = stored.text
    document: Document = work.once((stored.versioned, text), lambda: json_text.parsed(text))
    return document
