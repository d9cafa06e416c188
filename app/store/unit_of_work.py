"""One transaction, seen as collections.

Built for one payer and submitter, whom every statement of the collections then names.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.domain.parties import Scope
from app.store.audit import Audit
from app.store.clocks import Clocks
from app.store.database.walls import open_to_the_payer
from app.store.decisions import Decisions
from app.store.encryption.converting import Converting
from app.store.ended import Ended
from app.store.enrollments import Enrollments
from app.store.hashing import Hasher
from app.store.history import History
from app.store.jobs.calendar import Calendar
from app.store.jobs.work_queue import WorkQueue
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
from app.store.trust.used_assertions import UsedAssertions
from app.store.visible_resources import VisibleResources

T = TypeVar("T")
C = TypeVar("C")


class _Collection(Generic[C]):
    """A collection of a unit of work, made when it is first asked for.

    A request needs few of the thirty. What is made is an attribute of its unit of work from then
    on, and goes with it.
    """

    def __init__(self, make: Callable[[Connection, "UnitOfWork"], C]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, work: "UnitOfWork", owner: type) -> C:
        made = self._make(work._connection, work)  # noqa: SLF001  a part of it
        # Found there the next time, before this is asked.
        work.__dict__[self._name] = made
        return made


class UnitOfWork:
    """The collections of one scope at one instant; `new_id` gives ids nobody can guess.

    `base` is the address under which literals are references to our own.
    """

    def __init__(
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
        self.scope = scope
        self.base = base
        self.now = now
        self.hasher = hasher
        self.new_id = new_id
        self.indexer = indexer

    index = _Collection(lambda on, work: SearchIndex(on, work.scope, work.hasher, work.indexer))
    reindexing = _Collection(lambda on, work: Reindexing(on, work.scope, work.index))
    search = _Collection(lambda on, work: Searching(on, work.scope, work.index))
    resources = _Collection(
        lambda on, work: Resources(on, work.scope, work.now, work.hasher, work.index)
    )
    visible = _Collection(
        lambda on, work: VisibleResources(on, work.scope, work.now, work.hasher, work.index)
    )
    reference_data = _Collection(
        lambda on, work: Resources(
            on, work.scope, work.now, work.hasher, work.index, is_reference_data=True
        )
    )
    history = _Collection(lambda on, work: History(on, work.scope))
    submissions = _Collection(lambda on, work: Submissions(on, work.scope))
    tasks = _Collection(lambda on, work: Tasks(on, work.scope, work.now))
    replay_keys = _Collection(lambda on, work: ReplayKeys(on, work.scope, work.now))
    pended = _Collection(lambda on, work: Pended(on, work.scope, work.now))
    leases = _Collection(lambda on, work: Leases(on, work.scope, work.now))
    jobs = _Collection(lambda on, work: WorkQueue(on, work.now))
    calendar = _Collection(lambda on, work: Calendar(on, work.now))
    clocks = _Collection(lambda on, work: Clocks(on, work.scope))
    due = _Collection(lambda on, work: Due(on, work.scope))
    ended = _Collection(lambda on, work: Ended(on, work.scope))
    counters = _Collection(lambda on, work: Counters(on, work.scope))
    reference_epoch = _Collection(lambda on, work: ReferenceEpoch(on, work.scope))
    reservations = _Collection(lambda on, work: Reservations(on, work.scope, work.now))
    member_reservations = _Collection(lambda on, work: MemberReservations(on, work.scope))
    payables = _Collection(lambda on, work: Payables(on, work.scope, work.now))
    carried = _Collection(lambda on, work: Carried(on, work.scope, work.now))
    payments = _Collection(lambda on, work: Payments(on, work.scope, work.now))
    proofs = _Collection(lambda on, work: Proofs(on, work.scope))
    reissues = _Collection(lambda on, work: Reissues(on, work.scope))
    decisions = _Collection(lambda on, work: Decisions(on, work.scope, work.now))
    mentions = _Collection(lambda on, work: Mentions(on, work.scope, work.hasher))
    retention = _Collection(lambda on, work: Retention(on, work.scope))
    converting = _Collection(lambda on, work: Converting(on, work.scope, work.now))
    tombstones = _Collection(lambda on, work: Tombstones(on, work.scope, work.now))
    enrollments = _Collection(lambda on, work: Enrollments(on, work.scope))
    submitters = _Collection(lambda on, work: Submitters(on, work.scope))
    ahead = _Collection(lambda on, work: Ahead(on, work.scope))
    used_assertions = _Collection(lambda on, work: UsedAssertions(on, work.scope.payer_id))
    audit = _Collection(lambda on, work: Audit(on, work.scope.payer_id, work.now, work.hasher))

    def on_the_payers_side(self) -> "UnitOfWork":
        """The same transaction with the reach of the payer itself.

        For enrolment, where a submitter that has the right changes what the payer keeps, and for
        the payer's decision, which knows the Claims of all submitters.
        """
        scope = Scope(self.scope.payer_id, None, self.scope.client_id)
        return self.once(("side", scope), lambda: self.within(scope))

    def within(self, scope: Scope) -> "UnitOfWork":
        """The same transaction for another scope; its wall stays open for the payer's side."""
        if scope.submitter_id != self.scope.submitter_id:
            open_to_the_payer(self._connection)
        return UnitOfWork(
            self._connection,
            scope,
            self.now,
            self.hasher,
            self.new_id,
            self.indexer,
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
