"""Financial resources, which are not changed once they are there, but for the one lawful change.

A status that becomes `cancelled` is a cancel, as by the Task of that code.
http://hl7.org/fhir/R4/http.html#rejecting-updates
"""

from app.domain import lifecycle
from app.domain.codes import TaskCode
from app.domain.issues import ErrorCode, Issue, Missing, Refused, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.gateway.administering.reference_data import content_of
from app.gateway.ownership import REQUESTS
from app.gateway.received import Received
from app.gateway.tasks import focus
from app.gateway.tasks.cancellation import cancelled, final_status
from app.store.audit import Event
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork


def changed(previous: Stored, received: Received, client: Client, work: UnitOfWork) -> Stored:
    """The resource as it is from now on; raises Unacceptable for any other change."""
    before, meta = content_of(previous.text)
    after, asked_meta = content_of(json_text.write(received.document))
    was, asked = before.pop("status", None), after.pop("status", None)
    if (before, meta) != (after, asked_meta):
        raise _immutable(previous.type)
    if was == asked:
        return previous
    if asked != final_status(previous.type):
        raise _immutable(previous.type)
    return _cancelled(previous, client, received.request_id, work)


def _cancelled(
    previous: Stored, client: Client, request_id: str | None, work: UnitOfWork
) -> Stored:
    submission = work.submissions.find(previous.type, previous.id, lock=True)
    if submission is None:
        raise _immutable(previous.type)
    try:
        at = f"{previous.type}.status"
        standing = focus.standing(submission, work, lock=True)
        lifecycle.require(TaskCode.CANCEL, standing, at)
        cancelled(submission, client.payer, work)
    except (Refused, Missing) as no:
        raise Unacceptable(*no.issues) from None
    event = Event(
        client.id, "cancel", "completed", previous.type, previous.id, request_id=request_id
    )
    work.audit.add(event)
    stored = work.resources.find(previous.type, previous.id)
    if stored is None:
        raise LookupError("what was cancelled is kept")
    return stored


def _immutable(type: str) -> Unacceptable:
    text = f"A {type} does not change."
    if type in REQUESTS:
        text = f"Of a {type} nothing changes but its status, to '{final_status(type)}'."
    return Unacceptable(Issue(ErrorCode.IMMUTABLE, text, type))
