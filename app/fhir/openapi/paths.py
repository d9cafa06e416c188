"""The paths of the surface: one operation for each interaction with each type.

https://spec.openapis.org/oas/v3.1.0#paths-object, http://hl7.org/fhir/R4/http.html#summary
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.fhir.offer.interactions import Offer, OperationOffer, ParameterOffer, TypeOffer
from app.fhir.openapi.messages import (
    FORM,
    JSON_PATCH,
    answer,
    failures,
    header,
    json_body,
    no_content,
    query,
    shared,
)

Operation = dict[str, Any]

_READ_FAILURES = (400, 401, 404, 405, 406, 410)
_CHANGE_FAILURES = (*_READ_FAILURES, 403, 409, 412, 413, 415, 422)
_PARAMETERS = ("_format", "_pretty")


@dataclass(frozen=True, slots=True)
class _Shape:
    """An interaction: method, what follows the type, its headers, what it takes and gives.

    `gives` None is the type itself, "" nothing; `takes` likewise, and None nothing.
    """

    method: str
    suffix: str
    told: str
    headers: tuple[str, ...] = ()
    takes: str | None = None
    gives: str = ""
    statuses: tuple[int, ...] = (200,)
    failures: tuple[int, ...] = _READ_FAILURES


_CONDITIONS = ("If-None-Match", "If-Modified-Since")
_SENT = ("Prefer", "Idempotency-Key")
_SHAPES = {
    "read": _Shape("get", "/{id}", "Read", _CONDITIONS, statuses=(200, 304)),
    "vread": _Shape(
        "get", "/{id}/_history/{version}", "Read one version of", _CONDITIONS, statuses=(200, 304)
    ),
    "history-instance": _Shape("get", "/{id}/_history", "All versions of", gives="Bundle"),
    "history-type": _Shape("get", "/_history", "What became of every", gives="Bundle"),
    "search-type": _Shape("get", "", "Search", ("Prefer",), gives="Bundle"),
    "create": _Shape(
        "post", "", "Create", ("If-None-Exist", *_SENT), "", "", (200, 201), _CHANGE_FAILURES
    ),
    "update": _Shape(
        "put", "/{id}", "Update", ("If-Match", *_SENT), "", "", (200, 201), _CHANGE_FAILURES
    ),
    "patch": _Shape(
        "patch", "/{id}", "Patch", ("If-Match", "Prefer"), "patch", "", (200,), _CHANGE_FAILURES
    ),
    "delete": _Shape(
        "delete", "/{id}", "Delete", ("If-Match",), None, "none", (200, 204), _CHANGE_FAILURES
    ),
}


def paths(offer: Offer) -> dict[str, dict[str, Operation]]:
    """Every path below the FHIR base, with its operations by method."""
    found: dict[str, dict[str, Operation]] = dict(_public())
    for path, method, operation in _operations(offer):
        found.setdefault(path, {})[method] = operation
    return dict(sorted(found.items()))


def _operations(offer: Offer) -> Iterable[tuple[str, str, Operation]]:
    for type in offer.types:
        for code in sorted(type.interactions):
            shape = _SHAPES[code]
            path = f"/{type.type}{shape.suffix}"
            yield path, shape.method, _interaction(type, code, shape)
        if "search-type" in type.interactions:
            yield f"/{type.type}/_search", "post", _search_by_post(type)
            yield from _in_compartments(type, offer)
        for operation in type.operations:
            yield from _invocations(type.type, operation)
    yield from _system(offer.system)


def _interaction(type: TypeOffer, code: str, shape: _Shape) -> Operation:
    name = type.type
    roles = [role for role, codes in type.by_role if code in codes]
    parameters = [shared(each) for each in _PARAMETERS]
    parameters += [shared(each) for each in ("id", "version") if f"{{{each}}}" in shape.suffix]
    parameters += [header(each) for each in shape.headers]
    if code == "read":
        parameters += [shared(each) for each in ("_summary", "_elements")]
    if code == "search-type":
        parameters += _search_parameters(type)
    if code.startswith("history"):
        parameters += [shared(each) for each in ("_count", "_since")]
    operation: Operation = {
        "operationId": f"{code}-{name}",
        "tags": [name],
        "summary": f"{shape.told} {name}",
        "description": f"For a {' and a '.join(roles)}. Interaction `{code}`.",
        "parameters": parameters,
        "responses": _responses(name, shape),
    }
    if shape.takes == "patch":
        operation["requestBody"] = json_body("JsonPatch", media_type=JSON_PATCH)
    elif shape.takes is not None:
        operation["requestBody"] = json_body(name)
    return operation


def _responses(type: str, shape: _Shape) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for status in shape.statuses:
        if status in {204, 304}:
            told[str(status)] = no_content(status)
        elif shape.gives == "none":
            told[str(status)] = answer("OperationOutcome")
        else:
            # With `Prefer: return=OperationOutcome` a change is answered by that.
            others = ("OperationOutcome",) if "Prefer" in shape.headers and not shape.gives else ()
            told[str(status)] = answer(shape.gives or type, *others)
    return told | failures(shape.failures)


def _search_parameters(type: TypeOffer) -> list[dict[str, Any]]:
    named = [query(each.name, _told(each)) for each in type.parameters]
    results = ("_count", "_sort", "_summary", "_elements", "_total", "_include", "_revinclude")
    return [*named, *(shared(each) for each in results)]


def _told(parameter: ParameterOffer) -> str:
    targets = f" to {', '.join(parameter.targets)}" if parameter.targets else ""
    return f"A search parameter of type {parameter.type}{targets}."


def _search_by_post(type: TypeOffer) -> Operation:
    return {
        "operationId": f"search-by-post-{type.type}",
        "tags": [type.type],
        "summary": f"Search {type.type}, the parameters in the body",
        "parameters": [shared(each) for each in _PARAMETERS],
        "requestBody": {"content": {FORM: {"schema": {"type": "object"}}}},
        "responses": {"200": answer("Bundle")} | failures((*_READ_FAILURES, 413, 415)),
    }


def _in_compartments(type: TypeOffer, offer: Offer) -> Iterable[tuple[str, str, Operation]]:
    for owner in offer.compartments if type.is_in_compartment else ():
        search = _interaction(type, "search-type", _SHAPES["search-type"])
        search["operationId"] = f"search-{type.type}-of-{owner}"
        search["summary"] = f"Search the {type.type} resources of a {owner}"
        search["parameters"] = [shared("id"), *search["parameters"]]
        yield f"/{owner}/{{id}}/{type.type}", "get", search


def _invocations(type: str, operation: OperationOffer) -> Iterable[tuple[str, str, Operation]]:
    at = [("", operation.at_type), ("/{id}", operation.at_instance)]
    for level, is_offered in at:
        path = f"/{type}{level}/${operation.name}"
        if is_offered:
            yield path, "post", _invocation(type, level, operation)
        if is_offered and level and not operation.affects_state:
            yield path, "get", _asked(type, operation)


def _invocation(type: str, level: str, operation: OperationOffer) -> Operation:
    headers = _SENT if operation.affects_state else ()
    told = f"${operation.name} of {'an instance of ' if level else ''}{type}"
    parameters = [shared(each) for each in _PARAMETERS]
    parameters += [shared("id")] if level else []
    statuses = (200, 201) if operation.may_be_tried else (200,)
    # Whatever can be checked may be sent to be checked.
    takes = [type if each == "Resource" else each for each in operation.takes]
    invocation: Operation = {
        "operationId": f"{operation.name}-{'instance' if level else 'type'}-{type}",
        "tags": [type],
        "summary": told,
        "description": f"Defined by {operation.definition}",
        "parameters": [*parameters, *(header(each) for each in headers)],
        "requestBody": json_body(*takes, is_required=not level),
        "responses": {str(each): answer(*operation.gives) for each in statuses},
    }
    invocation["responses"] |= failures(_CHANGE_FAILURES)
    return invocation


def _asked(type: str, operation: OperationOffer) -> Operation:
    parameters = [shared(each) for each in ("id", "mode", "profile", *_PARAMETERS)]
    return {
        "operationId": f"{operation.name}-stored-{type}",
        "tags": [type],
        "summary": f"${operation.name} of a {type} as it is stored",
        "parameters": parameters,
        "responses": {"200": answer(*operation.gives)} | failures(_READ_FAILURES),
    }


def _system(codes: frozenset[str]) -> Iterable[tuple[str, str, Operation]]:
    if codes & {"batch", "transaction"}:
        yield (
            "/",
            "post",
            {
                "operationId": "batch",
                "tags": ["system"],
                "summary": "A batch, a transaction, or a collection of requests",
                "parameters": [*(shared(each) for each in _PARAMETERS), *map(header, _SENT)],
                "requestBody": json_body("Bundle"),
                "responses": {"200": answer("Bundle")} | failures(_CHANGE_FAILURES),
            },
        )
    if "history-system" in codes:
        names = (*_PARAMETERS, "_count", "_since")
        yield (
            "/_history",
            "get",
            {
                "operationId": "history-system",
                "tags": ["system"],
                "summary": "What became of everything",
                "parameters": [shared(each) for each in names],
                "responses": {"200": answer("Bundle")} | failures(_READ_FAILURES),
            },
        )


def _public() -> Iterable[tuple[str, dict[str, Operation]]]:
    """What needs no credential."""
    for path, type in (("/metadata", "CapabilityStatement"), ("/openapi.json", "")):
        given = answer(type) if type else answer(media_types=("application/json",))
        yield (
            path,
            {
                "get": {
                    "operationId": path.strip("/").partition(".")[0],
                    "tags": ["system"],
                    "summary": "What is offered",
                    "security": [],
                    "parameters": [shared(each) for each in _PARAMETERS],
                    "responses": {"200": given, "304": no_content(304)} | failures((400, 406)),
                }
            },
        )
