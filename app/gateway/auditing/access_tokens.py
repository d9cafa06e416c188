"""Access tokens in the audit: to whom one was given, and who was refused one.

https://profiles.ihe.net/ITI/BALP/content.html#audit-of-oauth
"""

from app.domain.auditing import DENIED, TOKEN
from app.domain.parties import Client
from app.gateway.installation import Installation
from app.store.audit import Event

GRANTED = "granted"
_TYPE = "Client"


def token_hash(installation: Installation, jti: str) -> str:
    """What stands for the id of a token (its jti) in the audit."""
    return installation.hasher("jti", jti)


def granted(installation: Installation, client: Client, jti: str, request_id: str | None) -> Event:
    """What tells that a client was given an access token, to be kept before the token is told."""
    return Event(
        client.id,
        TOKEN,
        GRANTED,
        _TYPE,
        client.id,
        request_id=request_id,
        token_hash=token_hash(installation, jti),
    )


def refused(client: Client, error: str, request_id: str | None) -> Event:
    """What tells that a client which proved who it is got none; `error` is OAuth's code.

    Of who proves nothing there are no rows: anybody could fill the audit with them.
    """
    return Event(client.id, DENIED, error, _TYPE, client.id, request_id=request_id)
