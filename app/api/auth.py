"""Who asks: an access token, or a bearer token that is known by its hash.

Docs: docs/security.md, docs/authorization.md.
"""

from collections.abc import Callable

from flask import Request

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Client
from app.gateway.installation import Installation
from app.gateway.trust.certificates import thumbprint
from app.gateway.trust.credentials import Credentials
from app.gateway.trust.terms import Terms
from app.store.database.engine import Busy

_SCHEME = "bearer "


def token_in(header: str) -> str:
    """The token of an Authorization header; empty without one."""
    return header[len(_SCHEME) :].strip() if header.lower().startswith(_SCHEME) else ""


def thumbprint_of(request: Request, terms: Terms) -> str | None:
    """The hash of the certificate that the proxy tells of; None without one."""
    if terms.certificate_header is None:
        return None
    value = request.headers.get(terms.certificate_header)
    return thumbprint(terms, value, request.remote_addr)


def client_of(request: Request, installation: Installation) -> Client:
    """The client behind the request; raises Unacceptable, the same for every kind of no."""
    token = token_in(request.headers.get("Authorization", ""))
    client = None
    if token:
        certificate = thumbprint_of(request, installation.terms)
        client = Credentials(installation).client_behind(token, certificate)
    if client is None:
        raise Unacceptable(Issue(ErrorCode.LOGIN, "Send a known token: 'Authorization: Bearer …'."))
    return client


def known_to(installation: Installation) -> Callable[[str], bool]:
    """Tells whether a token is some client's; raises Unacceptable where the database is busy.

    It only decides who waits where there is too much to do, so no certificate is asked for.
    """
    credentials = Credentials(installation)

    def is_known(token: str) -> bool:
        try:
            return credentials.client_behind(token, is_bound=False) is not None
        except Busy as busy:
            raise Unacceptable(Issue(ErrorCode.BUSY, ErrorCode.BUSY.entry.meaning)) from busy

    return is_known
