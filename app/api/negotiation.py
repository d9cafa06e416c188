"""What a request carries and what it wants back.

http://hl7.org/fhir/R4/http.html#mime-type
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Request
from werkzeug.http import parse_options_header

from app.api.context import current_entry
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.fhir import json_patch, json_text
from app.fhir.subsets import Summary
from app.fhir.validation import check
from app.gateway.changes.patch import Patch
from app.gateway.received import Received

FHIR_JSON = "application/fhir+json"
_JSON_TYPES = frozenset({FHIR_JSON, "application/json", "text/json"})
_ANY_JSON = frozenset({"json", "*/*", "application/*"})
TASK_BYTES = 2 * 1024 * 1024
OTHER_BYTES = 10 * 1024 * 1024
PATCH_BYTES = 2 * 1024 * 1024
_LONGEST_HEADER = 200
_VERSIONS = frozenset({"4.0", "4.0.1"})
_NEVER = frozenset({"0", "0.0", "0.00", "0.000"})
_PLAIN = re.compile(r"[A-Za-z0-9_.:\-]{1,64}", re.ASCII)
_OF_EVERY_QUERY = frozenset({"_format", "_pretty"})


def media_type(request: Request) -> str:
    """The media type to answer in; raises Unacceptable where none of the asked ones can be made."""
    # In a query a plus sign is a space, and nobody escapes it here.
    spelled = _of_query(request, "_format").strip().replace("; ", ";").replace(" ", "+")
    chosen = _chosen(spelled or request.headers.get("Accept", ""))
    if chosen is None:
        raise Unacceptable(Issue(ErrorCode.NOT_ACCEPTABLE, f"Only {FHIR_JSON} can be produced."))
    return chosen


def _of_query(request: Request, name: str) -> str:
    """The first value of a parameter; "" where there is none, as in nearly every query."""
    return request.args.get(name, "") if request.query_string else ""


# Nearly all requests of a client ask the same.
@lru_cache(maxsize=64)
def _chosen(asked: str) -> str | None:
    """The first media type of a header that can be made; None where none can."""
    for choice in asked.split(",") if asked else ["*/*"]:
        name, options = parse_options_header(choice.strip().lower())
        if options.get("fhirversion", "4.0") not in _VERSIONS or options.get("q") in _NEVER:
            continue
        if name in _JSON_TYPES:
            return name
        if name in _ANY_JSON:
            return FHIR_JSON
    return None


def is_pretty(request: Request) -> bool:
    """Whether the answer is for people to read."""
    return _of_query(request, "_pretty").lower() == "true"


def preferred(request: Request, name: str) -> str | None:
    """What the header Prefer says of one thing (`return`, `handling`); None where it does not.

    https://www.rfc-editor.org/rfc/rfc7240
    """
    header = request.headers.get("Prefer", "")
    for preference in re.split(r"[,;]", header) if header else ():
        token, _, value = preference.partition("=")
        if token.strip().lower() == name:
            return value.strip().strip('"').lower()
    return None


def require_known(request: Request, *names: str) -> None:
    """Pass where a query has nothing but these and what every query may have.

    Others are passed over, unless the client prefers strict handling: then raises Unacceptable.
    """
    if not request.query_string:
        return
    unknown = set(request.args) - {*names, *_OF_EVERY_QUERY}
    if unknown and preferred(request, "handling") == "strict":
        told = ", ".join(sorted(name for name in unknown if _PLAIN.fullmatch(name)))
        text = f"The query has parameters that are not known here: {told or 'unreadable ones'}."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text))


def asked_part(request: Request) -> tuple[Summary | None, tuple[str, ...]]:
    """Which part of a resource a read asks for; raises Unacceptable for an unknown one."""
    if not request.query_string:
        return None, ()
    spelled, elements = request.args.get("_summary"), request.args.get("_elements", "")
    try:
        summary = None if spelled is None else Summary(spelled)
    except ValueError:
        summary = Summary.COUNT
    if summary is Summary.COUNT:
        text = "_summary of one resource is true, text, data or false."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
    return summary, tuple(name for name in elements.split(",") if name)


def condition(request: Request) -> str:
    """The query as the condition of a change, without what only says how to answer."""
    parts = request.query_string.decode("latin-1").split("&")
    return "&".join(one for one in parts if one.partition("=")[0] not in _OF_EVERY_QUERY)


def patch(request: Request) -> Patch:
    """The operations in the body; raises Unacceptable."""
    if request.mimetype != json_patch.MEDIA_TYPE or request.headers.get("Content-Encoding"):
        text = f"Send {json_patch.MEDIA_TYPE}, without a content encoding."
        raise Unacceptable(Issue(ErrorCode.MEDIA_TYPE, text))
    return Patch(json_patch.read(request.get_data(cache=False), PATCH_BYTES))


def require_valid(document: dict[str, Any]) -> None:
    """Pass for a resource that is valid R4; raises Unacceptable with every problem it has."""
    issues = check(document)
    if issues:
        raise Unacceptable(*issues)


def received(
    request: Request,
    types: set[str],
    request_id: str,
    require: Callable[[dict[str, Any]], None] = require_valid,
    *,
    may_be_tried: bool = False,
) -> Received:
    """The resource in the body; raises Unacceptable with every problem it has.

    `types` are the resource types that make sense at this address, `require` passes what is usable.
    `may_be_tried`: it stands for a Task.
    """
    _require_json(request)
    is_rehearsal = _is_rehearsal(request, {"Task"} if may_be_tried else types)
    body = request.get_data(cache=False)
    document = json_text.read(body, TASK_BYTES if types == {"Task"} else OTHER_BYTES)
    named = document.get("resourceType")
    if not isinstance(named, str) or named not in types:
        text = f"The resourceType here is {' or '.join(sorted(types))}."
        raise Unacceptable(Issue(ErrorCode.RESOURCE_TYPE, text, "resourceType"))
    require(document)
    entry = current_entry()
    return Received(
        body.decode(),
        document,
        request_id,
        _idempotency_key(request),
        request.headers.get("If-None-Exist"),
        sent=entry.sent if entry is not None else None,
        id=entry.id if entry is not None else None,
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


def nothing_or_parameters(
    request: Request, request_id: str, *, may_be_tried: bool = True
) -> Received:
    """What an operation is given: no body counts as empty Parameters. Raises Unacceptable.

    `may_be_tried`: it stands for a Task.
    """
    if request.get_data():
        return received(request, {"Parameters"}, request_id, may_be_tried=may_be_tried)
    empty = {"resourceType": "Parameters"}
    return Received(
        json_text.write(empty),
        empty,
        request_id,
        _idempotency_key(request),
        request.headers.get("If-None-Exist"),
        is_rehearsal=_is_rehearsal(request, {"Task"} if may_be_tried else {"Parameters"}),
    )


def document_of(request: Request) -> dict[str, Any]:
    """The JSON object in the body, whatever it says; raises Unacceptable where it is none."""
    _require_json(request)
    return json_text.read(request.get_data(cache=False), OTHER_BYTES)


def _require_json(request: Request) -> None:
    if request.mimetype not in _JSON_TYPES or request.headers.get("Content-Encoding"):
        text = f"Send {FHIR_JSON}, without a content encoding."
        raise Unacceptable(Issue(ErrorCode.MEDIA_TYPE, text))
    if request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise Unacceptable(Issue(ErrorCode.MEDIA_TYPE, "A body is UTF-8."))
    version = request.mimetype_params.get("fhirversion", "4.0")
    if version not in _VERSIONS:
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
