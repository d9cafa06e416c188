"""The real gateway as the machine acts on it: one database, a clock, processes that come and go."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from uuid_utils import uuid7

from app import create_app, create_worker
from app.domain.adjudication import Adjudicator
from app.domain.parties import Scope
from app.domain.proofs import Proof
from app.gateway.administering.new_payer import new_payer
from app.gateway.installation import Installation
from app.gateway.jobs.reconcile_payments import reconciled, unsettled
from app.gateway.jobs.worker import Worker
from app.store import tables
from app.store.hashing import Hasher
from tests.conftest import BASE_URL, INDEX_KEY, FixedClock, Registry, emptied
from tests.reliability.families import enrolled, joined
from tests.reliability.model.documents import an_attachment_rule
from tests.reliability.model.fragile import Crash, FragileStore
from tests.wire import Reply, Wire

SENDERS = ("Happy Valley", "Other Clinic")
STRANGER = "M9"
# Longer than a lease: what a dead worker held is anybody's again.
_A_LEASE = timedelta(minutes=2)

Rows = dict[str, list[dict[str, Any]]]


class World:
    """One installation with two submitters, a family that is known, and a member that is not."""

    def __init__(self, url: str, figures: Counter[str]) -> None:
        self.figures = figures
        self.clock = FixedClock()
        self._url = url
        self._start()
        self._store.write(emptied)
        self._payer = new_payer(self.installation, "P", is_default=True)
        registry = Registry(self.installation, self._payer)
        # The machine pays when it draws that; nights of the calendar have tests of their own.
        registry.settle_rules(pays_daily=False, preauthorization_run_out=timedelta(0))
        self._tokens = {name: registry.submitter(name).token for name in SENDERS}
        self._core_token = registry.payer_client().token
        self.clients = {name: registry.issued[name].client.id for name in SENDERS}
        self.members = enrolled(self._core(), families=1)
        assert self._core().post("ChargeItemDefinition", an_attachment_rule()).status == 201

    def close(self) -> None:
        """Give the connections back."""
        self._store.close()

    def arm(self, points: int, *, lets_leases_lapse: bool) -> None:
        """Whatever is done next dies after so many points; how its jobs then come back."""
        self._store.die_after(points)
        self._lets_leases_lapse = lets_leases_lapse

    def disarm(self) -> None:
        """Nothing dies after all."""
        self._store.die_after(None)

    def posted(self, sender: str, path: str, document: Any, **headers: str) -> tuple[Reply, bool]:
        """What a submitter is answered; after a crash it asks the same again, which is told."""
        return self._outlived(lambda: self._wire(sender).post(path, document, **headers))

    def read(self, sender: str, path: str) -> Reply:
        """What a submitter reads."""
        # A read writes too, what the audit tells of it.
        reply: Reply = self._outlived(lambda: self._wire(sender).get(path))[0]
        return reply

    def enrol_the_stranger(self) -> None:
        """The payer comes to know the member that was unknown."""
        self.disarm()
        self.members.append(joined(self._core(), STRANGER, "F9"))

    def drained(self, adjudicator: Adjudicator | None = None) -> bool:
        """Work off what is due, the adjudicator in the place of the standard one; whether crashed.

        The crashed worker's jobs come back and are worked off by the next.
        """

        def drain() -> None:
            worker = create_worker(self.installation)
            if adjudicator is not None:
                worker = Worker(self.installation, {"standard": adjudicator})
            worker.drain()

        return self._outlived(drain)[1]

    def paid(self) -> bool:
        """Pay whatever is owed; whether crashed."""
        payer = self._payer

        def pay() -> None:
            for ledger in unsettled(self.installation, payer):
                reconciled(self.installation, payer, ledger.submitter_id, ledger.id)

        return self._outlived(pay)[1]

    def proof(self, payment_id: str) -> Proof | None:
        """The proof of a payment, which is there for every one."""
        scope = Scope(self._payer.id)
        return self.installation.read(scope, lambda work: work.proofs.find(payment_id))

    def rows(self) -> Rows:
        """Everything in the database, from one view."""
        return self._store.read(
            lambda connection: {
                table.name: [
                    dict(row._mapping)
                    for row in connection.execute(select(table).order_by(*table.primary_key))
                ]
                for table in tables.metadata.sorted_tables
            }
        )

    def _outlived(self, act: Callable[[], Any]) -> tuple[Any, bool]:
        """What an act answers; what a process said while it died nobody heard."""
        answer = None
        try:
            answer = act()
        except Crash:
            pass
        except Exception:
            if not self._store.has_died:
                raise
        if self._store.has_died:
            self._restart()
            return act(), True
        self.disarm()
        return answer, False

    def _restart(self) -> None:
        self.figures["crashes"] += 1
        lets_leases_lapse = self._lets_leases_lapse
        self._store.close()
        self._start()
        if lets_leases_lapse:
            self.clock.now += _A_LEASE
        else:
            create_worker(self.installation).return_leases()

    def _start(self) -> None:
        self._lets_leases_lapse = False
        self._store = FragileStore(self._url)
        self.installation = Installation(
            self._store, Hasher(INDEX_KEY), BASE_URL, self.clock, lambda: str(uuid7())
        )
        self._app = create_app(self.installation)
        self._app.testing = False

    def _wire(self, sender: str) -> Wire:
        return Wire(self._app.test_client(), self._tokens[sender])

    def _core(self) -> Wire:
        return Wire(self._app.test_client(), self._core_token)
