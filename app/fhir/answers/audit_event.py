"""AuditEvents, written from the rows of the audit: ids, codes, counts; of a patient its id alone.

http://hl7.org/fhir/R4/auditevent.html, https://profiles.ihe.net/ITI/BALP/
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.auditing import (
    AUTHENTICATION,
    MINOR_FAILURE,
    REST,
    SEARCH,
    SUCCESS,
    TOKEN,
    is_refusal,
    letter,
    subtype_system,
)
from app.domain.canonical import CANONICAL
from app.fhir import json_text
from app.fhir.answers.writing import filled
from app.fhir.documents import Document

_REST = dict(zip(("system", "code"), REST, strict=True)) | {"display": "Restful Operation"}
_AUTHENTICATION = {
    **dict(zip(("system", "code"), AUTHENTICATION, strict=True)),
    "display": "User Authentication",
}
_ENTITIES = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
# https://profiles.ihe.net/ITI/BALP/content.html: what an entity is, and in which role.
_TYPES = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLES = "http://terminology.hl7.org/CodeSystem/object-role"
_PERSON = {"system": _TYPES, "code": "1", "display": "Person"}
_OBJECT = {"system": _TYPES, "code": "2", "display": "System Object"}
_PATIENT = {"system": _ROLES, "code": "1", "display": "Patient"}
_RESOURCE = {"system": _ROLES, "code": "4", "display": "Domain Resource"}
_JOB = {"system": _ROLES, "code": "20", "display": "Job"}
_QUERY = {"system": _ROLES, "code": "24", "display": "Query"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a row tells; `focus`, `task` and `patient` are references, `actor` the id of who asked.

    `named` is what it is about where that is no resource, as its kind and what stands for it;
    `number` how many resources were handed over.
    """

    recorded_at: datetime
    actor: str
    action: str
    outcome: str
    focus: str | None = None
    type: str | None = None
    task: str | None = None
    request_id: str | None = None
    named: tuple[str, str] | None = None
    patient: str | None = None
    number: int | None = None
    token_hash: str | None = None


def audit_event(told: Told) -> Document:
    """The AuditEvent of a row; its id and meta are the caller's to stamp."""
    failed = is_refusal(told.action, told.outcome)
    return filled(
        resourceType="AuditEvent",
        type=_AUTHENTICATION if told.action == TOKEN else _REST,
        subtype=[_subtype(told.action)],
        action=letter(told.action, told.outcome),
        recorded=json_text.instant(told.recorded_at),
        outcome=MINOR_FAILURE if failed else SUCCESS,
        outcomeDesc=told.outcome,
        agent=[_agent(told)],
        source={"observer": {"display": "eClaims Gateway"}},
        entity=_entities(told),
    )


def _subtype(action: str) -> Document:
    return filled(system=subtype_system(action), code=action)


def _agent(told: Told) -> Document:
    # A token is told as the policy that let the client in.
    policy = None if told.token_hash is None else [f"{CANONICAL}/token/{told.token_hash}"]
    return filled(who=_named("client", told.actor), requestor=True, policy=policy)


def _entities(told: Told) -> list[Document]:
    entities = [_about(told)]
    if told.task is not None and told.task != told.focus:
        entities.append({"what": {"reference": told.task}, "type": _OBJECT, "role": _JOB})
    if told.patient is not None and told.patient != told.focus:
        entities.append({"what": {"reference": told.patient}, "type": _PERSON, "role": _PATIENT})
    if told.request_id is not None:
        entities.append(
            {
                "what": _named("request", told.request_id),
                "type": {"system": _ENTITIES, "code": "XrequestId"},
            }
        )
    return [entity for entity in entities if entity]


def _about(told: Told) -> Document:
    """What was changed or shown; of a search, of which type and how many were found."""
    what: Document = {"reference": told.focus} if told.focus else filled(type=told.type)
    if told.named is not None:
        what = {**_named(*told.named), **filled(type=told.type)}
    if not what and told.number is None:
        return {}
    is_person = (told.focus or "").startswith("Patient/")
    role = _QUERY if told.action == SEARCH else _RESOURCE
    counted = None
    if told.number is not None:
        counted = [{"type": "number", "valueString": str(told.number)}]
    return filled(
        what=what,
        type=_PERSON if is_person else _OBJECT,
        role=_PATIENT if is_person else role,
        detail=counted,
    )


def _named(kind: str, value: str) -> Document:
    return {"identifier": {"system": f"{CANONICAL}/{kind}", "value": value}}
