"""Matches a Communication to the Claim it belongs to, and lets a Claim that waits for it go on.

Solicited: `basedOn` the CommunicationRequest. Unsolicited: `about` the Claim, or a response to it.
http://hl7.org/fhir/R4/communication.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.adjudication import Awaiting
from app.domain.issues import ErrorCode, Issue, Missing
from app.domain.lifecycle import LIVE, State
from app.domain.references import Reference
from app.fhir import json_text
from app.fhir.documents import contained, identifiers_of, reference_of
from app.gateway.deciding import clocks, questions
from app.gateway.jobs.kinds import ADJUDICATE
from app.store.resources import VersionConflict
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

# A Communication of any other status carries nothing yet, or nothing any more.
DELIVERABLE = frozenset({"in-progress", "completed"})

_ANSWERS = ("ClaimResponse", "ExplanationOfBenefit")
_MEANT = (None, "Claim", "CommunicationRequest", *_ANSWERS)
# So many references are looked at; a Communication that names more is about nothing in particular.
_MOST_NAMED = 100


def is_deliverable(document: Mapping[str, Any]) -> bool:
    """Whether a Communication carries something that may be used."""
    return document.get("status") in DELIVERABLE and "payload" in document


def claim_of(document: Mapping[str, Any], base: str, work: UnitOfWork) -> Submission | None:
    """The Claim a Communication belongs to, its row locked; None where it names none we know.

    The first that still takes something, of those it is based on before those it is about. Raises
    Missing where an identifier is that of several live Claims.
    """
    keys = dict.fromkeys([*_asked(document, base, work), *_about(document, base, work)])
    found = [each for key in keys if (each := work.submissions.find(*key)) is not None]
    chosen = next((each for each in found if each.state in LIVE), next(iter(found), None))
    return None if chosen is None else work.submissions.find(*chosen.key, lock=True)


def names_in(document: Mapping[str, Any], base: str) -> set[str]:
    """What a Communication says that it belongs to: `Type/id` of ours, and `system|value`."""
    names = set()
    for element in ("basedOn", "about"):
        for reference in _named(document, element, base):
            if reference.type not in _MEANT:
                continue
            if reference.identifier is not None:
                names.add(reference.identifier.key)
            if reference.type is not None and reference.id is not None:
                names.add(f"{reference.type}/{reference.id}")
    return names


def answers_a_question(document: Mapping[str, Any], base: str, work: UnitOfWork) -> bool:
    """Whether it is based on a CommunicationRequest that was asked of this submitter."""
    return any(work.resources.find(*key) is not None for key in _questions(document, base, work))


def complete_questions(document: Mapping[str, Any], base: str, work: UnitOfWork) -> None:
    """What a Communication answers is asked no more, whoever asked it."""
    for _, id in _questions(document, base, work):
        questions.complete(id, work)


def _questions(
    document: Mapping[str, Any], base: str, work: UnitOfWork
) -> Iterator[tuple[str, str]]:
    for reference in _named(document, "basedOn", base):
        yield from _known(reference, ("CommunicationRequest",), work)


def attach(communication: Submission, claim: Submission, work: UnitOfWork) -> Submission:
    """Let a Communication belong to a Claim whose row is locked; a Claim that awaits it goes on.

    The Claim as it stands then. Raises VersionConflict where someone else moved it first.
    """
    work.submissions.move(communication, about_id=claim.id)
    if claim.state is not State.AWAITING or claim.awaiting is not Awaiting.INFORMATION:
        return claim
    questions.answered(claim, work)
    # A new epoch and a new job: whoever asks at this moment does so without what has just come.
    moved = work.submissions.move(
        claim,
        state=State.QUEUED,
        epoch=claim.epoch + 1,
        awaiting=None,
        awaiting_text=None,
        due_at=None,
    )
    if moved is None:
        raise VersionConflict(f"{claim.type}/{claim.id}")
    clocks.answered(claim, work)
    work.jobs.withdraw(work.scope.payer_id, claim.key)
    work.jobs.add(work.scope, ADJUDICATE, moved.key, moved.epoch, work.now)
    return moved


def attach_crossing(claim: Submission, document: Mapping[str, Any], work: UnitOfWork) -> None:
    """Let those belong to a Claim that begins to wait that came in at the same moment as it did."""
    work.submitters.let_nothing_come()
    attach_earlier(claim, document, work)


def attach_earlier(claim: Submission, document: Mapping[str, Any], work: UnitOfWork) -> None:
    """Let the Communications that came before their Claim belong to it."""
    names = {identifier.key for identifier in identifiers_of(document)}
    for type, id in work.mentions.of(names) if names else ():
        earlier = work.submissions.find(type, id) if type == "Communication" else None
        stored = work.resources.find(type, id) if earlier is not None else None
        if earlier is None or stored is None or stored.text is None:
            continue
        is_loose = earlier.about_id is None and earlier.state is State.STORED
        if is_loose and is_deliverable(json_text.parsed(stored.text)):
            claim = attach(earlier, claim, work)


def _asked(document: Mapping[str, Any], base: str, work: UnitOfWork) -> Iterator[tuple[str, str]]:
    """The Claims that the requests it is based on ask about."""
    for reference in _named(document, "basedOn", base):
        requests = _known(reference, ("CommunicationRequest",), work)
        for key in requests:
            claim = work.pended.submission_of(*key)
            if claim is not None and claim[0] == "Claim":
                yield claim


def _about(document: Mapping[str, Any], base: str, work: UnitOfWork) -> Iterator[tuple[str, str]]:
    for reference in _named(document, "about", base):
        claims = _known(reference, ("Claim",), work)
        yield from _live(claims, work)
        for key in _known(reference, _ANSWERS, work):
            answered = work.submissions.answered_by(*key)
            claim = work.pended.submission_of(*key) if answered is None else answered.key
            if claim is not None and claim[0] == "Claim":
                yield claim


def _live(keys: list[tuple[str, str]], work: UnitOfWork) -> Iterator[tuple[str, str]]:
    """The one live Claim of several with one identifier; else the newest of those that are not."""
    found = [each for key in keys if (each := work.submissions.find(*key)) is not None]
    live = [each for each in found if each.state in LIVE]
    if len(live) > 1:
        text = f"{len(live)} live Claims carry the identifier; name one by id."
        raise Missing(Issue(ErrorCode.FOCUS_MULTIPLE_MATCHES, text))
    newest = max(found, key=lambda each: each.created_at, default=None)
    chosen = live[0] if live else newest
    if chosen is not None:
        yield chosen.key


def _named(document: Mapping[str, Any], element: str, base: str) -> Iterator[Reference]:
    """Each reference of an element, a contained resource told by its identifiers."""
    for value in document.get(element, ())[:_MOST_NAMED]:
        target = contained(document, value)
        if target is None:
            yield reference_of(value, base)
            continue
        for identifier in identifiers_of(target):
            yield Reference(target["resourceType"], identifier=identifier)


def _known(reference: Reference, types: tuple[str, ...], work: UnitOfWork) -> list[tuple[str, str]]:
    if reference.type is not None and reference.type not in types:
        return []
    if reference.id is not None and reference.type is not None:
        found = [(reference.type, reference.id)]
    elif reference.identifier is not None:
        found = work.resources.identified(types, reference.identifier)
    else:
        return []
    return [each for each in found if work.visible.is_known(*each)]
