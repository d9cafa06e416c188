"""Rows of the audit as AuditEvents."""

from collections.abc import Sequence
from dataclasses import replace

from app.fhir import json_text
from app.fhir.answers.audit_event import Told, audit_event
from app.fhir.resource_types import RESOURCE_TYPES
from app.gateway.auditing.accesses import HASHED
from app.store.audit import Recorded
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

AUDIT_EVENT = "AuditEvent"


def as_audit_events(found: Sequence[Recorded], work: UnitOfWork) -> list[Stored]:
    """Rows as the resources that a client reads; each names whose it is, where that is known."""
    patients = work.audit.patients(found)
    return [_as_stored(each, patients.get(each.seq)) for each in found]


def _as_stored(recorded: Recorded, patient_id: str | None) -> Stored:
    told = replace(_told(recorded), patient=f"Patient/{patient_id}" if patient_id else None)
    id, text = str(recorded.seq), json_text.write(audit_event(told))
    stamped = json_text.stamped(text, id, 1, recorded.at)
    return Stored(AUDIT_EVENT, id, 1, recorded.at, stamped)


def _told(recorded: Recorded) -> Told:
    event = recorded.event
    is_resource = event.type in RESOURCE_TYPES
    focus, named = None, None
    if event.resource_id is not None and is_resource:
        if event.resource_id.startswith(HASHED):
            named = ("asked-id", event.resource_id)
        else:
            focus = f"{event.type}/{event.resource_id}"
    elif event.resource_id is not None:
        named = ((event.type or "").lower(), event.resource_id)
    return Told(
        recorded_at=recorded.at,
        actor=event.actor,
        action=event.action,
        outcome=event.outcome,
        focus=focus,
        type=event.type if is_resource else None,
        task=f"Task/{event.task_id}" if event.task_id else None,
        request_id=event.request_id,
        named=named,
        number=event.number,
        token_hash=event.token_hash,
    )
