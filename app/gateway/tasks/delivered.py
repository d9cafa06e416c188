"""What a Task delivers: found, checked against what it belongs to, and taken in.

http://hl7.org/fhir/R4/financial-module.html#attachments
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.domain import lifecycle
from app.domain.codes import TaskCode
from app.domain.issues import ErrorCode, Issue, Missing, Refused, Unacceptable
from app.domain.lifecycle import State
from app.domain.references import Reference
from app.domain.tasks import TaskRequest
from app.fhir import json_text
from app.fhir.documents import Document, lifted
from app.fhir.validation import check
from app.gateway.attachments import (
    DELIVERABLE,
    answers_a_question,
    attach,
    claim_of,
    complete_questions,
)
from app.gateway.intake import intake
from app.gateway.intake.payment_notices import REFUSALS
from app.gateway.received import Received
from app.gateway.tasks import focus
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

TYPES = ("Communication", "PaymentNotice")


@dataclass(frozen=True, slots=True)
class Delivered:
    """The resource as a document, and as it is stored where it was sent before."""

    document: Document
    stored: Stored | None = None

    @property
    def type(self) -> str:
        """Its resource type."""
        return str(self.document["resourceType"])


def delivered(named: Reference, at: str, request: TaskRequest[Any], work: UnitOfWork) -> Delivered:
    """The resource that an input names, contained or stored.

    Raises Missing where it is not known, Unacceptable for what is never delivered.
    """
    inside = _contained(named, request.document)
    if inside is not None:
        return _checked(inside, at)
    type = named.type
    if type is not None and type not in TYPES:
        raise Unacceptable(_type_issue(type, at))
    stored = _stored(named, work)
    # What the payer sent is read like one's own, and is nothing that one submitted.
    is_own = stored is not None and work.submissions.find(stored.type, stored.id) is not None
    if stored is None or stored.text is None or not is_own:
        text = "What is delivered is neither contained in the Task nor stored."
        raise Missing(Issue(ErrorCode.RESOURCE_NOT_FOUND, text, at))
    return Delivered(json_text.parsed(stored.text), stored)


def taken_in(
    resource: Delivered, at: str, request: TaskRequest[Any], work: UnitOfWork
) -> tuple[Stored, tuple[str, str]]:
    """Take it in, and tell what it belongs to; raises Refused or Missing with nothing stored."""
    if resource.type == "PaymentNotice":
        stored = _notice(resource, at, request, work)
        return stored, (stored.type, stored.id)
    claim = _claim(resource, at, request, work)
    stored = resource.stored or _take(resource, request, work)
    complete_questions(resource.document, request.base, work)
    if claim is None:
        return stored, (stored.type, stored.id)
    communication = work.submissions.find(stored.type, stored.id, lock=True)
    if communication is None:
        raise LookupError("every Communication of a submitter is a submission")
    if communication.state is not State.STORED:
        text = "The same Communication was cancelled before; send another one."
        raise Refused(Issue(ErrorCode.DELIVER_STATUS, text, at))
    attach(communication, _locked(claim, work), work)
    return stored, claim.key


def _notice(resource: Delivered, at: str, request: TaskRequest[Any], work: UnitOfWork) -> Stored:
    """A PaymentNotice as it is kept; raises Refused for one that was cancelled, or is not taken."""
    if resource.stored is not None:
        notice = work.submissions.find(resource.stored.type, resource.stored.id, lock=True)
        if notice is None or notice.state is not State.STORED:
            text = "The same PaymentNotice was cancelled before; send another one."
            raise Refused(Issue(ErrorCode.DELIVER_STATUS, text, at))
        return resource.stored
    try:
        return _take(resource, request, work)
    except Unacceptable as no:
        if not all(issue.error in REFUSALS for issue in no.issues):
            raise
        raise Refused(*(replace(issue, expression=at) for issue in no.issues)) from None


def _contained(named: Reference, task: Mapping[str, Any]) -> Document | None:
    if named.foreign is None or not named.foreign.startswith("#"):
        return None
    return lifted(task, named.foreign[1:])


def _checked(document: Document, at: str) -> Delivered:
    """What was contained stands on its own from now on, and must be valid as it stands."""
    if document["resourceType"] not in TYPES:
        raise Unacceptable(_type_issue(document["resourceType"], at))
    issues = check(document)
    if issues:
        raise Unacceptable(*issues)
    return Delivered(document)


def _type_issue(type: str, at: str) -> Issue:
    text = f"A {type} is not delivered: send a {' or a '.join(TYPES)}."
    return Issue(ErrorCode.DELIVER_TYPE, text, at)


def _stored(named: Reference, work: UnitOfWork) -> Stored | None:
    if named.type is not None and named.id is not None:
        return _shown(work.resources.find(named.type, named.id), work)
    if named.identifier is None:
        return None
    types = TYPES if named.type is None else (named.type,)
    carrying = work.resources.identified(types, named.identifier)
    matches = [each for each in carrying if work.visible.is_known(*each)]
    return _shown(work.resources.find(*matches[0]), work) if len(matches) == 1 else None


def _shown(stored: Stored | None, work: UnitOfWork) -> Stored | None:
    """What may be named; else None, as for what is not there."""
    return stored if stored is not None and work.scope.sees(stored.type, stored.label) else None


def _claim(
    resource: Delivered, at: str, request: TaskRequest[Any], work: UnitOfWork
) -> Submission | None:
    """The Claim that a Communication belongs to, and that still takes it.

    None where it answers a question of the payer's that is about no Claim.
    """
    if resource.document.get("status") not in DELIVERABLE:
        error = ErrorCode.DELIVER_STATUS
        raise Refused(Issue(error, error.entry.meaning, at))
    claim = claim_of(resource.document, request.base, work)
    if claim is None and answers_a_question(resource.document, request.base, work):
        return None
    if claim is None:
        error = ErrorCode.DELIVER_NO_MATCH
        raise Missing(Issue(error, error.entry.meaning, at))
    lifecycle.require(TaskCode.DELIVER, focus.standing(claim, work), at)
    return claim


def _take(resource: Delivered, request: TaskRequest[Any], work: UnitOfWork) -> Stored:
    text = json_text.write(resource.document)
    received = Received(text, resource.document, request.request_id)
    return intake.take(received, request.client, request.base, work).stored


def _locked(claim: Submission, work: UnitOfWork) -> Submission:
    """As it stands now: storing the Communication may have let the Claim go on already."""
    return work.submissions.find(*claim.key, lock=True) or claim
