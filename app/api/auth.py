"""Who asks: a bearer token, known by its hash.

Docs: docs/security.md.
"""

from flask import Request

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.gateway.administering.administration import Administration

_SCHEME = "bearer "


def client_of(request: Request, administration: Administration) -> Client:
    """The client behind the request; raises Unacceptable, the same for every kind of no."""
    header = request.headers.get("Authorization", "")
    token = header[len(_SCHEME) :].strip() if header.lower().startswith(_SCHEME) else ""
    client = administration.client_behind(token) if token else None
    if client is None:
        raise Unacceptable(Issue(ErrorCode.LOGIN, "Send a known token: 'Authorization: Bearer …'."))
    return client
