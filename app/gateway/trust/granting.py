"""The token endpoint: an assertion is exchanged for an access token, once.

https://www.rfc-editor.org/rfc/rfc6749#section-4.4, https://www.rfc-editor.org/rfc/rfc7523#section-2.2
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from app.domain.parties import Client
from app.domain.permissions import Permissions
from app.gateway.auditing import access_tokens
from app.gateway.installation import Installation
from app.gateway.trust.access_tokens import issued
from app.gateway.trust.assertions import Proof, proof
from app.gateway.trust.refusals import NotBelieved
from app.gateway.trust.signing_keys import TOKEN_LIFE
from app.store.audit import Audit, Event
from app.store.database.walls import EVERYBODY
from app.store.trust import used_assertions
from app.telemetry import log

_ID_BYTES = 16
GRANT = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Error(Enum):
    """What goes wrong, in the words of OAuth: the code, the status, the one thing that is told.

    https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    """

    REQUEST = (
        "invalid_request",
        400,
        "Send a form of known length, at most 16 KiB, with each parameter once.",
    )
    GRANT_TYPE = ("unsupported_grant_type", 400, "The grant_type is client_credentials.")
    CLIENT = ("invalid_client", 401, "The client or its assertion is not accepted.")
    SCOPE = ("invalid_scope", 400, "Nothing of the scope is registered for the client.")

    @property
    def code(self) -> str:
        """What a program reads."""
        return self.value[0]

    @property
    def status(self) -> int:
        """The status over HTTP."""
        return self.value[1]

    @property
    def description(self) -> str:
        """What a person reads: the same whatever the reason is."""
        return self.value[2]


class NotGranted(Exception):
    """No token is given; `error` is all that is told."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.code)
        self.error = error


@dataclass(frozen=True, slots=True)
class Granted:
    """A token, for how many seconds it counts, and what it lets do."""

    token: str
    seconds: int
    scope: str
    client: Client


def granted(
    installation: Installation,
    form: Mapping[str, str],
    thumbprint: str | None,
    request_id: str,
    admit: Callable[[Client], object],
) -> Granted:
    """The token that a form asks for; raises NotGranted.

    `admit` is asked before anything is written, and raises where this client asks too often.
    """
    if "grant_type" not in form:
        raise NotGranted(Error.REQUEST)
    if form["grant_type"] != GRANT:
        raise NotGranted(Error.GRANT_TYPE)
    try:
        proven = _proven(installation, form)
    except NotBelieved as refusal:
        log.info("no token", outcome=refusal.reason, request_id=request_id)
        raise NotGranted(Error.CLIENT) from None
    admit(proven.client)
    whose = (installation, proven.client)
    try:
        permissions = _asked(form, proven.client)
        jti = secrets.token_urlsafe(_ID_BYTES)
        _take(installation, proven, access_tokens.granted(*whose, jti, request_id))
    except NotGranted as refusal:
        denial = access_tokens.refused(proven.client, refusal.error.code, request_id)
        installation.write(proven.client.scope, lambda work: work.audit.add(denial))
        raise
    token = issued(*whose, permissions, thumbprint, jti)
    return Granted(token, int(TOKEN_LIFE.total_seconds()), str(permissions), proven.client)


def _proven(installation: Installation, form: Mapping[str, str]) -> Proof:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise NotBelieved("client_assertion_type")
    proven = proof(installation, form.get("client_assertion", ""))
    # It may say twice who it is, but not two things.
    if form.get("client_id", proven.client.id) != proven.client.id or "client_secret" in form:
        raise NotBelieved("client_id")
    return proven


def _asked(form: Mapping[str, str], client: Client) -> Permissions:
    try:
        permissions = Permissions.parse(form.get("scope", "")).within(client.permissions)
    except ValueError:
        raise NotGranted(Error.SCOPE) from None
    if permissions.is_empty:
        raise NotGranted(Error.SCOPE)
    return permissions


def _take(installation: Installation, proven: Proof, event: Event) -> None:
    """Use the assertion up, and record that; raises NotGranted where it was used before."""
    client, now, hasher = proven.client, installation.clock(), installation.hasher
    jti_hash = hasher("jti", client.id, proven.jti)

    def effect(connection: Any) -> bool:
        if not used_assertions.take(connection, client, jti_hash, proven.lapses_at):
            return False
        Audit(connection, client.payer.id, now, hasher).add(event)
        return True

    if not installation.store.write(effect, EVERYBODY):
        log.info("no token", outcome="replay", request_id=event.request_id)
        raise NotGranted(Error.CLIENT)
