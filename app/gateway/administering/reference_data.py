"""The payer's own data: its members' coverage, its plans and prices, its organizations.

Ids are the payer's and are kept. Docs: docs/reference-data.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from json import dumps
from typing import Any, TypeVar

from app.domain.adjudication import Awaiting
from app.domain.canonical import CANONICAL
from app.domain.codes import Coding
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client, ClientKind
from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.business.networks import read_affiliation
from app.fhir.business.prices import read_prices
from app.fhir.business.profile import unapplied, unknown_extensions
from app.fhir.documents import codings_of, contained, identifiers_of, reference_of
from app.fhir.plans import read_plan
from app.gateway.coverages import beneficiary_key, subscriber_identifier
from app.gateway.deciding.networks import named, participant_key
from app.gateway.ownership import REFERENCE_DATA
from app.store.audit import Event
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

T = TypeVar("T")

# What makes it worth looking again at Claims that wait.
ENDS_A_WAIT = {
    "Coverage": (Awaiting.COVERAGE, Awaiting.PLAN),
    "InsurancePlan": (Awaiting.PLAN,),
}


class Change(StrEnum):
    """What loading a resource did."""

    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


def in_lock_order(batch: Iterable[T], document_of: Callable[[T], Mapping[str, Any]]) -> list[T]:
    """A batch in the order in which its rows are locked, so that two loads never deadlock.

    What may end a wait comes first, because it locks the payer's row.
    """

    def place(each: T) -> tuple[bool, str, str]:
        document = document_of(each)
        type = document["resourceType"]
        return type not in ENDS_A_WAIT, type, str(document.get("id", ""))

    return sorted(batch, key=place)


def plan_key(value: str) -> Identifier:
    """Under which an InsurancePlan is found by the value that a Coverage names it by."""
    return Identifier(f"{CANONICAL}/plan-value", value)


def service_key(coding: Coding) -> Identifier:
    """Under which a ChargeItemDefinition is found by the service it prices."""
    return Identifier(f"{CANONICAL}/service", coding.key)


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource of the payer's own, and what keeping it did."""

    stored: Stored
    change: Change


def in_turn(type: str, client: Client, work: UnitOfWork) -> None:
    """Let those who change what may end a wait follow each other: before anything is read."""
    if client.kind is ClientKind.PAYER_CLIENT and type in ENDS_A_WAIT:
        work.reference_epoch.advance()


def withdrawn(deleted: Stored, work: UnitOfWork) -> None:
    """Look again at what waits, now that a resource of the payer's is deleted."""
    awaited = ENDS_A_WAIT.get(deleted.type)
    if awaited is not None and deleted.submitter_id is None:
        work.jobs.wake(work.scope.payer_id, awaited)


def keep(
    document: Mapping[str, Any],
    text: str,
    actor: str,
    work: UnitOfWork,
    *,
    id: str | None = None,
    method: str | None = None,
    request_id: str | None = None,
) -> Kept:
    """Keep one resource as the payer's own, under its own id unless one is given.

    `method` where it came by another than POST. Raises Unacceptable for what cannot be used.
    """
    type, id = document["resourceType"], id or document.get("id") or work.new_id()
    require_usable(document)
    if type in ENDS_A_WAIT:
        # First of all: it also makes those who bring the same plan follow each other.
        work.reference_epoch.advance()
    _require_own_plan(document, id, work)
    keys = _keys(document, work.base)
    previous = work.resources.find(type, id, lock=True)
    if previous is not None and previous.submitter_id is not None:
        text = f"{type}/{id} belongs to a submitter."
        raise Unacceptable(Issue(ErrorCode.DUPLICATE, text, f"{type}.id"))
    if previous is None:
        stamped = json_text.stamped(text, id, 1, work.now)
        stored = work.resources.add(type, id, stamped, keys, None, method=method)
        change = Change.ADDED
    elif _digits(previous.text) == _digits(text):
        return Kept(previous, Change.UNCHANGED)
    else:
        stamped = json_text.stamped(text, id, previous.version + 1, work.now)
        stored, change = (
            work.resources.replace(previous, stamped, keys, method=method),
            Change.REPLACED,
        )
        work.replay_keys.forget_conditions(type, id)
    _after(stored, change, actor, request_id, work)
    return Kept(stored, change)


