"""Who asks: a bearer token, known by its hash.

Docs: docs/security.md.
"""

from collections.abc import Callable

from flask import Request

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.gateway.administering.administration import Administration
from app.gateway.installation import Installation
from app.store.database.engine import Busy

_SCHEME = "bearer "


def token_in(header: str) -> str:
    """The token of an Authorization header; empty without one."""
    return header[len(_SCHEME) :].strip() if header.lower().startswith(_SCHEME) else ""


def client_of(request: Request, administration: Administration) -> Client:
    """The client behind the request; raises Unacceptable, the same for every kind of no."""
    token = token_in(request.headers.get("Authorization", ""))
    client = administration.client_behind(token) if token else None
    if client is None:
        raise Unacceptable(Issue(ErrorCode.LOGIN, "Send a known token: 'Authorization: Bearer …'."))
    return client


def known_to(installation: Installation) -> Callable[[str], bool]:
    """Tells whether a token is some client's; raises Unacceptable where the database is busy."""
    administration = Administration(installation)

    def is_known(token: str) -> bool:
        try:
            return administration.client_behind(token) is not None
        except Busy as busy:
            raise Unacceptable(Issue(ErrorCode.BUSY, ErrorCode.BUSY.entry.meaning)) from busy

    return is_known
