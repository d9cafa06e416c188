"""The queue of undelivered answers, one per submitter, and what each poll handed over.

Every move is one UPDATE guarded by the old state. A poll locks its submitter's queue head first,
so polls of one submitter follow each other and those of different submitters do not.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select, update

from app.domain.codes import HandOver
from app.domain.parties import Scope
from app.domain.period import Period
from app.domain.permissions import Permissions
from app.domain.selection import Selection
from app.domain.tasks import Remaining
from app.store import leases, queue_statements, tables
from app.store.database.questions import change
from app.store.queue_statements import COUNTED_EXACTLY, OPEN
from app.store.tables import Delivery
from app.store.together.transaction import insert_rows

_p = tables.pended.c
_h = tables.handed_over.c


@dataclass(frozen=True, slots=True)
class Item:
    """One answer in the queue: `size` is its text in bytes, `deliveries` how often it was given."""

    seq: int
    type: str
    resource_id: str
    version: int
    size: int
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A resource version to pend: for whom, to which submission, after which earlier response."""

    submitter_id: str
    type: str
    resource_id: str
    version: int
    dated: Period
    size: int
    submission: tuple[str, str] | None = None
    follows_id: str | None = None


class Pended:
    """The queue of one scope."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._scope = scope
        self._now = now

    def add(self, answer: Answer, *, handed_over: HandOver | None = None) -> None:
        """Put an answer at the end of its submitter's queue; `handed_over`: it goes out now."""
        submission_type, submission_id = answer.submission or (None, None)
        row = {
            "payer_id": self._scope.payer_id,
            "submitter_id": answer.submitter_id,
            **leases.pended(handed_over, self._now),
            "type": answer.type,
            "resource_id": answer.resource_id,
            "version": answer.version,
            "submission_type": submission_type,
            "submission_id": submission_id,
            "follows_id": answer.follows_id,
            "dated_from": answer.dated.start or self._now,
            "dated_to": answer.dated.end or self._now,
            "size": answer.size,
            "pended_at": self._now,
        }
        insert_rows(self._connection, tables.pended, (row,))

    def hand_over_of(self, submitter_id: str) -> HandOver:
        """When an answer counts as delivered to a submitter."""
        client = tables.client.c
        query = select(client.hand_over).where(
            client.payer_id == self._scope.payer_id, client.id == submitter_id
        )
        return HandOver(self._connection.execute(query).scalar_one())

    def lock(self) -> None:
        """Wait for this submitter's other polls; held until the transaction ends."""
        given = {"b_payer": self._scope.payer_id, "b_submitter": self._scope.submitter_id}
        self._connection.execute(queue_statements.HEAD, given).one()

    def undelivered(self, selection: Selection, limit: int) -> list[Item]:
        """What a poll would hand over, oldest first, and nothing past a lease on its Claim."""
        return self._items(queue_statements.undelivered, selection, limit)

    def parked(self, selection: Selection, limit: int) -> list[Item]:
        """What was lent too often and is kept for whoever asks for it, oldest first."""
        return self._items(queue_statements.parked, selection, limit)

    def newest_delivered(self, selection: Selection, besides: Sequence[Item] = ()) -> list[Item]:
        """The newest answer of each type that was handed over before: the door to recovery."""
        given = queue_statements.matching(self._scope, selection)
        if besides:
            given["b_besides"] = [item.seq for item in besides]
        statement = queue_statements.newest_seen(frozenset(given), self._scope.permissions)
        rows = self._connection.execute(statement, given)
        return [Item(*row) for row in rows]

    def deliver(self, items: Sequence[Item], how: HandOver = HandOver.ON_HANDOVER) -> list[Item]:
        """Hand items over: delivered, or lent; what someone withdrew in between is left out."""
        moved = self._connection.execute(
            queue_statements.delivering(how),
            {"b_seqs": [item.seq for item in items], **leases.lasting(how, self._now)},
        )
        return _those_moved(items, {row[0]: row[1] for row in moved})

    def remaining(self, selection: Selection) -> Remaining:
        """How much still matches: exact up to a thousand, then "or more"."""
        given = queue_statements.matching(self._scope, selection)
        statement = queue_statements.counted(frozenset(given), self._scope.permissions)
        count = self._connection.execute(statement, {**given, "b_now": self._now}).scalar_one()
        return Remaining(min(count, COUNTED_EXACTLY), count > COUNTED_EXACTLY)

    def submission_of(self, type: str, id: str) -> tuple[str, str] | None:
        """Type and id of the submission that a pended resource answers; None for any other."""
        query = select(_p.submission_type, _p.submission_id).where(
            *self._owned(), _p.type == type, _p.resource_id == id
        )
        row = self._connection.execute(query.limit(1)).first()
        return None if row is None or row[0] is None else (row[0], row[1])

    def withdraw(self, submission: tuple[str, str]) -> int:
        """Take back every answer to a submission that was not delivered; how many."""
        scope = queue_statements.of_scope(self._scope)
        given = {**scope, **queue_statements.answering(submission)}
        moving = queue_statements.moving(frozenset(given), Delivery.WITHDRAWN)
        return change(moving).hits(self._connection, given)

    def supersede(self, submission: tuple[str, str], types: Iterable[str]) -> int:
        """Answers of these types that were not delivered give way to a later one; how many."""
        superseded = self._connection.execute(
            update(tables.pended)
            .where(*self._answers(submission), _p.type.in_(sorted(types)), _p.state.in_(OPEN))
            .values(state=Delivery.SUPERSEDED)
        )
        return superseded.rowcount

    def supersede_one(self, type: str, id: str) -> None:
        """One resource that was not delivered gives way to what came after it."""
        self._connection.execute(
            update(tables.pended)
            .where(*self._owned(), _p.type == type, _p.resource_id == id, _p.state.in_(OPEN))
            .values(state=Delivery.SUPERSEDED)
        )

    def purge(self, submission: tuple[str, str]) -> int:
        """No answer to a submission is handed over any more, delivered before or not; how many.

        Its Tasks stay: nothing of the submission is left in them.
        """
        purged = self._connection.execute(
            update(tables.pended)
            .where(*self._answers(submission), _p.type != "Task", _p.state != Delivery.PURGED)
            .values(state=Delivery.PURGED)
        )
        return purged.rowcount

    def answers_to(self, submission: tuple[str, str]) -> list[tuple[str, str]]:
        """Type and id of everything that was ever pended for a submission."""
        query = select(_p.type, _p.resource_id).where(*self._answers(submission)).distinct()
        ordered = query.order_by(_p.type, _p.resource_id)
        return [(row.type, row.resource_id) for row in self._connection.execute(ordered)]

    def record_hand_over(self, task_id: str, items: Sequence[Item]) -> None:
        """Keep what a poll handed over, in order."""
        rows = [
            {
                "payer_id": self._scope.payer_id,
                "task_id": task_id,
                "position": position,
                "submitter_id": self._scope.submitter_id,
                "type": item.type,
                "resource_id": item.resource_id,
                "version": item.version,
                "delivery": item.deliveries,
            }
            for position, item in enumerate(items)
        ]
        insert_rows(self._connection, tables.handed_over, rows)

    def handed_over(self, task_id: str) -> dict[tuple[str, str, int], int]:
        """Type, id and version of what a poll handed over, in order, and the so-manieth time.

        Empty for any other Task.
        """
        query = _of_a_poll(is_scoped=self._scope.submitter_id is not None)
        given = {"b_payer": self._scope.payer_id, "b_task": task_id}
        if self._scope.submitter_id is not None:
            given["b_submitter"] = self._scope.submitter_id
        return {(row[0], row[1], row[2]): row[3] for row in self._connection.execute(query, given)}

    def _items(
        self,
        statement: Callable[[queue_statements.Names, Permissions], Select[Any]],
        selection: Selection,
        limit: int,
    ) -> list[Item]:
        given = queue_statements.matching(self._scope, selection)
        rows = self._connection.execute(
            statement(frozenset(given), self._scope.permissions),
            {**given, "b_now": self._now, "b_limit": limit},
        )
        return [Item(*row) for row in rows]

    def _answers(self, submission: tuple[str, str]) -> tuple[ColumnElement[bool], ...]:
        return (
            *self._owned(),
            _p.submission_type == submission[0],
            _p.submission_id == submission[1],
        )

    def _owned(self) -> tuple[ColumnElement[bool], ...]:
        owned = (_p.payer_id == self._scope.payer_id,)
        if self._scope.submitter_id is None:
            return owned
        return (*owned, _p.submitter_id == self._scope.submitter_id)


@cache
def _of_a_poll(*, is_scoped: bool) -> Select[Any]:
    wanted = [_h.payer_id == bindparam("b_payer"), _h.task_id == bindparam("b_task")]
    if is_scoped:
        wanted.append(_h.submitter_id == bindparam("b_submitter"))
    return (
        select(_h.type, _h.resource_id, _h.version, _h.delivery)
        .where(*wanted)
        .order_by(_h.position)
    )


def _those_moved(items: Sequence[Item], deliveries: Mapping[int, int]) -> list[Item]:
    """The items of which a move took hold, in their order, with what it counted."""
    return [
        Item(one.seq, one.type, one.resource_id, one.version, one.size, deliveries[one.seq])
        for one in items
        if one.seq in deliveries
    ]
