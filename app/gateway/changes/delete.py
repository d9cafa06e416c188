"""DELETE: nothing finds the resource any more; its earlier versions stay.

What is not there is no error: http://hl7.org/fhir/R4/http.html#delete
"""

from dataclasses import dataclass

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.gateway.administering import reference_data
from app.gateway.changes.conditional import id_of
from app.gateway.changes.target import Target, require_match, standing
from app.gateway.surface import Interaction, require_offered
from app.store.audit import Event
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Deleted:
    """The version that tells of the deletion; None where there was nothing to delete."""

    stored: Stored | None


def delete(target: Target, client: Client, work: UnitOfWork) -> Deleted:
    """Delete what is there; raises Unacceptable where it may not be, or others refer to it."""
    require_offered(Interaction.DELETE, target.type, client)
    id = id_of(target, work)
    if id is None:
        require_match(target.if_match, None)
        return Deleted(None)
    reference_data.in_turn(target.type, client, work)
    previous = standing(target, id, client, work, "d")
    if previous is None or previous.is_deletion:
        return Deleted(None)
    # What this client may not see counts all the same: nothing is to refer into the void.
    if work.within(work.scope.unlimited).search.is_referred_to(target.type, id):
        text = "Others refer to the resource; change or delete those first."
        raise Unacceptable(Issue(ErrorCode.REFERENCED, text, target.type))
    stored = work.resources.delete(previous)
    work.replay_keys.forget_conditions(stored.type, stored.id)
    reference_data.withdrawn(stored, work)
    event = Event(
        client.id, "delete", "deleted", stored.type, stored.id, request_id=target.request_id
    )
    work.audit.add(event)
    return Deleted(stored)
