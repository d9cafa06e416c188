"""Documents that are made once and answered until the process ends, with an ETag of their content.

http://hl7.org/fhir/R4/http.html#cread
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from flask import Request, Response, current_app
from werkzeug.http import http_date

_KEPT = "eclaims.fixed_documents"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text, and a tag that is the same wherever the content is."""

    text: str
    tag: str


def tag_of(content: str) -> str:
    """A tag for what is told, which leaves out what only tells when it was told."""
    return blake2b(content.encode(), digest_size=12).hexdigest()


def fixed(name: str, made: Callable[[], Fixed]) -> Fixed:
    """The document of this name of the running application, made when it is first asked for."""
    # Two threads may both make it: they make the same.
    kept: dict[str, Fixed] = current_app.extensions.setdefault(_KEPT, {})
    if name not in kept:
        kept[name] = made()
    return kept[name]


def answered(request: Request, document: Fixed, media_type: str, made_at: datetime) -> Response:
    """200 with the text, or 304 where the client has it."""
    response = Response(document.text, 200, mimetype=media_type)
    response.set_etag(document.tag, weak=True)
    response.headers["Last-Modified"] = http_date(made_at)
    is_known = request.if_none_match.contains_weak(document.tag)
    if request.method in {"GET", "HEAD"} and is_known:
        response.status_code = 304
        response.set_data(b"")
    return response
