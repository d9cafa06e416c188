"""One installation that is killed and opened again, with ids that tell when they were made."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Table, select

from app import create_app, create_worker
from app.gateway.administering.new_payer import new_payer
from app.gateway.installation import Installation
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import a_coverage
from tests.conftest import BASE_URL, INDEX_KEY, FixedClock, Registry
from tests.reliability.crash.mortal import MortalStore
from tests.reliability.crash.places import Place
from tests.reliability.crash.renaming import FIRST, Ids, KnownHashes, State, renamed
from tests.wire import Wire

SECONDS_TO_LIVE = 60
# Told by chance for each request, and what is made of it.
_BY_CHANCE = {"audit": {"request_id", "digest"}}
Act = Callable[[], Any]


class Scene:
    """A payer, a submitter that may do all there is, and the payer's own program."""

    def __init__(self, place: Place) -> None:
        self.place, self.ids, self.hashes = place, Ids(), KnownHashes(INDEX_KEY)
        self.store = MortalStore(place.url)
        self.installation = Installation(self.store, self.hashes, BASE_URL, FixedClock(), self.ids)
        self.payer = new_payer(self.installation, "Payer", is_default=True)
        self.registry = Registry(self.installation, self.payer)
        http = create_app(self.installation)
        http.testing = False
        self.wire = Wire(http.test_client(), self.registry.submitter(may_enroll=True).token)
        self.core = Wire(http.test_client(), self.registry.payer_client().token)
        assert self.core.post("Coverage", a_coverage()).status == 201

    def worker(self) -> Worker:
        """A worker of a process that has just begun: what the one before it held is due again."""
        worker = create_worker(self.installation)
        worker.return_leases()
        return worker

    def keep(self) -> None:
        """Come back to here by `put_back`."""
        self.store.close()
        self.place.keep()

    def put_back(self) -> None:
        """Everything as it was kept."""
        self.store.close()
        self.place.put_back()

    def killed_at(self, point: int, act: Act) -> None:
        """Do it in a process of its own, which is killed at a point; that it was is asserted."""
        # A connection must not be shared with the other process.
        self.store.close()
        child = os.fork()
        if child == 0:
            self._live(point, act)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"it lived to its end: {os.waitstatus_to_exitcode(status)}"
        assert os.WTERMSIG(status) == signal.SIGKILL

    def _live(self, point: int, act: Act) -> None:
        code = 1
        try:
            # What hangs is ended too, by another signal.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(SECONDS_TO_LIVE)
            self.ids.begin(FIRST)
            self.store.begin(point)
            act()
            code = 0
        finally:
            os._exit(code)

    def state(self) -> State:
        """Every row of every table, from one view, but for what is told by chance."""
        return self.store.read(
            lambda connection: {
                table.name: [
                    _without_chance(table, row._mapping)
                    for row in connection.execute(select(table).order_by(*table.primary_key))
                ]
                for table in tables.metadata.sorted_tables
            }
        )

    def renamed(self, answer: str) -> Counter[str]:
        """The state and an answer, but for the ids: equal where nothing else differs."""
        return renamed(self.state(), answer, self.hashes)


def _without_chance(table: Table, row: Any) -> dict[str, Any]:
    left_out = _BY_CHANCE.get(table.name, set())
    return {name: value for name, value in row.items() if name not in left_out}
