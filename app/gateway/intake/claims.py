"""A Claim comes in: edits, a ClaimResponse at once, and a job unless it is invalid.

http://hl7.org/fhir/R4/claim.html
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from app.domain.claims import STAT, Claim
from app.domain.codes import Outcome
from app.domain.edits import edits
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.lifecycle import State
from app.domain.parties import Client, DuplicateClaims
from app.domain.period import first_day
from app.domain.references import Reference
from app.fhir import json_text
from app.fhir.answers import claim_response
from app.fhir.business.claims import priority_of, read_claim
from app.fhir.documents import contained, identifiers_of
from app.gateway import answers
from app.gateway.attachments import attach_earlier
from app.gateway.coverages import focal_coverages
from app.gateway.deciding import authorizations, clocks, earlier_payers
from app.gateway.deciding.earlier_claims import remember
from app.gateway.deciding.families import family_of
from app.gateway.intake.subrogation import subrogation
from app.gateway.jobs.kinds import ADJUDICATE
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork


def take(
    document: Mapping[str, Any],
    stored: Stored,
    client: Client,
    base: str,
    work: UnitOfWork,
    is_handed_over: bool,
) -> str:
    """Queue a Claim, or answer it as invalid; the reference of its ClaimResponse."""
    claim = read_claim(dict(document), base)
    today = work.now.astimezone(client.payer.settings.zone).date()
    issues = edits(claim, today, _born_on(document, claim.patient, work))
    coverages = focal_coverages(document, base, work)
    issues += subrogation(document, coverages, base, work)
    _hold_identifiers(document, claim, stored, client, work)
    if issues:
        work.submissions.free_identifiers(stored.id)
    response = _respond(document, stored, client, issues, work)
    submission = _submission(claim, stored, response, issues, client, work)
    providers = authorizations.provider_names(document, client, base, work)
    submission = replace(submission, providers=providers)
    work.submissions.add(submission)
    if issues:
        answers.pend(response, submission, client.payer, work, is_delivered=is_handed_over)
    else:
        clocks.received(submission, claim, client.payer, work)
        attach_earlier(submission, document, work)
        coverage = next(iter(coverages.values()), None)
        remember(stored.id, claim, coverage, work)
        family = family_of(claim, coverage, work)
        earlier_payers.remember(stored.id, dict(document), base, work)
        due_at = work.now + client.payer.settings.head_start(is_urgent=claim.priority == STAT)
        work.jobs.add(work.scope, ADJUDICATE, submission.key, submission.epoch, due_at, family)
    return response.reference


def is_urgent(document: Mapping[str, Any]) -> bool:
    """Whether the Claim asks to be decided while its sender waits."""
    return priority_of(document["priority"]) == STAT


def _born_on(document: Mapping[str, Any], patient: Reference, work: UnitOfWork) -> date | None:
    known = contained(document, document["patient"])
    if known is None and patient.type == "Patient" and patient.id is not None:
        stored = work.resources.find("Patient", patient.id)
        known = json_text.parsed(stored.text) if stored and stored.text else None
    text = (known or {}).get("birthDate")
    return first_day(text) if text else None


def _hold_identifiers(
    document: Mapping[str, Any], claim: Claim, stored: Stored, client: Client, work: UnitOfWork
) -> None:
    """Take the Claim's identifiers while it is live; raises Unacceptable where one is taken."""
    hashes = {
        work.hasher("live", claim.use, identifier.key) for identifier in identifiers_of(document)
    }
    holders = work.submissions.hold_identifiers(stored.id, hashes)
    if holders and client.payer.settings.duplicate_claim_identifier is DuplicateClaims.REFUSE:
        text = f"The identifier is that of Claim/{holders[0]}, which has other content."
        raise Unacceptable(Issue(ErrorCode.DUPLICATE, text, "Claim.identifier"))


def _respond(
    document: Mapping[str, Any],
    stored: Stored,
    client: Client,
    issues: list[Issue],
    work: UnitOfWork,
) -> Stored:
    id = work.new_id()
    told = answers.answering(client.payer, document, stored.reference, "ClaimResponse", id, work)
    response = claim_response.errors(told, issues) if issues else claim_response.queued(told)
    return answers.added(response, id, client.scope.submitter_id, work, family=stored)


def _submission(
    claim: Claim,
    stored: Stored,
    response: Stored,
    issues: list[Issue],
    client: Client,
    work: UnitOfWork,
) -> Submission:
    return Submission(
        type=stored.type,
        id=stored.id,
        label=stored.label,
        submitter_id=client.id,
        state=State.INVALID if issues else State.QUEUED,
        epoch=1,
        created_at=work.now,
        use=claim.use,
        response_type=response.type,
        response_id=response.id,
        outcome=Outcome.ERROR if issues else Outcome.QUEUED,
    )
