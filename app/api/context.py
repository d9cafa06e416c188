"""What a view works with: the gateway, the reader, and who asks. Set once by the factory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, g, request

from app.api.auth import client_of
from app.domain.parties import Client
from app.gateway.administering.administration import Administration
from app.gateway.gateway import Gateway
from app.gateway.installation import Installation
from app.gateway.limiting import Limiting
from app.gateway.permitted import require_some
from app.gateway.reading.by_id import Reading
from app.gateway.reading.history import History
from app.gateway.reading.searching import Searching
from app.gateway.real_time import Decides

EXTENSION = "eclaims"
# Under this name a request that is an entry of a Bundle knows so.
ENTRY = "eclaims.entry"


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the gateway that the views call."""

    installation: Installation
    decides: Decides
    gateway: Gateway
    reading: Reading
    searching: Searching
    history: History
    administration: Administration
    started_at: datetime
    limiting: Limiting

    @classmethod
    def of(
        cls,
        installation: Installation,
        decides: Decides,
        started_at: datetime,
        limiting: Limiting | None = None,
    ) -> "Context":
        """Every part, on one installation; without `limiting` nothing is limited."""
        return cls(
            installation,
            decides,
            Gateway(installation, decides),
            Reading(installation),
            Searching(installation),
            History(installation),
            Administration(installation),
            started_at,
            limiting or Limiting(installation, None),
        )

    def with_parts(self, installation: Installation, decides: Decides) -> "Context":
        """The same for what belongs together: one transaction, or one budget of time."""
        return Context.of(installation, decides, self.started_at, self.limiting)

    @property
    def base_url(self) -> str:
        """The FHIR base of Locations and fullUrls."""
        return self.installation.base_url

    @property
    def request_id(self) -> str:
        """Names this request in answers, logs and the audit."""
        return str(g.request_id)

    def client(self, letter: str, *types: str) -> Client:
        """Who asks, and may do this with one of the types; raises Unacceptable, 401 or 403.

        `letter` is that of a scope: c, r, u, d or s. What can only be told by the body, a Task's
        code or a label, is looked at by the gateway.
        """
        client = self.sender()
        self.require(client, letter, *types)
        return client

    def require(self, client: Client, letter: str, *types: str) -> None:
        """Pass where this client may do it with one of the types; raises ScopeMissing."""
        require_some(self.installation, client, letter, types, self.request_id)

    def sender(self) -> Client:
        """Who asks, whatever it may do; raises Unacceptable, TooOften for one that asks too much.

        For what consists of requests that are looked at one by one.
        """
        entry = current_entry()
        client = client_of(request, self.installation) if entry is None else entry.client
        g.client_id, g.client_kind = client.id, client.kind
        if entry is None:
            g.polls_after = self.limiting.request(client)
        return client


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry of a Bundle takes from the request that the Bundle came with.

    `headers` are those that count for every entry; `id` and `sent` are as in `Received`.
    """

    context: Context
    client: Client
    request_id: str
    headers: Mapping[str, str]
    id: str | None = None
    sent: Mapping[str, Any] | None = None


def current_entry() -> Entry | None:
    """The entry that is answered now; None for a request of its own."""
    entry: Entry | None = request.environ.get(ENTRY)
    return entry


def context() -> Context:
    """The context of the running application, or of the Bundle that is worked on."""
    entry = current_entry()
    if entry is not None:
        return entry.context
    found: Context = current_app.extensions[EXTENSION]
    return found
