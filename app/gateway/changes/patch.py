"""PATCH: the next version of a resource, told by what changes in it.

http://hl7.org/fhir/R4/http.html#patch
"""

from dataclasses import dataclass
from typing import Any

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.fhir import json_patch, json_text
from app.fhir.validation import check
from app.gateway.administering import reference_data
from app.gateway.changes.conditional import id_of
from app.gateway.changes.target import Target, require_match, standing
from app.gateway.changes.update import changed
from app.gateway.intake.outcome import Taken
from app.gateway.received import Received
from app.gateway.surface import Interaction, require_offered
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

# What a patch may make of a resource, like any that is received.
LARGEST_RESULT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Patch:
    """The operations of a JSON Patch, well-formed, in their order."""

    operations: list[dict[str, Any]]


def patch(patch: Patch, target: Target, client: Client, work: UnitOfWork) -> Taken:
    """Change what is there by the operations; raises Unacceptable, with nothing changed."""
    require_offered(Interaction.PATCH, target.type, client)
    id = id_of(target, work)
    if id is None:
        require_match(target.if_match, None)
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "Nothing meets the condition."))
    reference_data.in_turn(target.type, client, work)
    previous = standing(target, id, client, work)
    if previous is None:
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such resource."))
    if previous.text is None:
        raise Unacceptable(Issue(ErrorCode.GONE, "The resource is gone."))
    received = _patched(patch, previous, previous.text, target)
    return changed(received, id, previous, client, work, method="PATCH")


def _patched(patch: Patch, previous: Stored, text: str, target: Target) -> Received:
    """What the operations make of a text, held against everything that a body is held against."""
    document = json_patch.applied(patch.operations, json_text.parsed(text))
    if not isinstance(document, dict):
        raise _unusable("What the patch leaves is no resource.", None)
    for name, kept in (("resourceType", previous.type), ("id", previous.id)):
        if document.get(name) != kept:
            raise _unusable(f"A patch does not change the {name}.", f"{previous.type}.{name}")
    result = json_text.write(document)
    try:
        document = json_text.read(result.encode(), LARGEST_RESULT_BYTES)
        issues = tuple(check(document))
    except Unacceptable as wrong:
        issues = wrong.issues
    if issues:
        text = "What the patch leaves is no valid resource."
        raise Unacceptable(Issue(ErrorCode.PATCH, text), *issues)
    return Received(result, document, target.request_id)


def _unusable(text: str, at: str | None) -> Unacceptable:
    return Unacceptable(Issue(ErrorCode.PATCH, text, at))
