"""Denials: what a client has no right to leaves a row in the audit, and nothing else."""

from app.domain.auditing import DENIED
from app.domain.issues import Unacceptable
from app.domain.parties import Client
from app.gateway.installation import Installation
from app.store.audit import Event

_FORBIDDEN = 403


def denied(
    installation: Installation,
    client: Client,
    type: str | None,
    refusal: Unacceptable,
    request_id: str | None = None,
) -> None:
    """Keep that a client was refused for want of a right; any other refusal leaves no row."""
    if refusal.status != _FORBIDDEN:
        return
    denials = (issue.error.entry for issue in refusal.issues)
    error = next(entry.id for entry in denials if entry.status == refusal.status)
    event = Event(client.id, DENIED, error, type, request_id=request_id)
    installation.write(client.scope, lambda work: work.audit.add(event))
