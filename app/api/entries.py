"""One entry of a Bundle as the request that it stands for, answered as that would be alone.

http://hl7.org/fhir/R4/http.html#transaction
"""

from base64 import b64decode
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, g
from werkzeug.http import parse_date, parse_options_header

from app.api.context import ENTRY, Entry
from app.fhir import json_text
from app.fhir.bundle import Answered
from app.gateway.batch.reading import Step

# Whatever a client writes into request.url stays one query.
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_FHIR_JSON = "application/fhir+json"


def answered(base: str, step: Step, entry: Entry) -> Answered:
    """Send a step through the application itself, as the client that sent the Bundle."""
    headers = {**step.headers, **entry.headers}
    environ = _environ(base, step, headers) | {ENTRY: entry}
    # A context of its own: nothing of one entry is left to the next.
    with current_app.app_context(), current_app.request_context(environ):
        response = current_app.full_dispatch_request()
        return _answer(step, response)


def _environ(base: str, step: Step, headers: Mapping[str, str]) -> dict[str, Any]:
    media_type, body = _body(step)
    environ = {
        "REQUEST_METHOD": step.method,
        "SCRIPT_NAME": "",
        # WSGI spells bytes as Latin-1.
        "PATH_INFO": f"{base}/{step.path}".encode().decode("latin-1"),
        "QUERY_STRING": quote(step.query or "", safe=_PRINTABLE),
        "SERVER_NAME": "entry",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "CONTENT_TYPE": media_type,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_ACCEPT": _FHIR_JSON,
    }
    return environ | _headers(headers)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


def _body(step: Step) -> tuple[str, bytes]:
    """The resource; of a PATCH what its Binary holds: http://hl7.org/fhir/R4/http.html#patch."""
    document = step.document
    if document is None:
        return _FHIR_JSON, b""
    if step.method == "PATCH" and document.get("resourceType") == "Binary":
        data = document.get("data")
        return str(document.get("contentType")), _decoded(data) if isinstance(data, str) else b""
    return _FHIR_JSON, json_text.write(document).encode()


def _decoded(data: str) -> bytes:
    try:
        return b64decode(data)
    except ValueError:
        # What is no base64 is no patch either, and told as that.
        return b""


def _answer(step: Step, response: Response) -> Answered:
    text = response.get_data(as_text=True)
    # That of a failure is told whatever the method is.
    is_told = step.method != "HEAD" or response.status_code >= 400
    headers = response.headers
    return Answered(
        response.status_code,
        text if is_told and text else None,
        headers.get("Location"),
        headers.get("ETag"),
        parse_date(headers.get("Last-Modified")),
        _related(headers.get("Link", "")),
        stored=g.get("stored"),
        is_asked_for="$" in step.path or step.path.startswith("OperationOutcome/"),
    )


def _related(link: str) -> str | None:
    address, options = parse_options_header(link)
    return address.strip("<>") if options.get("rel") == "related" else None
