"""Stored resources as HTTP answers: the stored bytes, with what the headers say of them.

http://hl7.org/fhir/R4/http.html#versioning
"""

from flask import Request, Response, g
from werkzeug.http import http_date

from app.api.negotiation import media_type, preferred
from app.fhir import json_text
from app.fhir.answers.operation_outcome import information
from app.gateway.changes.delete import Deleted
from app.gateway.intake.outcome import Taken
from app.store.resources import Stored


def created(request: Request, taken: Taken, base: str) -> Response:
    """201 for what is new, 200 for the same again."""
    response = found(request, taken.stored)
    if taken.is_rehearsal:
        del response.headers["ETag"]
        del response.headers["Last-Modified"]
        return response
    # What a transaction has to know of each entry, whatever is told of it.
    g.stored = f"{taken.stored.type}/{taken.stored.id}"
    response.status_code = 201 if taken.is_new else 200
    response.headers["Location"] = f"{base}/{taken.stored.versioned}"
    if taken.related is not None:
        response.headers["Link"] = f'<{base}/{taken.related}>; rel="related"'
    if not taken.is_shown:
        without_content(response)
    _put_preferred(request, response)
    return response


def changed(request: Request, taken: Taken, base: str) -> Response:
    """200 for the next version, 201 with its Location for what is there from now on."""
    response = created(request, taken, base)
    if not taken.is_new:
        del response.headers["Location"]
    return response


def without_content(response: Response) -> Response:
    """The same, of which only the headers tell."""
    response.set_data(b"")
    return response


def deleted(request: Request, deleted: Deleted) -> Response:
    """204, also for what was not there; the ETag of the version that tells of the deletion."""
    response = Response(status=204)
    if deleted.stored is not None:
        response.set_etag(str(deleted.stored.version), weak=True)
        response.headers["Last-Modified"] = http_date(deleted.stored.updated_at)
    if preferred(request, "return") == "operationoutcome":
        response.status_code = 200
        _put_preferred(request, response)
    return response


def part(request: Request, text: str) -> Response:
    """200 with a part of a resource: no version is told of it, lest it be kept as the whole."""
    return Response(text, 200, mimetype=media_type(request))


def found(request: Request, stored: Stored) -> Response:
    """200 with the text, ETag and Last-Modified; 304 where the client has this version."""
    response = Response(stored.text or "", 200, mimetype=media_type(request))
    response.set_etag(str(stored.version), weak=True)
    response.headers["Last-Modified"] = http_date(stored.updated_at)
    if request.method in {"GET", "HEAD"} and _is_known(request, stored):
        response.status_code = 304
        response.set_data(b"")
    return response


def _is_known(request: Request, stored: Stored) -> bool:
    """Whether the client has this version; a tag tells more than a time, and alone counts then."""
    if request.if_none_match:
        return request.if_none_match.contains_weak(str(stored.version))
    since, changed_at = request.if_modified_since, stored.updated_at.replace(microsecond=0)
    if since is None:
        return False
    # Within one second there may have been another version, which the client has.
    return changed_at < since or (changed_at == since and stored.version == 1)


def _put_preferred(request: Request, response: Response) -> None:
    """What the client prefers to have back of a change that was made."""
    preference = preferred(request, "return")
    if preference == "minimal":
        response.set_data(b"")
    if preference == "operationoutcome":
        response.set_data(json_text.write(information("This is done.")))
        response.mimetype = media_type(request)
