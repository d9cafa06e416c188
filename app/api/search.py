"""Search of a type, of a Patient's compartment, by GET or by POST, and the pages that follow.

http://hl7.org/fhir/R4/http.html#search
"""

from flask import Blueprint, Response, request

from app.api.context import context
from app.api.negotiation import media_type, preferred
from app.api.resources import require_id, require_type
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.gateway.reading.page_links import PAGE
from app.gateway.surface import TYPES

# Named one by one: Patient/1/_history and Patient/1/$everything are other addresses.
_COMPARTMENT = f"/Patient/<id>/<any({', '.join(sorted(TYPES))}):type>"
_FORM = "application/x-www-form-urlencoded"

blueprint = Blueprint("search", __name__)


@blueprint.get("/<type>")
def search(type: str) -> Response:
    """GET [base]/[type]?..."""
    return _searched(type)


@blueprint.post("/<type>/_search")
def search_by_post(type: str) -> Response:
    """POST [base]/[type]/_search: what is asked stays out of the URL."""
    _require_form()
    return _searched(type)


@blueprint.get(_COMPARTMENT)
def search_compartment(id: str, type: str) -> Response:
    """GET [base]/Patient/[id]/[type]?..."""
    return _searched(type, id)


@blueprint.post(f"{_COMPARTMENT}/_search")
def search_compartment_by_post(id: str, type: str) -> Response:
    """POST [base]/Patient/[id]/[type]/_search."""
    _require_form()
    return _searched(type, id)


def _searched(type: str, patient: str | None = None) -> Response:
    here = context()
    require_type(type)
    client = here.client("s", type)
    if patient is not None:
        require_id(patient)
    token = request.args.get(PAGE)
    if token is not None:
        text = here.searching.page(client, type, token, patient, here.request_id)
    else:
        pairs = [pair for part in (request.args, request.form) for pair in part.items(multi=True)]
        text = here.searching.search(
            client,
            type,
            pairs,
            is_strict=_is_strict(),
            compartment=patient,
            request_id=here.request_id,
        )
    return Response(text, 200, mimetype=media_type(request))


def _require_form() -> None:
    # Without a body everything may stand in the URL.
    if request.content_length and request.mimetype != _FORM:
        raise Unacceptable(Issue(ErrorCode.MEDIA_TYPE, f"A search is sent as {_FORM}."))


def _is_strict() -> bool:
    return preferred(request, "handling") == "strict"
