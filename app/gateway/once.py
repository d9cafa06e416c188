"""One effect, whoever else asks the same at this moment, and whatever the commit tells."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from app.domain.issues import Unacceptable
from app.domain.parties import Client
from app.gateway.auditing.denials import denied
from app.gateway.installation import Installation
from app.store.database.engine import Busy, CommitUnknown
from app.store.resources import VersionConflict
from app.store.unit_of_work import UnitOfWork

T = TypeVar("T")
_ATTEMPTS = 8


class Asked(Protocol):
    """A request, as far as a denial of it is audited."""

    @property
    def type(self) -> str:
        """The resource type."""

    @property
    def request_id(self) -> str | None:
        """Names the request in answers, logs and the audit."""


class TakenMeanwhile(Exception):
    """Another request with the same key is just ahead: unwind, and find its answer."""


def once(
    installation: Installation,
    client: Client,
    asked: Asked,
    effect: Callable[[UnitOfWork], T],
    earlier: Callable[[UnitOfWork], T | None],
) -> T:
    """Run `effect` in a transaction of its own until it counts.

    Raises Unacceptable as `effect` does, Busy where a later try may succeed, and CommitUnknown
    where it cannot be told whether there was an effect.
    """
    for _ in range(_ATTEMPTS):
        try:
            return installation.write(client.scope, effect)
        except (TakenMeanwhile, VersionConflict):
            continue
        except CommitUnknown:
            # A fresh connection knows whether the effect is there; if not, the client asks again.
            found = installation.read(client.scope, earlier)
            if found is None:
                raise
            return found
        except Unacceptable as refusal:
            denied(installation, client, asked.type, refusal, asked.request_id)
            raise
    raise Busy
