"""The Flask application: blueprints under the FHIR base, one shape of error, headers on all."""

import secrets
import time
from collections.abc import Mapping

from flask import Flask, Response, current_app, g, request

from app.api import (
    bundles,
    errors,
    health,
    history,
    metadata,
    openapi,
    operations,
    resources,
    search,
    smart_configuration,
    tasks,
    token,
)
from app.api.context import EXTENSION, Context, current_entry
from app.api.negotiation import OTHER_BYTES, is_pretty, media_type
from app.fhir import json_text
from app.telemetry import log

FHIR_BASE = "/fhir/r4"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
# For browsers that were led here once: never again without TLS. Where a proxy ends it.
HTTPS_ALONE = {"Strict-Transport-Security": "max-age=31536000"}
_OF_ANSWERS = "eclaims.headers"


def web_application(context: Context, headers: Mapping[str, str] | None = None) -> Flask:
    """Put the surface together; `headers` are those of every answer."""
    # No folder of files is served beside what is documented.
    application = Flask("app", static_folder=None)
    application.extensions[_OF_ANSWERS] = headers or HEADERS
    # One byte more than the gate allows, so that the gate's own refusal names the limit.
    application.config["MAX_CONTENT_LENGTH"] = OTHER_BYTES + 1
    # A redirect would be built from the Host header, which is the client's to write.
    application.url_map.merge_slashes = False
    application.url_map.strict_slashes = False
    application.extensions[EXTENSION] = context
    application.extensions[health.EXTENSION] = health.readiness_of(context)
    for apart in (health.blueprint, token.blueprint, smart_configuration.origin):
        application.register_blueprint(apart)
    for part in (
        bundles,
        metadata,
        openapi,
        smart_configuration,
        tasks,
        operations,
        history,
        search,
        resources,
    ):
        application.register_blueprint(part.blueprint, url_prefix=FHIR_BASE)
    errors.register(application)
    application.before_request(_begin)
    application.after_request(_finish)
    return application


def _begin() -> None:
    entry = current_entry()
    g.request_id = secrets.token_hex(8) if entry is None else entry.request_id
    g.began = time.perf_counter()
    if request.path.startswith(FHIR_BASE):
        media_type(request)


def _finish(response: Response) -> Response:
    if is_pretty(request) and (response.mimetype or "").endswith("json") and response.get_data():
        response.set_data(json_text.indented(response.get_data(as_text=True)))
    if response.status_code in {204, 304}:
        response.headers.pop("Content-Type", None)
    response.headers.update(current_app.extensions[_OF_ANSWERS])
    response.headers["X-Request-Id"] = g.request_id
    log.info(
        "request",
        request_id=g.request_id,
        method=request.method,
        # The rule, never the path: ids and queries stay out of the log.
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        client=g.get("client_id"),
        milliseconds=round((time.perf_counter() - g.began) * 1000, 1),
    )
    return response
