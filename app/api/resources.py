"""Create, read, update and delete of every resource type.

http://hl7.org/fhir/R4/http.html
"""

import re

from flask import Blueprint, Response, request

from app.api import answers
from app.api.allowed import DOCUMENTS, nowhere
from app.api.context import context
from app.api.negotiation import asked_part, condition, patch, received, require_known
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.fhir.resource_types import RESOURCE_TYPES
from app.fhir.subsets import Summary, part_of
from app.gateway.changes.target import Target
from app.gateway.permitted import may_read
from app.gateway.surface import Interaction, is_created, not_offered, require_offered
from app.store.resources import Stored

blueprint = Blueprint("resources", __name__)

# http://hl7.org/fhir/R4/datatypes.html#id
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@blueprint.post("/<type>")
def create(type: str) -> Response:
    """POST [base]/[type]."""
    here = context()
    require_type(type)
    if not is_created(type):
        raise not_offered(f"{type} is not created here.", type)
    client = here.client("c", type)
    taken = here.gateway.create(client, received(request, {type}, here.request_id))
    return answers.created(request, taken, here.base_url)


@blueprint.get("/<type>/<id>")
def read(type: str, id: str) -> Response:
    """GET [base]/[type]/[id]."""
    here = context()
    require_type(type)
    client = here.client("r", type)
    require_id(id)
    require_known(request, "_summary", "_elements")
    return _told(here.reading.resource(client, type, id, here.request_id))


@blueprint.put("/<type>")
@blueprint.put("/<type>/<id>")
def update(type: str, id: str | None = None) -> Response:
    """PUT [base]/[type]/[id], PUT [base]/[type]?[search]."""
    here = context()
    target = _target(type, id)
    client = here.client("u", type)
    require_offered(Interaction.UPDATE, type, client)
    sent = received(request, {type}, here.request_id)
    return answers.changed(request, here.gateway.update(client, sent, target), here.base_url)


@blueprint.patch("/<type>")
@blueprint.patch("/<type>/<id>")
def change(type: str, id: str | None = None) -> Response:
    """PATCH [base]/[type]/[id], PATCH [base]/[type]?[search]."""
    here = context()
    target = _target(type, id)
    client = here.client("u", type)
    require_offered(Interaction.PATCH, type, client)
    taken = here.gateway.patch(client, patch(request), target)
    response = answers.changed(request, taken, here.base_url)
    # The operations tell of what they change, and the rest may not be theirs to read.
    return response if may_read(client, taken.stored) else answers.without_content(response)


@blueprint.delete("/<type>")
@blueprint.delete("/<type>/<id>")
def delete(type: str, id: str | None = None) -> Response:
    """DELETE [base]/[type]/[id], DELETE [base]/[type]?[search]."""
    here = context()
    target = _target(type, id)
    client = here.client("d", type)
    return answers.deleted(request, here.gateway.delete(client, target))


@blueprint.get("/<type>/<id>/_history/<version>")
def read_version(type: str, id: str, version: str) -> Response:
    """GET [base]/[type]/[id]/_history/[version]."""
    here = context()
    require_type(type)
    client = here.client("r", type)
    require_id(id)
    require_known(request, "_summary", "_elements")
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such version."))
    return _told(here.reading.version(client, type, id, int(version), here.request_id))


def _told(stored: Stored) -> Response:
    """All of a resource, or the part that is asked for.

    http://hl7.org/fhir/R4/search.html#summary
    """
    summary, elements = asked_part(request)
    if elements or summary not in {None, Summary.FALSE}:
        return answers.part(request, part_of(stored.text or "", summary, elements))
    return answers.found(request, stored)


def _target(type: str, id: str | None) -> Target:
    """What the request is about: by its id, or by the query where it has none."""
    require_type(type)
    if id is not None and id.startswith("$"):
        raise not_offered("Operations are called by POST.", type)
    if id is not None:
        require_id(id)
    asked = condition(request) if id is None else None
    if_match = request.headers.get("If-Match")
    return Target(type, id, asked, if_match, context().request_id)


def require_id(id: str) -> None:
    """Pass for what may be an id; raises Unacceptable, as for one that is not there."""
    if not _ID.fullmatch(id):
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, "There is no such resource."))


def require_type(type: str) -> None:
    """Pass for a resource type of R4; raises Unacceptable for anything else."""
    if type in DOCUMENTS:
        raise Unacceptable(Issue(ErrorCode.METHOD, "This document is there to be read."))
    if type not in RESOURCE_TYPES:
        raise Unacceptable(Issue(ErrorCode.NOT_FOUND, nowhere(type)))
