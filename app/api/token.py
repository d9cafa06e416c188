"""POST /auth/token: the one address that takes a form, and answers as OAuth does.

https://www.rfc-editor.org/rfc/rfc6749#section-5
"""

from urllib.parse import parse_qsl

from flask import Blueprint, Response, g, jsonify, request

from app.api.addresses import sender_of
from app.api.auth import thumbprint_of
from app.api.context import context
from app.gateway.trust.addresses import TOKEN_PATH
from app.gateway.trust.granting import Error, NotGranted, granted

MOST_BYTES = 16 * 1024
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20

blueprint = Blueprint("token", __name__)


@blueprint.post(TOKEN_PATH)
def token() -> Response:
    """An access token for an assertion; raises TooOften for who fails, or asks, too often."""
    here = context()
    address = sender_of(here.installation.terms)(request.environ)
    here.limiting.attempt(address)
    try:
        certificate = thumbprint_of(request, here.installation.terms)
        admit = here.limiting.request
        given = granted(here.installation, _form(), certificate, here.request_id, admit)
    except NotGranted as refusal:
        here.limiting.failed(address)
        return _refused(refusal.error)
    g.client_id = given.client.id
    response = jsonify(
        access_token=given.token,
        token_type="bearer",  # noqa: S106  how it is sent
        expires_in=given.seconds,
        scope=given.scope,
    )
    response.headers["Pragma"] = "no-cache"
    return response


def _form() -> dict[str, str]:
    """The parameters; raises NotGranted for what is no small form with each of them once."""
    length = request.content_length
    if length is None or length > MOST_BYTES or request.mimetype != _FORM:
        raise NotGranted(Error.REQUEST)
    if request.headers.get("Content-Encoding") or request.query_string:
        # In an address an assertion would end up in somebody's log.
        raise NotGranted(Error.REQUEST)
    try:
        text = request.get_data(cache=False).decode("ascii")
        found = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise NotGranted(Error.REQUEST) from None
    form = dict(found)
    if len(form) != len(found):
        raise NotGranted(Error.REQUEST)
    return form


def _refused(error: Error) -> Response:
    response = jsonify(error=error.code, error_description=error.description)
    response.status_code = error.status
    response.headers["Pragma"] = "no-cache"
    if error is Error.REQUEST:
        # What is left of a body that was not read would be taken for the next request.
        response.headers["Connection"] = "close"
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
