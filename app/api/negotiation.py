"""What a request carries and what it wants back.

http://hl7.org/fhir/R4/http.html#mime-type
"""

import re
from typing import Any

from flask import Request

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.validation import check
from app.gateway.received import Received

FHIR_JSON = "application/fhir+json"
_JSON_TYPES = frozenset({FHIR_JSON, "application/json", "text/json"})
_ANY_JSON = frozenset({"json", "*/*", "application/*"})
TASK_BYTES = 2 * 1024 * 1024
OTHER_BYTES = 10 * 1024 * 1024
_LONGEST_HEADER = 200


def media_type(request: Request) -> str:
    """The media type to answer in; raises Unacceptable where none of the asked ones can be made."""
    # In a query a plus sign is a space, and nobody escapes it here.
    asked = request.args.get("_format", "").replace(" ", "+") or request.headers.get("Accept", "")
    for choice in asked.split(",") if asked else ["*/*"]:
        name = choice.split(";")[0].strip().lower()
        if name in _JSON_TYPES:
            return name
        if name in _ANY_JSON:
            return FHIR_JSON
    raise Unacceptable(Issue(ErrorCode.NOT_ACCEPTABLE, f"Only {FHIR_JSON} can be produced."))


def received(
    request: Request, types: set[str], request_id: str, *, may_be_tried: bool = False
) -> Received:
    """The resource in the body; raises Unacceptable with every problem it has.

    `types` are the resource types that make sense at this address. `may_be_tried`: it stands for a
    Task.
    """
    _require_json(request)
    is_rehearsal = _is_rehearsal(request, {"Task"} if may_be_tried else types)
    body = request.get_data(cache=False)
    document = json_text.read(body, TASK_BYTES if types == {"Task"} else OTHER_BYTES)
    named = document.get("resourceType")
    if not isinstance(named, str) or named not in types:
        text = f"The resourceType here is {' or '.join(sorted(types))}."
        raise Unacceptable(Issue(ErrorCode.RESOURCE_TYPE, text, "resourceType"))
    issues = check(document)
    if issues:
        raise Unacceptable(*issues)
    return Received(
        body.decode(),
        document,
        request_id,
        _idempotency_key(request),
        _if_none_exist(request),
        is_rehearsal=is_rehearsal,
    )


def require_no_parameters(request: Request, request_id: str) -> None:
    """Pass where an operation is given nothing: no body, or Parameters without any.

    Raises Unacceptable.
    """
    if not request.get_data():
        _is_rehearsal(request, {"Parameters"})
        return
    sent = received(request, {"Parameters"}, request_id)
    if sent.document.get("parameter"):
        text = "This operation takes no parameters."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text, "Parameters.parameter"))


def nothing_or_parameters(request: Request, request_id: str) -> Received:
    """What an operation that stands for a Task is given: no body counts as empty Parameters.

    Raises Unacceptable.
    """
    if request.get_data():
        return received(request, {"Parameters"}, request_id, may_be_tried=True)
    empty = {"resourceType": "Parameters"}
    return Received(
        json_text.write(empty),
        empty,
        request_id,
        _idempotency_key(request),
        _if_none_exist(request),
        is_rehearsal=_is_rehearsal(request, {"Task"}),
    )


def document_of(request: Request) -> dict[str, Any]:
    """The JSON object in the body, whatever it says; raises Unacceptable where it is none."""
    _require_json(request)
    return json_text.read(request.get_data(cache=False), OTHER_BYTES)


def _require_json(request: Request) -> None:
    if request.mimetype not in _JSON_TYPES or request.headers.get("Content-Encoding"):
        text = f"Send {FHIR_JSON}, without a content encoding."
        raise Unacceptable(Issue(ErrorCode.MEDIA_TYPE, text))
    version = request.mimetype_params.get("fhirversion", "4.0")
    if version not in {"4.0", "4.0.1"}:
        text = "This address speaks FHIR version 4.0."
        raise Unacceptable(Issue(ErrorCode.MEDIA_TYPE, text))


def _is_rehearsal(request: Request, types: set[str]) -> bool:
    """Whether `Prefer: dry-run` asks only to try, which is offered for Tasks.

    To carry out what was meant as a rehearsal would be worse than to refuse it.
    """
    preferences = request.headers.get("Prefer", "").lower()
    is_rehearsal = "dry-run" in re.split(r"[\s,;]+", preferences)
    if is_rehearsal and types != {"Task"}:
        raise Unacceptable(Issue(ErrorCode.PARAMETER, "'Prefer: dry-run' is for Tasks only."))
    return is_rehearsal


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= _LONGEST_HEADER:
        text = f"Idempotency-Key has 1 to {_LONGEST_HEADER} characters."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
    return key


def _if_none_exist(request: Request) -> Identifier | None:
    condition = request.headers.get("If-None-Exist")
    if condition is None:
        return None
    name, _, token = condition.lstrip("?").partition("=")
    system, separator, value = token.partition("|")
    if name != "identifier" or not separator or not value or "&" in token:
        text = "If-None-Exist is understood as identifier=system|value."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
    return Identifier(system or None, value)
