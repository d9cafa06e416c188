"""What the payer itself sends a provider: kept as that submitter's to read, and pended for it.

It is no submission: its receiver polls and reads it, and can neither cancel nor deliver it.
http://hl7.org/fhir/R4/communication.html, http://hl7.org/fhir/R4/communicationrequest.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.lifecycle import CANCELLABLE_TYPES, LIVE, State
from app.domain.parties import Client
from app.domain.permissions import label_of, label_that_counts
from app.domain.references import Identifier, Reference
from app.domain.selection import PENDED_TYPES
from app.fhir import json_text
from app.fhir.documents import contained, identifiers_of, reference_of
from app.fhir.tasks.writing import with_label
from app.gateway.answers import dated
from app.gateway.intake.outcome import Taken
from app.gateway.received import Received
from app.store.pended import Answer
from app.store.resources import VersionConflict
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

# Requests, and everything that was sent because of one.
_LEADS_TO_A_REQUEST = (CANCELLABLE_TYPES | frozenset(PENDED_TYPES)) - {"Task"}


@dataclass(frozen=True, slots=True)
class Addressee:
    """The submitter that it is for, and type and id of its request that it is about.

    `label` is the guarded one of what it is about, and so of what is sent.
    """

    submitter_id: str
    submission: tuple[str, str] | None = None
    label: str | None = None


def take(received: Received, id: str, client: Client, base: str, work: UnitOfWork) -> Taken:
    """Keep it and put it into its submitter's queue; raises Unacceptable where there is none."""
    document = received.document
    to = addressee(document, base, work)
    sent = received.text
    if to.label is not None and to.label != label_of(document):
        sent, _ = with_label(sent, document, to.label)
    text = json_text.stamped(sent, id, 1, work.now)
    stored = work.resources.add(received.type, id, text, identifiers_of(document), to.submitter_id)
    work.pended.add(
        Answer(
            submitter_id=to.submitter_id,
            type=stored.type,
            resource_id=stored.id,
            version=stored.version,
            dated=dated(stored.type, text, client.payer),
            size=len(text.encode()),
            submission=to.submission,
        )
    )
    return Taken(stored, is_new=True)


def addressee(document: Mapping[str, Any], base: str, work: UnitOfWork) -> Addressee:
    """Whose request it is about, else whom a recipient names; raises Unacceptable."""
    type = document["resourceType"]
    found: dict[tuple[str, str], Submission] = {}
    for index, value in enumerate(document.get("about", ())):
        submission = _about(document, value, f"{type}.about[{index}]", base, work)
        if submission is not None:
            found.setdefault(submission.key, submission)
    if not found:
        return Addressee(_recipient(document, f"{type}.recipient", base, work))
    if len({submission.submitter_id for submission in found.values()}) > 1:
        raise _multiple("It is about requests of several submitters.", f"{type}.about")
    first = next(iter(found.values()))
    held = work.submissions.find(*first.key, lock=True)
    if held is None or held.state is State.NULLIFIED:
        raise VersionConflict("the request was nullified at this moment")
    labels = [one.label for one in found.values() if one.label is not None]
    return Addressee(held.submitter_id, held.key, label_that_counts(labels))


def _about(
    document: Mapping[str, Any], value: Mapping[str, Any], place: str, base: str, work: UnitOfWork
) -> Submission | None:
    """The request behind one reference; of those no longer live, the newest."""
    reference = reference_of(value, base)
    if reference.type is not None and reference.id is not None:
        keys = [(reference.type, reference.id)]
    else:
        keys = _identified(document, value, reference, work)
    named = (_submission(type, id, work) for type, id in keys)
    known = {
        one.key: one
        for one in named
        if one and one.state is not State.NULLIFIED and work.scope.sees(one.type, one.label)
    }
    live = [one for one in known.values() if one.state in LIVE]
    if len(live) > 1:
        raise _multiple(f"{len(live)} live requests carry the identifier; name one by id.", place)
    if not live and len({one.submitter_id for one in known.values()}) > 1:
        raise _multiple("Requests of several submitters carry the identifier.", place)
    return live[0] if live else max(known.values(), key=lambda one: one.created_at, default=None)


def _identified(
    document: Mapping[str, Any], value: Mapping[str, Any], reference: Reference, work: UnitOfWork
) -> list[tuple[str, str]]:
    target = contained(document, value) or {}
    identifiers = _with(reference.identifier, identifiers_of(target))
    named = target.get("resourceType", reference.type)
    types = _LEADS_TO_A_REQUEST if named is None else _LEADS_TO_A_REQUEST & {named}
    return work.resources.identified(types, *identifiers) if types and identifiers else []


def _submission(type: str, id: str, work: UnitOfWork) -> Submission | None:
    """The request itself, or the one that a response of ours answers."""
    if type not in _LEADS_TO_A_REQUEST:
        return None
    found = work.submissions.find(type, id) or work.submissions.answered_by(type, id)
    if found is not None:
        return found
    # A reversal, or what the payer sent before, is bound to its request by the queue alone.
    key = work.pended.submission_of(type, id)
    return None if key is None else work.submissions.find(*key)


def _recipient(document: Mapping[str, Any], place: str, base: str, work: UnitOfWork) -> str:
    """The one submitter that recipients name by an identifier; raises Unacceptable."""
    named = {
        submitter_id
        for value in document.get("recipient", ())
        for submitter_id in work.submitters.identified(*_carried(document, value, base, work))
    }
    if not named:
        raise Unacceptable(
            Issue(
                ErrorCode.RECIPIENT_UNKNOWN,
                "Name the request that it is about, or a recipient by an identifier that is"
                " registered for a submitter.",
                place,
            )
        )
    if len(named) > 1:
        raise _multiple("The recipients are several submitters: send one to each.", place)
    return named.pop()


def _carried(
    document: Mapping[str, Any], value: Mapping[str, Any], base: str, work: UnitOfWork
) -> Iterable[Identifier]:
    """Every identifier of a recipient: its own, and those of what it refers to."""
    reference = reference_of(value, base)
    target = contained(document, value)
    if target is None and reference.type is not None and reference.id is not None:
        # Only what the payer keeps itself: a submitter could store anybody's identifier.
        stored = work.reference_data.find(reference.type, reference.id)
        target = json_text.parsed(stored.text) if stored and stored.text else None
    return _with(reference.identifier, identifiers_of(target or {}))


def _with(own: Identifier | None, others: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    return others if own is None else (own, *others)


def _multiple(text: str, place: str) -> Unacceptable:
    return Unacceptable(Issue(ErrorCode.RECIPIENT_MULTIPLE, text, place))
