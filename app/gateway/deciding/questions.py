"""The question that a Claim waits for an answer to: asked, answered, or closed.

http://hl7.org/fhir/R4/communicationrequest.html
"""

from datetime import datetime

from app.domain.parties import Payer
from app.fhir import json_text
from app.fhir.answers import communication_request
from app.fhir.documents import Document
from app.gateway import answers
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

_TYPE = "CommunicationRequest"


def ask(
    claim: Submission,
    document: Document,
    text: str,
    due_at: datetime,
    payer: Payer,
    work: UnitOfWork,
) -> None:
    """Ask the provider of a Claim, by poll; the id of the question is the Claim's `question_id`."""
    if claim.question_id is None:
        raise ValueError("a question has an id")
    id = claim.question_id
    told = answers.answering(payer, document, f"{claim.type}/{claim.id}", _TYPE, id, work)
    written = communication_request.communication_request(told, text, due_at)
    asked = answers.added(written, id, claim.submitter_id, work)
    answers.pend(asked, claim, payer, work)


def answered(claim: Submission, work: UnitOfWork) -> None:
    """An answer came to what a Claim waited for."""
    if claim.question_id is not None:
        complete(claim.question_id, work)


def complete(id: str, work: UnitOfWork) -> None:
    """An answer came to a question."""
    _end(id, "completed", work)


def close(claim: Submission, work: UnitOfWork) -> None:
    """No answer is waited for any more."""
    if claim.question_id is not None:
        _end(claim.question_id, "revoked", work)


def _end(id: str, status: str, work: UnitOfWork) -> None:
    """Questions that were ended before stay as they are."""
    asked = work.resources.find(_TYPE, id)
    if asked is None or asked.text is None:
        return
    if json_text.member(asked.text, "status") == json_text.write("active"):
        answers.with_status(asked, status, work)
        work.pended.supersede_one(_TYPE, id)
