"""Create, read and version read of every resource type.

http://hl7.org/fhir/R4/http.html
"""

import re

from flask import Blueprint, Response, request

from app.api import answers
from app.api.context import context
from app.api.negotiation import received
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.fhir.resource_types import RESOURCE_TYPES

blueprint = Blueprint("resources", __name__)

# http://hl7.org/fhir/R4/datatypes.html#id
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@blueprint.post("/<type>")
def create(type: str) -> Response:
    """POST [base]/[type]."""
    here = context()
    require_type(type)
    taken = here.gateway.create(here.client(), received(request, {type}, here.request_id))
    return answers.created(request, taken, here.base_url)


@blueprint.get("/<type>/<id>")
def read(type: str, id: str) -> Response:
    """GET [base]/[type]/[id]."""
    here = context()
    require_type(type)
    client = here.client()
    require_id(id)
    return answers.found(request, here.reading.resource(client, type, id))


@blueprint.get("/<type>/<id>/_history/<version>")
def read_version(type: str, id: str, version: str) -> Response:
    """GET [base]/[type]/[id]/_history/[version]."""
    here = context()
    require_type(type)
    client = here.client()
    require_id(id)
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such version."))
    return answers.found(request, here.reading.version(client, type, id, int(version)))


def require_id(id: str) -> None:
    """Pass for what may be an id; raises Unacceptable, as for one that is not there."""
    if not _ID.fullmatch(id):
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such resource."))


def require_type(type: str) -> None:
    """Pass for a resource type of R4; raises Unacceptable for anything else."""
    if type not in RESOURCE_TYPES:
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "R4 has no such resource type."))
