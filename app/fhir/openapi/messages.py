"""What operations share: parameters, headers, bodies and answers.

https://spec.openapis.org/oas/v3.1.0#components-object
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from app.fhir.openapi.schemas import Schema, reference

FHIR_JSON = "application/fhir+json"
JSON_PATCH = "application/json-patch+json"
FORM = "application/x-www-form-urlencoded"
# An answer is labelled as it was asked for.
_LABELS = (FHIR_JSON, "application/json", "text/json")

_TEXT: Schema = {"type": "string"}
_HEADERS = {
    "If-None-Match": "An ETag that the client has: 304 where it is the current version.",
    "If-Modified-Since": "304 where it was not changed since.",
    "If-Match": "The ETag of the version that is meant: 412 where it is not the current one.",
    "If-None-Exist": "Create only where nothing meets the condition: `identifier=system|value`.",
    "Idempotency-Key": "The same key with the same content has one effect; 1 to 200 characters.",
    "Prefer": "`return=minimal`, `representation`, `OperationOutcome`; `handling=…`; `dry-run`.",
}
_QUERIES: dict[str, tuple[str, Schema]] = {
    "_format": ("JSON alone is spoken.", {"type": "string", "enum": ["json", FHIR_JSON]}),
    "_pretty": ("Indented.", {"type": "boolean"}),
    "_count": ("At most so many on a page.", {"type": "integer", "minimum": 0, "maximum": 1000}),
    "_since": ("Only what is from this instant or later.", reference("instant")),
    "_sort": ("Names of parameters, `-` before one that descends.", _TEXT),
    "_summary": (
        "How much of each is told.",
        {"type": "string", "enum": ["true", "false", "text", "data", "count"]},
    ),
    "_elements": ("The elements that are told.", _TEXT),
    "_total": ("Whether to count.", {"type": "string", "enum": ["none", "estimate", "accurate"]}),
    "_include": ("`Type:parameter`: what a match refers to comes too.", _TEXT),
    "_revinclude": ("`Type:parameter`: what refers to a match comes too.", _TEXT),
    "mode": (
        "What is meant to be done.",
        {"type": "string", "enum": ["update", "delete", "profile"]},
    ),
    "profile": ("The canonical of a profile.", reference("canonical")),
}


def parameters() -> dict[str, Any]:
    """The components/parameters."""
    in_query = {
        name: {"name": name, "in": "query", "description": told, "schema": schema}
        for name, (told, schema) in _QUERIES.items()
    }
    in_header = {
        name: {"name": name, "in": "header", "description": told, "schema": _TEXT}
        for name, told in _HEADERS.items()
    }
    return {
        "id": _in_path("id", reference("id")),
        "version": _in_path("version", {"type": "integer", "minimum": 1, "maximum": 999_999_999}),
        **in_query,
        **in_header,
    }


def shared(name: str) -> dict[str, str]:
    """A $ref to a parameter of the path or the query."""
    return {"$ref": f"#/components/parameters/{name}"}


header = shared


def query(name: str, told: str) -> dict[str, Any]:
    """A parameter of the query that only some types have."""
    return {"name": name, "in": "query", "description": told, "schema": _TEXT}


def json_body(*types: str, media_type: str = FHIR_JSON, is_required: bool = True) -> dict[str, Any]:
    """A request body of one of these types."""
    return {"required": is_required, "content": {media_type: {"schema": _one_of(types)}}}


def answer(*types: str, media_types: tuple[str, ...] = _LABELS) -> dict[str, Any]:
    """An answer with a document of one of these types; any, where none is named."""
    schema = _one_of(types) if types else {"type": "object"}
    return {
        "description": " or ".join(types) or "The document",
        "content": {label: {"schema": schema} for label in media_types},
    }


def no_content(status: int) -> dict[str, Any]:
    """An answer without a body."""
    return {"description": HTTPStatus(status).phrase}


def failures(statuses: Iterable[int]) -> dict[str, Any]:
    """The answers that tell in an OperationOutcome what is wrong, or that we failed."""
    given = set(statuses)
    # A body that may be too long may also be too slow.
    return {
        str(status): {"$ref": f"#/components/responses/{status}"}
        for status in sorted({*given, *({408} if 413 in given else ()), 429, 500, 503, 507})
    }


def responses() -> dict[str, Any]:
    """The components/responses."""
    statuses = (400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 422, 429, 500, 503, 507)
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {FHIR_JSON: {"schema": reference("OperationOutcome")}},
        }
        for status in statuses
    }


def _in_path(name: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _one_of(types: tuple[str, ...]) -> Schema:
    schemas = [reference(each) for each in types]
    return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
