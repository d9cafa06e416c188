"""One transaction, seen as collections.

Built for one payer and submitter, whom every statement of the collections then names.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.domain.parties import Scope
from app.store.audit import Audit
from app.store.clocks import Clocks
from app.store.decisions import Decisions
from app.store.ended import Ended
from app.store.enrollments import Enrollments
from app.store.hashing import Hasher
from app.store.history import History
from app.store.leases import Leases
from app.store.ledgers.carried import Carried
from app.store.ledgers.counters import Counters
from app.store.ledgers.due import Due
from app.store.ledgers.member_reservations import MemberReservations
from app.store.ledgers.payables import Payables
from app.store.ledgers.payments import Payments
from app.store.ledgers.proofs import Proofs
from app.store.ledgers.reservations import Reservations
from app.store.mentions import Mentions
from app.store.pended import Pended
from app.store.reference_epoch import ReferenceEpoch
from app.store.reissues import Reissues
from app.store.resources import Resources, VersionConflict
from app.store.retention import Retention
from app.store.search.index import Indexer, SearchIndex
from app.store.search.reindexing import Reindexing
from app.store.searching.searching import Searching
from app.store.submissions import Submissions
from app.store.submitters import Submitters
from app.store.tasks import ReplayKeys, Tasks
from app.store.together.ahead import Ahead
from app.store.together.at_once import at_once
from app.store.together.transaction import Outrun, lasting
from app.store.tombstones import Tombstones
from app.store.work.calendar import Calendar
from app.store.work.work_queue import WorkQueue

T = TypeVar("T")


class UnitOfWork:
    """The collections of one scope at one instant; `new_id` gives ids nobody can guess.

    `base` is the address under which literals are references to our own.
    """

    def __init__(  # noqa: PLR0915  one line for each collection
        self,
        connection: Connection,
        scope: Scope,
        now: datetime,
        hasher: Hasher,
        new_id: Callable[[], str],
        indexer: Indexer,
        base: str = "",
    ) -> None:
        self._connection = connection
        self._indexer = indexer
        self.scope = scope
        self.base = base
        self.now = now
        self.hasher = hasher
        self.new_id = new_id
        self.index = SearchIndex(connection, scope, hasher, indexer)
        self.reindexing = Reindexing(connection, scope, self.index)
        self.search = Searching(connection, scope, self.index)
        self.resources = Resources(connection, scope, now, hasher, self.index)
        self.reference_data = Resources(
            connection, scope, now, hasher, self.index, is_reference_data=True
        )
        self.history = History(connection, scope)
        self.submissions = Submissions(connection, scope)
        self.tasks = Tasks(connection, scope, now)
        self.replay_keys = ReplayKeys(connection, scope, now)
        self.pended = Pended(connection, scope, now)
        self.leases = Leases(connection, scope, now)
        self.jobs = WorkQueue(connection, now)
        self.calendar = Calendar(connection, now)
        self.clocks = Clocks(connection, scope)
        self.due = Due(connection, scope)
        self.ended = Ended(connection, scope)
        self.counters = Counters(connection, scope)
        self.reference_epoch = ReferenceEpoch(connection, scope)
        self.reservations = Reservations(connection, scope, now)
        self.member_reservations = MemberReservations(connection, scope)
        self.payables = Payables(connection, scope, now)
        self.carried = Carried(connection, scope, now)
        self.payments = Payments(connection, scope, now)
        self.proofs = Proofs(connection, scope)
        self.reissues = Reissues(connection, scope)
        self.decisions = Decisions(connection, scope, now)
        self.mentions = Mentions(connection, scope, hasher)
        self.retention = Retention(connection, scope)
        self.tombstones = Tombstones(connection, scope, now)
        self.enrollments = Enrollments(connection, scope)
        self.submitters = Submitters(connection, scope)
        self.ahead = Ahead(connection, scope)
        self.audit = Audit(connection, scope.payer_id, now, hasher)

    def on_the_payers_side(self) -> "UnitOfWork":
        """The same transaction with the reach of the payer itself.

        For enrolment, where a submitter that has the right changes what the payer keeps, and for
        the payer's decision, which knows the Claims of all submitters.
        """
        scope = Scope(self.scope.payer_id, None, self.scope.client_id)
        return self.once(("side", scope), lambda: self.within(scope))

    def within(self, scope: Scope) -> "UnitOfWork":
        """The same transaction for another scope."""
        return UnitOfWork(
            self._connection,
            scope,
            self.now,
            self.hasher,
            self.new_id,
            self._indexer,
            self.base,
        )

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives; made once for each key where the transaction is for many."""
        return lasting(self._connection, ("made", key), make)

    @contextmanager
    def at_once(self, *, puts_off: bool = False) -> Iterator[None]:
        """A part whose new rows are inserted in its end, by one statement; it must not read them.

        `puts_off`: what changes rows is done in the end, too; else it finds the new ones inserted.
        Raises VersionConflict where someone else was faster.
        """
        try:
            with at_once(self._connection, puts_off=puts_off):
                yield
        except Outrun:
            raise VersionConflict("changed meanwhile") from None

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
