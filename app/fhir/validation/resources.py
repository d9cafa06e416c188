"""Whole resources: standing alone, or contained in another.

http://hl7.org/fhir/R4/domainresource.html, http://hl7.org/fhir/R4/references.html#contained
"""

from typing import Any

from app.domain.issues import ErrorCode
from app.fhir.validation.compiler import checker_of
from app.fhir.validation.problems import LocalReferences, Problem, Problems, mismatch, one, spelled
from app.fhir.validation.schema import is_resource_type


def standing_alone(value: Any) -> Problems:
    """The problems of a resource with its own contained resources and references to them."""
    local: LocalReferences = []
    problems = _checked(value, local)
    if type(value) is dict and (local or "contained" in value):
        problems = (problems or []) + _local_problems(value, local)
    return problems or None


def contained(value: Any, local: LocalReferences) -> Problems:
    """The problems of a contained resource: dom-2, dom-4 and dom-5 on top."""
    problems = _checked(value, local)
    if type(value) is not dict or not value:
        return problems
    found: list[Problem] = []
    if "contained" in value:
        found += one(ErrorCode.INVARIANT, "dom-2: contained resources contain none.", ".contained")
    if "id" not in value:
        found += one(ErrorCode.REQUIRED, "A contained resource has an id.", ".id")
    meta = value.get("meta")
    if isinstance(meta, dict):
        if "versionId" in meta or "lastUpdated" in meta:
            text = "dom-4: a contained resource has no version and no time of update."
            found += one(ErrorCode.INVARIANT, text, ".meta")
        if "security" in meta:
            text = "dom-5: a contained resource has no security label."
            found += one(ErrorCode.INVARIANT, text, ".meta.security")
    return (problems or []) + found if found else problems


def _checked(value: Any, local: LocalReferences) -> Problems:
    if type(value) is not dict or not value:
        return mismatch(value, "A resource")
    name = value.get("resourceType")
    if type(name) is not str:
        return one(ErrorCode.RESOURCE_TYPE, "resourceType is missing.", ".resourceType")
    if not is_resource_type(name):
        return one(ErrorCode.RESOURCE_TYPE, "R4 has no such resource type.", ".resourceType")
    return checker_of(name)(value, local)


def _local_problems(resource: dict[str, Any], local: LocalReferences) -> list[Problem]:
    """ref-1: what is referred to is contained.

    That what is contained is referred to (dom-3) is not asked for: nothing is lost by keeping it.
    """
    entries = resource.get("contained")
    inside = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    known = {f"#{entry['id']}" for entry in inside if isinstance(entry.get("id"), str)}
    # What is contained may refer to its container, by the bare sign.
    lost = set(local) - known - ({"#"} if inside else set())
    text = "ref-1: nothing of this id is contained."
    paths = _paths_of(resource, lost) if lost else []
    return [(path, ErrorCode.INVARIANT, text) for path in paths]


def _paths_of(root: object, references: set[str]) -> list[str]:
    found = []
    waiting: list[tuple[str, object]] = [("", root)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((f"{path}.{spelled(name)}", content) for name, content in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{path}[{index}]", entry) for index, entry in enumerate(value))
        elif path.endswith(".reference") and value in references:
            found.append(path)
    return sorted(found)
