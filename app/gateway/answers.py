"""Resources the gateway writes itself: kept as versions, stamped, identified and pended."""

from collections.abc import Mapping
from typing import Any

from app.domain.canonical import CANONICAL
from app.domain.parties import Payer
from app.domain.period import Period, span
from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.answers.writing import Answering
from app.fhir.documents import identifiers_of
from app.store.pended import Answer
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

# The member that dates a pended resource, by type.
_DATED_BY = {"CommunicationRequest": "authoredOn", "Communication": "sent", "Task": "lastModified"}


def own_identifier(type: str, id: str) -> Identifier:
    """The business identifier that the gateway gives to what it writes."""
    return Identifier(f"{CANONICAL}/{type.lower()}", id)


def answering(
    payer: Payer, request: Mapping[str, Any], reference: str, type: str, id: str, work: UnitOfWork
) -> Answering:
    """What every response writer needs to know."""
    return Answering(
        request=dict(request),
        request_reference=reference,
        payer_name=payer.name,
        payer_identifier=next(iter(payer.identifiers), None),
        identifier=own_identifier(type, id),
        created=work.now,
    )


def added(
    document: Mapping[str, Any],
    id: str,
    submitter_id: str | None,
    work: UnitOfWork,
    *,
    family: Stored | None = None,
) -> Stored:
    """Keep a document that the gateway wrote as version 1; encrypted as what it goes with."""
    type = document["resourceType"]
    text = _stamped(document, id, 1, work)
    identifiers = identifiers_of(document)
    return work.resources.add(
        type, id, text, identifiers, submitter_id, document=document, family=family
    )


def rewritten(previous: Stored, document: Mapping[str, Any], work: UnitOfWork) -> Stored:
    """Keep a document that the gateway wrote as the next version of a resource."""
    text = _stamped(document, previous.id, previous.version + 1, work)
    return work.resources.amend(previous, text, document=document)


def _stamped(document: Mapping[str, Any], id: str, version: int, work: UnitOfWork) -> str:
    """As `json_text.stamped`, for what has no id, at most labels in meta, and is new."""
    stamp = {"versionId": str(version), "lastUpdated": json_text.instant(work.now)}
    meta = {**stamp, **document.get("meta", {})}
    first = {"resourceType": document["resourceType"], "id": id, "meta": meta}
    return json_text.write(first | dict(document) | {"meta": meta})


def amended(previous: Stored, text: str, work: UnitOfWork) -> Stored:
    """Keep a text as the next version of a resource."""
    stamped = json_text.stamped(text, previous.id, previous.version + 1, work.now)
    return work.resources.amend(previous, stamped)


def with_status(previous: Stored, status: str, work: UnitOfWork) -> Stored:
    """Keep the next version of a resource with another status and all else unchanged."""
    if previous.text is None:
        raise ValueError(f"{previous.reference} has no content")
    text = json_text.replaced(previous.text, {"status": json_text.write(status)})
    stamped = json_text.stamped(text, previous.id, previous.version + 1, work.now)
    return work.resources.restate(previous, stamped, status)


def pend(
    answer: Stored,
    submission: Submission,
    payer: Payer,
    work: UnitOfWork,
    *,
    follows_id: str | None = None,
    is_delivered: bool = False,
) -> None:
    """Put an answer into its submitter's queue.

    `is_delivered`: the answer goes back with the very request. It is delivered with that, or lent,
    as the submitter has it.
    """
    if answer.text is None:
        raise ValueError(f"{answer.reference} has no content")
    how = work.pended.hand_over_of(submission.submitter_id) if is_delivered else None
    work.pended.add(
        Answer(
            submitter_id=submission.submitter_id,
            type=answer.type,
            resource_id=answer.id,
            version=answer.version,
            dated=dated(answer.type, answer.text, payer),
            size=len(answer.text.encode()),
            submission=submission.key,
            follows_id=follows_id,
        ),
        handed_over=how,
    )


def dated(type: str, text: str, payer: Payer) -> Period:
    """When a pended resource is from, as a poll by period asks; empty where it does not tell."""
    raw = json_text.member(text, _DATED_BY.get(type, "created"))
    return span(json_text.parsed(raw), payer.settings.zone) if raw else Period()
