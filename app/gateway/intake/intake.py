"""Takes a resource in: who may, is it the same again, what its type asks for, then the commit.

http://hl7.org/fhir/R4/http.html#create
"""

from contextlib import nullcontext

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client, ClientKind
from app.fhir import json_text
from app.fhir.documents import identifiers_of
from app.gateway.administering import reference_data
from app.gateway.conditional import existing
from app.gateway.deciding import earlier_payers
from app.gateway.intake import (
    claims,
    communications,
    eligibility,
    enrollments,
    outgoing,
    payment_notices,
)
from app.gateway.intake.outcome import Taken, there_already
from app.gateway.once import TakenMeanwhile
from app.gateway.ownership import OUTGOING, REQUESTS, require_creator
from app.gateway.permitted import require_created
from app.gateway.received import Keys, Received, keys_of
from app.gateway.senders import party_issues
from app.store.audit import Event
from app.store.unit_of_work import UnitOfWork

_BY_TYPE = {
    "Claim": claims.take,
    "CoverageEligibilityRequest": eligibility.take,
    "EnrollmentRequest": enrollments.take,
    "Communication": communications.take,
    "PaymentNotice": payment_notices.take,
}
# Nothing of these is read again before all of it is written.
_GATHERED = frozenset({"Claim"})
_MUST_BE_ACTIVE = frozenset(
    {"Claim", "CoverageEligibilityRequest", "EnrollmentRequest", "PaymentNotice"}
)


def take_allowed(received: Received, client: Client, base: str, work: UnitOfWork) -> Taken:
    """As `take`; raises ScopeMissing unless the credential may create it."""
    require_created(client, received.document)
    return take(received, client, base, work)


def take(
    received: Received,
    client: Client,
    base: str,
    work: UnitOfWork,
    *,
    id: str | None = None,
    is_handed_over: bool = False,
) -> Taken:
    """Take one resource in; raises Unacceptable, or TakenMeanwhile to be tried again.

    `id` is given where others already refer to it; `is_handed_over`: an answer made at once goes
    back with this very request.
    """
    require_creator(received.document, client, base)
    keys = replay_keys(received, work)
    id = id or received.id or work.new_id()
    again = _earlier_or_taken(received, keys, id, work)
    if again is not None:
        keys.bind(work.replay_keys, again.stored.type, again.stored.id)
        return again
    # What it took is let go with all of the transaction.
    issues = [*_status_issues(received), *party_issues(received.document, client, base, work)]
    if issues:
        raise Unacceptable(*issues)
    if client.kind is ClientKind.PAYER_CLIENT:
        return _of_the_payer(received, id, client, base, work)
    with work.at_once() if received.type in _GATHERED else nullcontext():
        taken = _new(received, id, client, base, work, is_handed_over)
        _audit(taken, received, client, work)
    return taken


def _earlier_or_taken(received: Received, keys: Keys, id: str, work: UnitOfWork) -> Taken | None:
    """What the same request was answered with before; None once its keys are taken for it."""
    if keys.is_by_content:
        # Most requests are new: asked by taking the key, that costs one statement.
        if keys.take(work.replay_keys, received.type, id):
            return None
        again = earlier(received, work)
        if again is None:
            raise TakenMeanwhile
        return again
    is_spent = keys.is_spent(work.replay_keys)
    again = earlier(received, work)
    if again is not None:
        return again
    if is_spent:
        keys.renew(work.replay_keys)
    if not keys.take(work.replay_keys, received.type, id):
        raise TakenMeanwhile
    return None


def earlier(received: Received, work: UnitOfWork) -> Taken | None:
    """What the same request was answered with before; None where it is new."""
    kept = replay_keys(received, work).found(work.replay_keys, by_condition=False)
    if kept is not None:
        return _again(kept.type, kept.resource_id, work)
    found = existing(received, work)
    return None if found is None else _again(*found, work)


def _of_the_payer(
    received: Received, id: str, client: Client, base: str, work: UnitOfWork
) -> Taken:
    """What the payer sends a submitter, or reference data, which is audited where it is kept."""
    if received.type not in OUTGOING:
        own = reference_data.keep(
            received.document, received.text, client.id, work, id=id, request_id=received.request_id
        )
        return Taken(own.stored, is_new=True)
    taken = outgoing.take(received, id, client, base, work)
    _audit(taken, received, client, work)
    return taken


def _new(
    received: Received, id: str, client: Client, base: str, work: UnitOfWork, is_handed_over: bool
) -> Taken:
    text = json_text.stamped(received.text, id, 1, work.now)
    stored = work.resources.add(
        received.type,
        id,
        text,
        identifiers_of(received.document),
        client.scope.submitter_id,
        document=received.document,
    )
    kind = _BY_TYPE.get(received.type)
    if kind is None:
        if received.type == "ClaimResponse":
            earlier_payers.brought(received.document, stored, work)
        return Taken(stored, is_new=True)
    related = kind(received.document, stored, client, base, work, is_handed_over)
    is_urgent = received.type == "Claim" and claims.is_urgent(received.document)
    urgent = (stored.type, stored.id) if is_urgent else None
    return Taken(stored, is_new=True, related=related, urgent=urgent)


def _again(type: str, id: str, work: UnitOfWork) -> Taken:
    stored = work.resources.find(type, id)
    if stored is None:
        raise LookupError("a replay key outlived its resource")
    if stored.is_deletion:
        text = "Exactly this was sent before and deleted since; a PUT to its id brings it back."
        raise Unacceptable(Issue(ErrorCode.GONE, text))
    if stored.text is None:
        text = "Exactly this was sent before and nullified since; an amended one is welcome."
        raise Unacceptable(Issue(ErrorCode.NULLIFIED, text))
    submission = work.submissions.find(type, id)
    related = None
    if submission is not None and submission.response_id is not None:
        related = f"{submission.response_type}/{submission.response_id}"
    return there_already(stored, work.scope, related)


def replay_keys(received: Received, work: UnitOfWork) -> Keys:
    """By what the same again is known; of supporting resources, only by what a header says."""
    document = received.document
    identifiers = identifiers_of(document) if received.type in REQUESTS | OUTGOING else ()
    kind = (received.type, str(document.get("use", "")))
    return keys_of(received, kind, identifiers, work.hasher)


def _status_issues(received: Received) -> list[Issue]:
    status = received.document.get("status")
    if received.type not in _MUST_BE_ACTIVE or status == "active":
        return []
    given = f", not '{status}'" if status else ""
    text = f"A {received.type} is submitted with status 'active'{given}."
    return [Issue(ErrorCode.NOT_ACTIVE, text, f"{received.type}.status")]


def _audit(taken: Taken, received: Received, client: Client, work: UnitOfWork) -> None:
    stored = taken.stored
    work.audit.add(
        Event(
            client.id,
            "create",
            "created",
            stored.type,
            stored.id,
            request_id=received.request_id,
        )
    )