def _after(
    stored: Stored, change: Change, actor: str, request_id: str | None, work: UnitOfWork
) -> None:
    awaited = ENDS_A_WAIT.get(stored.type)
    if awaited is not None:
        work.jobs.wake(work.scope.payer_id, awaited)
    event = Event(actor, "load", str(change), stored.type, stored.id, request_id=request_id)
    work.audit.add(event)


def require_usable(document: Mapping[str, Any]) -> None:
    """Pass where a payer may keep this resource; raises Unacceptable with what is wrong with it.

    What depends on other resources is asked when it is kept.
    """
    type = document["resourceType"]
    if type not in REFERENCE_DATA:
        text = f"{type} is not reference data of a payer."
        raise Unacceptable(Issue(ErrorCode.FORBIDDEN, text, type))
    if type in {"InsurancePlan", "ChargeItemDefinition"}:
        idle = [*unknown_extensions(dict(document)), *unapplied(dict(document))]
        if idle:
            raise Unacceptable(*idle)
    if type == "InsurancePlan":
        read_plan(dict(document))
    if type == "ChargeItemDefinition":
        read_prices(dict(document))


def _require_own_plan(document: Mapping[str, Any], id: str, work: UnitOfWork) -> None:
    """No other plan of the payer may go by a value that Coverages may name this one by."""
    if document["resourceType"] != "InsurancePlan":
        return
    for value in dict.fromkeys(each.value for each in identifiers_of(document)):
        holders = work.reference_data.identified(("InsurancePlan",), plan_key(value))
        if any(holder != id for _, holder in holders):
            text = f"Another InsurancePlan has the identifier value {value}."
            raise Unacceptable(Issue(ErrorCode.DUPLICATE, text, "InsurancePlan.identifier"))


def _keys(document: Mapping[str, Any], base: str) -> tuple[Identifier, ...]:
    """Everything a resource is found by: its identifiers, and what matching looks for."""
    found = set(identifiers_of(document))
    type = document["resourceType"]
    if type == "Coverage" and "subscriberId" in document:
        found.add(subscriber_identifier(document["subscriberId"], document.get("dependent")))
    if type == "Coverage":
        found |= {beneficiary_key(name) for name in _beneficiary_names(document, base)}
    if type == "InsurancePlan":
        found |= {plan_key(identifier.value) for identifier in identifiers_of(document)}
    if type == "ChargeItemDefinition":
        codings = codings_of(document.get("code"))
        found |= {service_key(Coding(each.system, each.code)) for each in codings}
    if type == "OrganizationAffiliation":
        participant = read_affiliation(dict(document), base).participant
        found |= {participant_key(name) for name in named(participant)}
    return tuple(sorted(found, key=lambda identifier: identifier.key))


def _beneficiary_names(document: Mapping[str, Any], base: str) -> set[str]:
    """What the patient goes by: the reference itself, and the Patient where it is contained."""
    beneficiary = document.get("beneficiary", {})
    behind = identifiers_of(contained(document, beneficiary) or {})
    return named(reference_of(beneficiary, base)) | {each.key for each in behind}


def _digits(text: str | None) -> str:
    """What `content_of` gives, as a text in which 10.5 and 10.50 differ."""
    return dumps(content_of(text), sort_keys=True, default=str)


def content_of(text: str | None) -> Any:
    """What a text of reference data says, without what the server owns."""
    document = json_text.parsed(text or "{}")
    meta = {
        name: value
        for name, value in document.pop("meta", {}).items()
        if name not in {"versionId", "lastUpdated"}
    }
    document.pop("id", None)
    return document, meta
