"""What a view works with: the gateway, the reader, and who asks. Set once by the factory."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app, g, request

from app.api.auth import client_of
from app.domain.parties import Client
from app.gateway.administration import Administration
from app.gateway.gateway import Gateway
from app.gateway.history import History
from app.gateway.reading import Reading

EXTENSION = "eclaims"


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the gateway that the views call."""

    gateway: Gateway
    reading: Reading
    history: History
    administration: Administration
    base_url: str
    started_at: datetime

    @property
    def request_id(self) -> str:
        """Names this request in answers, logs and the audit."""
        return str(g.request_id)

    def client(self) -> Client:
        """Who asks; raises Unacceptable for an unknown credential."""
        client = client_of(request, self.administration)
        g.client_id, g.client_kind = client.id, client.kind
        return client


def context() -> Context:
    """The context of the running application."""
    found: Context = current_app.extensions[EXTENSION]
    return found
