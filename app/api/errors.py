"""Every problem leaves in one shape: an OperationOutcome with the status of its catalogue line.

http://hl7.org/fhir/R4/operationoutcome.html
"""

import traceback

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from app.api.allowed import allowed, nowhere
from app.api.negotiation import FHIR_JSON
from app.domain.issues import ErrorCode, Issue, ScopeMissing, Severity, Unacceptable
from app.domain.rates import TooOften
from app.fhir import json_text
from app.fhir.answers.operation_outcome import operation_outcome
from app.store.database.engine import Busy, CommitUnknown, DiskFull
from app.telemetry import log

RETRY_AFTER_SECONDS = "1"

_BY_STATUS = {
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD,
    413: ErrorCode.BODY_TOO_LARGE,
    415: ErrorCode.MEDIA_TYPE,
}


def outcome(status: int, *issues: Issue) -> Response:
    """An OperationOutcome as the whole answer."""
    text = json_text.write(operation_outcome(issues))
    return Response(text, status, mimetype=FHIR_JSON)


def register(application: Flask) -> None:
    """Let every way to fail end here."""
    application.register_error_handler(Unacceptable, _unacceptable)
    application.register_error_handler(Busy, _busy)
    application.register_error_handler(CommitUnknown, _unknown)
    application.register_error_handler(DiskFull, _disk_full)
    application.register_error_handler(HTTPException, _http)
    application.register_error_handler(Exception, _fault)


def _unacceptable(refusal: Unacceptable) -> Response:
    response = outcome(refusal.status, *refusal.issues)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(refusal, ScopeMissing):
        # https://www.rfc-editor.org/rfc/rfc6750#section-3.1
        told = f'Bearer error="insufficient_scope", scope="{refusal.scope}"'
        response.headers["WWW-Authenticate"] = told
    if refusal.status == 405:
        response.headers["Allow"] = allowed(request)
    if isinstance(refusal, TooOften):
        response.headers["Retry-After"] = str(refusal.after_seconds)
    return response


def _busy(_fault: Exception) -> Response:
    response = outcome(503, Issue(ErrorCode.BUSY, ErrorCode.BUSY.entry.meaning))
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _unknown(_fault: Exception) -> Response:
    text = f"{ErrorCode.UNKNOWN_COMMIT.entry.meaning} {_advice()}"
    response = outcome(503, Issue(ErrorCode.UNKNOWN_COMMIT, text))
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _advice() -> str:
    """What to do where it is not known whether the request was done."""
    once = "Send the same again: it is done once."
    is_keyed = "Idempotency-Key" in request.headers or "If-None-Exist" in request.headers
    if request.method == "PATCH":
        # Operations like `add` to an array have an effect each time.
        is_safe = "If-Match" in request.headers
        return once if is_safe else "Read the resource before it is patched again."
    if request.method != "POST":
        return once
    if request.blueprint == "bundles" and is_keyed:
        return "Send the same again: what it creates is created once. Read first what it patches."
    if is_keyed:
        return once
    return "Look what is there before it is sent again: only what is known by identifier is once."


def _disk_full(_fault: Exception) -> Response:
    return outcome(507, Issue(ErrorCode.NO_STORE, ErrorCode.NO_STORE.entry.meaning))


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code = _BY_STATUS.get(status, ErrorCode.PARAMETER if status < 500 else ErrorCode.FAULT)
    is_operation = status == 404 and "/$" in request.path
    response = outcome(status, Issue(code, nowhere("$") if is_operation else code.entry.meaning))
    methods = getattr(error, "valid_methods", None)
    if methods:
        response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _fault(fault: Exception) -> Response:
    """What nobody foresaw: the class and the line are logged, nothing is told outside."""
    frame = traceback.extract_tb(fault.__traceback__)[-1]
    log.error(
        "fault",
        request_id=g.get("request_id"),
        error_class=type(fault).__name__,
        error_line=f"{frame.filename.rpartition('/')[2]}:{frame.lineno}",
    )
    text = f"The gateway failed; nothing was changed. Quote request {g.get('request_id')}."
    return outcome(500, Issue(ErrorCode.FAULT, text, severity=Severity.FATAL))
