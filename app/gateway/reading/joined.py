"""An installation whose every read and write is a part of one transaction that is open already.

With it the verbs of the gateway can be carried out together: all of them, or none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.domain.issues import Unacceptable
from app.domain.parties import Scope
from app.gateway.installation import Installation
from app.store.audit import Event
from app.store.unit_of_work import UnitOfWork

T = TypeVar("T")


class Unwound(BaseException):
    """The whole transaction is over: `fault` says why, and whether it may be tried again.

    No error of one part: whoever handles those must not see it.
    """

    def __init__(self, fault: Exception) -> None:
        super().__init__(type(fault).__name__)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Joined(Installation):
    """Reads see what was written before them; nothing is committed here.

    `accesses` are what is to be told of the reads, once all is done.
    """

    connection: Any
    accesses: list[Event] = field(default_factory=list)

    @classmethod
    def to(
        cls, installation: Installation, connection: Any, accesses: list[Event] | None = None
    ) -> "Joined":
        """All of it at one instant, on this connection."""
        now = installation.clock()
        return cls(
            installation.store,
            installation.hasher,
            installation.base_url,
            lambda: now,
            installation.new_id,
            connection,
            [] if accesses is None else accesses,
            terms=installation.terms,
            audits_reads=installation.audits_reads,
        )

    def write(self, scope: Scope, effect: Callable[[UnitOfWork], T]) -> T:
        """Run `effect` as a part: what is Unacceptable undoes the part, anything else the whole."""
        work = self._work(self.connection, scope, self.clock())
        try:
            with work.attempt():
                return effect(work)
        except Unacceptable:
            raise
        except Exception as fault:
            raise Unwound(fault) from fault

    def read(self, scope: Scope, query: Callable[[UnitOfWork], T]) -> T:
        """Run `query` on what the transaction sees."""
        try:
            return query(self._work(self.connection, scope, self.clock()))
        except Unacceptable:
            raise
        except Exception as fault:
            raise Unwound(fault) from fault

    def glance(self, scope: Scope, query: Callable[[UnitOfWork], T]) -> T:
        """As `read`: what was written before is seen."""
        return self.read(scope, query)

    def accessed(
        self,
        scope: Scope,
        query: Callable[[UnitOfWork], T],
        told: Callable[[T], Event],
        *,
        is_glance: bool = False,
    ) -> T:
        """As `read`; what is told of it waits for the end of the transaction."""
        found = self.read(scope, query)
        if self.audits_reads:
            self.accesses.append(told(found))
        return found
