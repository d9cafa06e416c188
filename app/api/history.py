"""GET …/_history at three levels.

http://hl7.org/fhir/R4/http.html#history
"""

from datetime import datetime
from functools import partial
from typing import NoReturn

from flask import Blueprint, Response, request

from app.api.context import context
from app.api.negotiation import media_type, require_known
from app.api.resources import require_id
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.period import instant
from app.fhir.resource_types import RESOURCE_TYPES
from app.fhir.validation.dates import is_instant
from app.gateway.reading.history import DEFAULT_COUNT, MOST_COUNT, Asked
from app.gateway.reading.page_links import PAGE
from app.gateway.surface import TYPES

blueprint = Blueprint("history", __name__)

_NOT_OFFERED = ("_at", "_list")
_MOST_DIGITS = 9


@blueprint.get("/<type>/<id>/_history")
def of_instance(type: str, id: str) -> Response:
    """GET [base]/[type]/[id]/_history."""
    return _answer(type, id)


@blueprint.get("/<type>/_history")
def of_type(type: str) -> Response:
    """GET [base]/[type]/_history."""
    return _answer(type, None)


@blueprint.get("/_history")
def of_everything() -> Response:
    """GET [base]/_history."""
    return _answer(None, None)


def _answer(type: str | None, id: str | None) -> Response:
    here = context()
    if type is not None and type not in RESOURCE_TYPES:
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "R4 has no such resource type."))
    types = TYPES if type is None else (type,)
    client = here.client("s" if id is None else "r", *types)
    if id is not None:
        require_id(id)
    token = _only(PAGE)
    if token is not None:
        page = partial(here.history.next, client, Asked(type, id).path, token, here.request_id)
    else:
        _require_understood()
        asked = Asked(type, id, _since(), _count())
        page = partial(here.history.first, client, asked, here.request_id)
    return Response(page(), 200, mimetype=media_type(request))


def _require_understood() -> None:
    """What would change the answer is refused; the rest is ignored, unless asked to be strict."""
    for name in _NOT_OFFERED:
        if name in request.args:
            _refuse(f"{name} is not offered.")
    require_known(request, "_since", "_count")


def _since() -> datetime | None:
    written = _only("_since")
    if written is None:
        return None
    # In a query a plus sign is a space, and nobody escapes it here.
    text = written.replace(" ", "+")
    if not is_instant(text):
        _refuse("_since is an instant with a zone: 2026-03-01T09:30:00Z.")
    return instant(text)


def _count() -> int:
    """How many versions a page shows; larger numbers are taken for the largest that is shown."""
    written = _only("_count")
    if written is None:
        return DEFAULT_COUNT
    if not written.isascii() or not written.isdigit() or len(written) > _MOST_DIGITS:
        _refuse("_count is a whole number.")
    return min(int(written), MOST_COUNT)


def _only(name: str) -> str | None:
    values = request.args.getlist(name)
    if len(values) > 1:
        _refuse(f"{name} is given once.")
    return values[0] if values else None


def _refuse(text: str) -> NoReturn:
    raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
