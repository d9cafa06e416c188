"""One transaction, seen as collections.

Built for one payer and submitter, whom every statement of the collections then names.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.domain.parties import Scope
from app.store.audit import Audit
from app.store.counters import Counters
from app.store.hashing import Hasher
from app.store.leases import Leases
from app.store.pended import Pended
from app.store.reference_epoch import ReferenceEpoch
from app.store.reservations import Reservations
from app.store.resources import Resources
from app.store.submissions import Submissions
from app.store.tasks import ReplayKeys, Tasks
from app.store.work_queue import WorkQueue


class UnitOfWork:
    """The collections of one scope at one instant; `new_id` gives ids nobody can guess."""

    def __init__(
        self,
        connection: Connection,
        scope: Scope,
        now: datetime,
        hasher: Hasher,
        new_id: Callable[[], str],
    ) -> None:
        self._connection = connection
        self.scope = scope
        self.now = now
        self.hasher = hasher
        self.new_id = new_id
        self.resources = Resources(connection, scope, now, hasher)
        self.reference_data = Resources(connection, scope, now, hasher, is_reference_data=True)
        self.submissions = Submissions(connection, scope)
        self.tasks = Tasks(connection, scope, now)
        self.replay_keys = ReplayKeys(connection, scope, now)
        self.pended = Pended(connection, scope, now)
        self.leases = Leases(connection, scope, now)
        self.jobs = WorkQueue(connection, now)
        self.counters = Counters(connection, scope)
        self.reference_epoch = ReferenceEpoch(connection, scope)
        self.reservations = Reservations(connection, scope)
        self.audit = Audit(connection, scope.payer_id, now, hasher)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part that may be unwound on its own: what is raised inside undoes only the inside."""
        part = self._connection.begin_nested()
        try:
            yield
        except DBAPIError:
            # A full disk lets SQLite undo the whole transaction: then there is no savepoint left.
            with suppress(DBAPIError):
                part.rollback()
            raise
        except BaseException:
            part.rollback()
            raise
        part.commit()
