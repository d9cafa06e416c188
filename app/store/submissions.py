"""Submissions: stored requests, where each stands, and what it was answered with."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    select,
    tuple_,
    update,
)

from app.domain.adjudication import Awaiting
from app.domain.lifecycle import State
from app.domain.parties import Scope
from app.store import submission_rows, tables
from app.store.database.questions import Change
from app.store.fences import moving
from app.store.resources import VersionConflict
from app.store.statements import inserted_if_absent
from app.store.submission_rows import COLUMNS, Submission, attached_place, place
from app.store.together.transaction import answered, hits, insert_rows, put_off

__all__ = ["Submission", "Submissions"]

_s = tables.submission.c
_live = tables.live_identifier.c
# Fewer than the variables that SQLite takes in one statement.
_AT_ONCE = 5_000
_FREEING = Change(
    delete(tables.live_identifier).where(
        _live.payer_id == bindparam("b_payer"), _live.submission_id == bindparam("b_id")
    )
)


class Submissions:
    """The submissions of one scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def add(self, submission: Submission) -> None:
        """Keep a new submission."""
        values = {name: getattr(submission, name) for name in Submission.__dataclass_fields__}
        values["payer_id"] = self._scope.payer_id
        insert_rows(self._connection, tables.submission, (values,))

    def find(self, type: str, id: str, *, lock: bool = False) -> Submission | None:
        """One submission, its row locked until the end if asked; None if not in this scope."""
        if lock:
            return self._found(type, id, lock=True)
        return answered(
            self._connection,
            place(self._scope, id, type),
            lambda: self._found(type, id, lock=False),
        )

    def _found(self, type: str, id: str, *, lock: bool) -> Submission | None:
        query = submission_rows.one(is_scoped=self._scope.submitter_id is not None, is_locked=lock)
        given = {**self._scoped(), "b_type": type, "b_id": id}
        row = query.row(self._connection, given)
        return None if row is None else Submission(*row)

    def claims(self, ids: Iterable[str], *, lock: bool = False) -> dict[str, Submission]:
        """Claims by id; their rows locked until the end if asked, in the order of their ids."""
        wanted, found = sorted(ids), {}
        for at in range(0, len(wanted), _AT_ONCE):
            query = submission_rows.claims(
                is_scoped=self._scope.submitter_id is not None, is_locked=lock
            )
            given = {**self._scoped(), "b_ids": wanted[at : at + _AT_ONCE]}
            rows = self._connection.execute(query, given)
            found.update({row.id: Submission(*row) for row in rows})
        return found

    def mark_paid(self, ids: Iterable[str], currency: str, at: datetime) -> None:
        """These Claims, whose rows are locked, are paid: those that were payable in a currency."""
        wanted = sorted(ids)
        for start in range(0, len(wanted), _AT_ONCE):
            self._connection.execute(
                update(tables.submission)
                .where(
                    _s.payer_id == self._scope.payer_id,
                    _s.type == "Claim",
                    _s.id.in_(wanted[start : start + _AT_ONCE]),
                    _s.state == State.PAYABLE,
                    _s.currency == currency,
                    *self._visible(),
                )
                .values(state=State.PAID, paid_at=at)
            )

    def answered_by(self, type: str, id: str) -> Submission | None:
        """The submission that a response or an EOB answers."""
        if type == "ExplanationOfBenefit":
            is_answer = _s.benefit_id == id
        else:
            is_answer = and_(_s.response_type == type, _s.response_id == id)
        query = select(*COLUMNS).where(
            _s.payer_id == self._scope.payer_id, is_answer, *self._visible()
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Submission(*row)

    def attached(self, claim_id: str, *, lock: bool = False) -> list[Submission]:
        """The Communications that belong to a Claim, the oldest first; locked if asked."""

        def ask() -> list[Submission]:
            query = self._attached(_s.about_id == claim_id)
            rows = self._connection.execute(query.with_for_update() if lock else query)
            return [Submission(*row) for row in rows]

        return answered(self._connection, attached_place(self._scope, claim_id), ask)

    def _attached(self, to: ColumnElement[bool]) -> Select[Any]:
        query = select(*COLUMNS).where(_s.payer_id == self._scope.payer_id, to, *self._visible())
        return query.order_by(_s.created_at, _s.id)

    def mark_used(self, claim_id: str) -> None:
        """A decision has used the Communications that belong to a Claim."""

        def mark(claim_ids: list[str]) -> None:
            self._connection.execute(
                update(tables.submission)
                .where(
                    _s.payer_id == self._scope.payer_id,
                    _s.about_id.in_(sorted(claim_ids)),
                    _s.state == State.STORED,
                )
                .values(is_used=True)
            )

        put_off(self._connection, "mark used", (claim_id,), mark)

    def move(self, submission: Submission, **changes: Any) -> Submission | None:
        """Change a row where state and epoch are still the given ones; None if they are not.

        This is the fence of every race: of two that move the same submission, one gets None.
        """
        row = {
            "b_payer": self._scope.payer_id,
            "b_type": submission.type,
            "b_id": submission.id,
            "b_state": submission.state,
            "b_epoch": submission.epoch,
            **{f"c_{name}": value for name, value in changes.items()},
        }
        moved = hits(self._connection, moving(tuple(sorted(changes))), row)
        return replace(submission, **changes) if moved else None

    def begin(self, keys: Iterable[tuple[str, str]]) -> None:
        """Mark queued submissions as being adjudicated; those someone else has locked are left.

        Waiting for them here, with jobs leased, could be a deadlock with a cancel.
        """
        free = (
            select(_s.type, _s.id)
            .where(
                _s.payer_id == self._scope.payer_id,
                tuple_(_s.type, _s.id).in_(list(keys)),
                _s.state == State.QUEUED,
            )
            .with_for_update(skip_locked=True)
        )
        found = [tuple(row) for row in self._connection.execute(free)]
        if found:
            self._connection.execute(
                update(tables.submission)
                .where(_s.payer_id == self._scope.payer_id, tuple_(_s.type, _s.id).in_(found))
                .values(state=State.ADJUDICATING)
            )

    def hold_identifiers(self, id: str, hashes: Iterable[str]) -> list[str]:
        """Take identifiers for a live request; the ids of those live ones that hold some already.

        Raises VersionConflict where a holder let go at this moment.
        """
        holders = []
        for key_hash in sorted(hashes):
            key = {
                "payer_id": self._scope.payer_id,
                "submitter_id": self._scope.submitter_id,
                "key_hash": key_hash,
            }
            row = {**key, "submission_id": id}
            if not inserted_if_absent(self._connection, tables.live_identifier, row):
                holders.append(self._holder(key))
        return holders

    def free_identifiers(self, id: str) -> None:
        """Let go of every identifier that a request held while it was live."""
        given = {"b_payer": self._scope.payer_id, "b_id": id}
        _FREEING.hits(self._connection, given)

    def awaited(self) -> list[tuple[Awaiting, int, datetime | None]]:
        """For what submissions wait, how many for each, and when the first of them is closed."""
        query = (
            select(_s.awaiting, func.count(), func.min(_s.due_at))
            .where(_s.payer_id == self._scope.payer_id, _s.state == State.AWAITING)
            .group_by(_s.awaiting)
            .order_by(_s.awaiting)
        )
        return [(row[0], row[1], row[2]) for row in self._connection.execute(query)]

    def waiting_for(self, awaiting: Awaiting, most: int) -> list[Submission]:
        """The submissions that await this, the oldest first, at most so many."""
        query = select(*COLUMNS).where(
            _s.payer_id == self._scope.payer_id,
            _s.awaiting == awaiting,
            _s.state == State.AWAITING,
            *self._visible(),
        )
        rows = self._connection.execute(query.order_by(_s.created_at, _s.id).limit(most))
        return [Submission(*row) for row in rows]

    def _holder(self, key: dict[str, str | None]) -> str:
        query = select(_live.submission_id).filter_by(**key)
        holder = self._connection.execute(query).scalar_one_or_none()
        if holder is None:
            raise VersionConflict("the holder has just let go of it")
        return str(holder)

    def _scoped(self) -> dict[str, Any]:
        payer, submitter_id = {"b_payer": self._scope.payer_id}, self._scope.submitter_id
        return payer if submitter_id is None else {**payer, "b_submitter": submitter_id}

    def _visible(self) -> tuple[ColumnElement[bool], ...]:
        if self._scope.submitter_id is None:
            return ()
        return (_s.submitter_id == self._scope.submitter_id,)
