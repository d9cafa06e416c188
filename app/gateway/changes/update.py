"""PUT: the next version of a resource, or one that is there from now on.

http://hl7.org/fhir/R4/http.html#update, http://hl7.org/fhir/R4/http.html#cond-update
"""

from dataclasses import replace

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.documents import identifiers_of
from app.gateway.administering import reference_data
from app.gateway.changes import immutable, invoices
from app.gateway.changes.conditional import id_of
from app.gateway.changes.target import Target, require_match, standing
from app.gateway.intake import intake
from app.gateway.intake.outcome import Taken
from app.gateway.ownership import REFERENCE_DATA
from app.gateway.received import Received
from app.gateway.surface import (
    IMMUTABLE,
    Interaction,
    may_choose_id,
    not_offered,
    require_offered,
)
from app.store.audit import Event
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork


def update(
    received: Received, target: Target, client: Client, base: str, work: UnitOfWork
) -> Taken:
    """Put the resource in the place of what is there; raises Unacceptable, or TakenMeanwhile."""
    require_offered(Interaction.UPDATE, target.type, client)
    id = _id(received, target, work)
    if id is None:
        require_match(target.if_match, None)
        # The condition holds back whoever asks the same at this moment.
        alone = replace(received, if_none_exist=target.condition, is_update=True)
        return intake.take(alone, client, base, work)
    reference_data.in_turn(target.type, client, work)
    previous = standing(target, id, client, work)
    if previous is None and not may_choose_id(target.type, client.kind):
        raise not_offered(f"A client does not choose the id of a new {target.type}.", target.type)
    return changed(received, id, previous, client, work)


def changed(
    received: Received,
    id: str,
    previous: Stored | None,
    client: Client,
    work: UnitOfWork,
    *,
    method: str = "PUT",
) -> Taken:
    """Keep what was received as the next version of `previous`; raises Unacceptable."""
    is_new = previous is None or previous.is_deletion
    if previous is not None and received.type in IMMUTABLE:
        stored = immutable.changed(previous, received, client, work)
        return Taken(stored, is_new=False)
    if previous is not None and received.type == "Invoice":
        stored = invoices.changed(previous, received, client, work, method=method)
        return Taken(stored, is_new=False)
    if work.scope.submitter_id is None and received.type in REFERENCE_DATA:
        kept = reference_data.keep(
            received.document,
            received.text,
            client.id,
            work,
            id=id,
            method=method,
            request_id=received.request_id,
        )
        return Taken(kept.stored, is_new=is_new)
    if previous is None:
        raise not_offered(f"{received.type} is not created here.", received.type)
    stamped = json_text.stamped(received.text, id, previous.version + 1, work.now)
    identifiers = identifiers_of(received.document)
    stored = work.resources.replace(previous, stamped, identifiers, method=method)
    work.replay_keys.forget_conditions(stored.type, stored.id)
    event = Event(
        client.id,
        "patch" if method == "PATCH" else "update",
        "restored" if is_new else "replaced",
        stored.type,
        stored.id,
        request_id=received.request_id,
    )
    work.audit.add(event)
    return Taken(stored, is_new=is_new)


def _id(received: Received, target: Target, work: UnitOfWork) -> str | None:
    """The id that is meant; None where the condition is met by nothing, and no id is given."""
    given, found = received.document.get("id"), id_of(target, work)
    at = f"{target.type}.id"
    if target.id is not None and given != target.id:
        text = "The body has the id that the address names."
        raise Unacceptable(Issue(ErrorCode.VALUE, text, at))
    if found is not None and given not in {None, found}:
        text = "What meets the condition has another id than the body."
        raise Unacceptable(Issue(ErrorCode.VALUE, text, at))
    return found or given
