"""What need not be kept: found by its age and taken away, a bounded number of rows at a time.

Docs: docs/retention.md. Claims, their answers and the audit are none of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    literal,
    not_,
    select,
    tuple_,
)

from app.domain.codes import TaskCode, TaskStatus
from app.domain.parties import Scope
from app.store import leases, tables

_t = tables.task.c
_k = tables.replay_key.c
_h = tables.handed_over.c
_p = tables.pended.c
_s = tables.submission.c
_slot = tables.calendar_slot.c

# As the index of them is limited, to the letter: by values that are bound later SQLite would not
# know that the index is enough.
_IS_ONLY_ASKED = _t.code.in_(
    [
        bindparam(None, code, _t.code.type, literal_execute=True)
        for code in (TaskCode.POLL, TaskCode.STATUS)
    ]
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A Task that changed nothing but a queue: a poll, or the question how something stands."""

    created_at: datetime
    id: str


class Retention:
    """What one payer keeps."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id

    def asked(self, before: datetime, after: Asked | None, limit: int) -> list[Asked]:
        """The oldest polls and statuses from before an instant, past the one given."""
        query = select(_t.created_at, _t.id).where(*self._asked_before(before))
        if after is not None:
            place = tuple_(literal(after.created_at, _t.created_at.type), literal(after.id))
            query = query.where(tuple_(_t.created_at, _t.id) > place)
        ordered = query.order_by(_t.created_at, _t.id).limit(limit)
        return [Asked(*row) for row in self._connection.execute(ordered)]

    def forgettable(self, asked: Sequence[Asked]) -> list[str]:
        """Of these, the ids of those that nobody needs: all but what the law or a client keeps.

        Kept are those that are about, or handed over an answer to, what is under legal hold; whose
        answers are not all acknowledged; and those that are in progress.
        """
        query = select(_t.id).where(
            _t.payer_id == self._payer_id,
            _t.id.in_([one.id for one in asked]),
            _t.status != TaskStatus.IN_PROGRESS,
            not_(self._is_about_held()),
            not_(self._handed_over_held()),
            not_(leases.is_unacknowledged(_t.payer_id, _t.id)),
        )
        return sorted(self._connection.execute(query).scalars())

    def forget(self, ids: Sequence[str]) -> None:
        """Take these Tasks away, with their texts, what they are found by and what they gave."""
        of_payer = {"payer_id": self._payer_id}
        texts = tables.resource_version.c
        keys = select(texts.key_id).where(
            texts.payer_id == self._payer_id, texts.type == "Task", texts.id.in_(ids)
        )
        unread = tables.data_key.c.id.in_(keys)
        self._connection.execute(delete(tables.data_key).filter_by(**of_payer).where(unread))
        by_type = [
            (tables.resource_version, "id"),
            (tables.resource, "id"),
            (tables.business_identifier, "resource_id"),
            (tables.mention, "resource_id"),
            (tables.replay_key, "resource_id"),
            *((table, "resource_id") for table in tables.SEARCH_TABLES),
        ]
        for table, key in by_type:
            rows = and_(table.c.type == "Task", table.c[key].in_(ids))
            self._connection.execute(delete(table).filter_by(**of_payer).where(rows))
        for table, key in ((tables.handed_over, "task_id"), (tables.task, "id")):
            rows = table.c[key].in_(ids)
            self._connection.execute(delete(table).filter_by(**of_payer).where(rows))

    def lapsed_keys(self, before: datetime, limit: int) -> list[Row[tuple[str, str]]]:
        """Replay keys whose time was over before an instant, with their senders."""
        query = select(_k.submitter_id, _k.key_hash).where(*self._lapsed(before)).limit(limit)
        return list(self._connection.execute(query.order_by(_k.expires_at)))

    def forget_keys(self, before: datetime, keys: Sequence[Row[tuple[str, str]]]) -> None:
        """Take these away, where that is so still."""
        wanted = tuple_(_k.submitter_id, _k.key_hash).in_([tuple(one) for one in keys])
        self._connection.execute(delete(tables.replay_key).where(*self._lapsed(before), wanted))

    def old_slots(self, before: datetime, limit: int) -> list[Row[tuple[str, str]]]:
        """Slots of the payer's calendar that were taken before an instant."""
        query = select(_slot.kind, _slot.slot).where(*self._slots(before)).limit(limit)
        return list(self._connection.execute(query))

    def forget_slots(self, slots: Sequence[Row[tuple[str, str]]]) -> None:
        """Take these away."""
        wanted = tuple_(_slot.kind, _slot.slot).in_([tuple(one) for one in slots])
        self._connection.execute(delete(tables.calendar_slot).where(wanted))

    def counts(
        self,
        asked_before: datetime | None,
        keys_before: datetime,
        slots_before: datetime,
        at_most: int,
    ) -> tuple[int, int, int]:
        """How many Tasks, replay keys and slots are old enough, each counted up to a limit."""
        asked = () if asked_before is None else self._asked_before(asked_before)
        return (
            self._count(select(_t.id).where(*asked), at_most) if asked else 0,
            self._count(select(_k.key_hash).where(*self._lapsed(keys_before)), at_most),
            self._count(select(_slot.slot).where(*self._slots(slots_before)), at_most),
        )

    def _count(self, rows: Select[str], at_most: int) -> int:
        query = select(func.count()).select_from(rows.limit(at_most).subquery())
        return self._connection.execute(query).scalar_one()

    def _asked_before(self, before: datetime) -> tuple[ColumnElement[bool], ...]:
        return (_t.payer_id == self._payer_id, _IS_ONLY_ASKED, _t.created_at < before)

    def _lapsed(self, before: datetime) -> tuple[ColumnElement[bool], ...]:
        is_poll_of_something = and_(
            _k.type == "Task", leases.is_unacknowledged(_k.payer_id, _k.resource_id)
        )
        return (
            _k.payer_id == self._payer_id,
            _k.expires_at < before,
            not_(is_poll_of_something),
        )

    def _slots(self, before: datetime) -> tuple[ColumnElement[bool], ...]:
        return (
            _slot.slot.startswith(f"{self._payer_id} ", autoescape=True),
            _slot.taken_at < before,
        )

    def _is_about_held(self) -> ColumnElement[bool]:
        """Whether what a Task is about is under legal hold."""
        return (
            select(_s.id)
            .where(
                _s.payer_id == _t.payer_id,
                _s.type == _t.focus_type,
                _s.id == _t.focus_id,
                _s.is_held.is_(True),
            )
            .exists()
        )

    def _handed_over_held(self) -> ColumnElement[bool]:
        """Whether a poll handed over an answer to something under legal hold."""
        of_answer = and_(
            _p.payer_id == _h.payer_id,
            _p.type == _h.type,
            _p.resource_id == _h.resource_id,
        )
        of_request = and_(
            _s.payer_id == _p.payer_id,
            _s.type == _p.submission_type,
            _s.id == _p.submission_id,
        )
        return (
            select(_h.task_id)
            .join(tables.pended, of_answer)
            .join(tables.submission, of_request)
            .where(_h.payer_id == _t.payer_id, _h.task_id == _t.id, _s.is_held.is_(True))
            .exists()
        )
