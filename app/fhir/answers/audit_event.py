"""AuditEvents, written from the rows of the audit: ids and codes, and nothing about a patient.

http://hl7.org/fhir/R4/auditevent.html, https://profiles.ihe.net/ITI/BALP/
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.canonical import CANONICAL
from app.domain.codes import TaskCode
from app.fhir import json_text
from app.fhir.answers.writing import filled
from app.fhir.documents import Document

_REST = {
    "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
    "code": "rest",
    "display": "Restful Operation",
}
_INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
_ENTITIES = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
# http://hl7.org/fhir/R4/valueset-audit-event-action.html; whatever else happens is E, execute.
_ACTIONS = {
    ("create", None): "C",
    ("load", "added"): "C",
    ("load", "replaced"): "U",
    ("update", None): "U",
    ("patch", None): "U",
    ("delete", None): "D",
}
# The interaction that an effect came by, where it was one of a client's.
_BY = {"create": "create", "update": "update", "patch": "patch", "delete": "delete"}
# http://hl7.org/fhir/R4/valueset-audit-event-outcome.html
_SUCCESS, _MINOR_FAILURE = "0", "4"
_REFUSALS = frozenset({"rejected", "failed"})


@dataclass(frozen=True, slots=True)
class Told:
    """What a row tells; `focus` and `task` are references, `actor` the id of who asked."""

    recorded_at: datetime
    actor: str
    action: str
    outcome: str
    focus: str | None = None
    type: str | None = None
    task: str | None = None
    request_id: str | None = None


def audit_event(told: Told) -> Document:
    """The AuditEvent of a row; its id and meta are the caller's to stamp."""
    return filled(
        resourceType="AuditEvent",
        type=_REST,
        subtype=[_subtype(told.action)],
        action=_action(told),
        recorded=json_text.instant(told.recorded_at),
        outcome=_MINOR_FAILURE if _is_refused(told) else _SUCCESS,
        outcomeDesc=told.outcome,
        agent=[{"who": _named("client", told.actor), "requestor": True}],
        source={"observer": {"display": "eClaims Gateway"}},
        entity=_entities(told),
    )


def _subtype(action: str) -> Document:
    if action in _BY:
        return {"system": _INTERACTIONS, "code": _BY[action]}
    if action in list(TaskCode):
        return {"system": f"{CANONICAL}/CodeSystem/task-code", "code": action}
    return {"code": action}


def _action(told: Told) -> str:
    return _ACTIONS.get((told.action, told.outcome)) or _ACTIONS.get((told.action, None)) or "E"


def _is_refused(told: Told) -> bool:
    return told.action == "denied" or told.outcome in _REFUSALS


def _entities(told: Told) -> list[Document]:
    about = {"reference": told.focus} if told.focus else filled(type=told.type)
    entities: list[Document] = [{"what": about}] if about else []
    if told.task is not None and told.task != told.focus:
        entities.append({"what": {"reference": told.task}})
    if told.request_id is not None:
        entities.append(
            {
                "what": _named("request", told.request_id),
                "type": {"system": _ENTITIES, "code": "XrequestId"},
            }
        )
    return entities


def _named(kind: str, value: str) -> Document:
    return {"identifier": {"system": f"{CANONICAL}/{kind}", "value": value}}
