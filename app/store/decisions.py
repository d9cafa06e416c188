"""What decisions were made from: one row each, numbered from 1 for every Claim."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from app.domain.parties import Scope
from app.store import tables
from app.store.bodies import Damaged, Seal, compressed, decoded, place
from app.store.encryption.vault import DataKey, destroy, made, opened
from app.store.together.transaction import put_off

_d = tables.decision.c
_s = tables.decision_source.c
_k = tables.data_key.c

# Made once: they are a part of every decision.
_LAST = (
    select(func.coalesce(func.max(_d.number), 0))
    .where(_d.payer_id == bindparam("of_payer"), _d.claim_id == bindparam("of_claim"))
    .scalar_subquery()
)
_ADD = insert(tables.decision).values(number=_LAST + 1)
_ADD_SOURCE = insert(tables.decision_source).values(number=_LAST)
_Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: its answer, by what it was made, and the digests of what went in and came out.

    `plan` is the identifier and the version; None where it was decided without one.
    """

    response_id: str
    rules: str
    plan: tuple[str, str] | None
    inputs_digest: str
    decision_digest: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision that was kept; `inputs` None: emptied since, or, where so marked, not readable.

    `is_unknown`: the bytes are in a form that another version wrote.
    """

    number: int
    decision: Decision
    decided_at: datetime
    inputs: str | None
    is_damaged: bool = False
    is_unknown: bool = False


# What the column holds: nobody decides a Claim more often.
MOST_DECISIONS = 2**31 - 1


class Decisions:
    """The decisions on the Claims of one scope."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._scope = scope
        self._now = now

    def add(
        self,
        claim_id: str,
        submitter_id: str,
        decision: Decision,
        inputs: str,
        sources: Iterable[str] = (),
    ) -> None:
        """Keep the next decision on a Claim, whose row is locked, with what it was made from.

        `sources` are the other requests whose content `inputs` hold. Nothing that decides a Claim
        asks for its decisions afterwards, so a transaction for many writes them in the end.
        """
        # A key of its own: what it holds of other requests goes when those are nullified.
        key_of_text = made(self._connection, self._scope.payer_id, self._now)
        seal = (
            None
            if key_of_text is None
            else _seal(self._scope.payer_id, claim_id, decision.response_id, key_of_text)
        )
        body = compressed(inputs, seal)
        identifier, version = decision.plan or (None, None)
        payer_id = self._scope.payer_id
        key = {"payer_id": payer_id, "claim_id": claim_id}
        key |= {"of_payer": payer_id, "of_claim": claim_id}
        row = {
            **key,
            "submitter_id": submitter_id,
            "response_id": decision.response_id,
            "rules": decision.rules,
            "plan_identifier": identifier,
            "plan_version": version,
            "inputs_digest": decision.inputs_digest,
            "decision_digest": decision.decision_digest,
            "decided_at": self._now,
            "body_format": body.format,
            "key_id": body.key_id,
            "inputs": body.content,
        }
        held = [{**key, "source_id": source} for source in sorted(set(sources))]
        put_off(self._connection, _ADD, ((row, held),), self._add_all)

    def find(self, claim_id: str, number: int | None = None) -> Kept | None:
        """One decision on a Claim, without a number the last; None where none was kept."""
        query = _with_keys().where(*self._key(claim_id), *self._visible())
        if number is not None and number > MOST_DECISIONS:
            return None
        if number is not None:
            query = query.where(_d.number == number)
        row = self._connection.execute(query.order_by(_d.number.desc()).limit(1)).one_or_none()
        return None if row is None else _kept(row, self._connection)

    def answered_by(self, claim_id: str, response_id: str) -> Kept | None:
        """The decision that a response tells; None where none was kept."""
        query = _with_keys().where(
            *self._key(claim_id), *self._visible(), _d.response_id == response_id
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _kept(row, self._connection)

    def purge(self, claim_id: str) -> None:
        """Remove the decisions on a Claim, and what is kept of it with others."""
        self.empty(claim_id)
        is_its = (_s.payer_id == self._scope.payer_id, _s.claim_id == claim_id)
        self._connection.execute(delete(tables.decision_source).where(*is_its))
        gone = self._connection.execute(
            delete(tables.decision)
            .where(*self._key(claim_id), *self._visible())
            .returning(_d.key_id)
        )
        self._destroy(gone.scalars())

    def empty(self, source_id: str) -> int:
        """Empty the inputs of other decisions that hold content of a request; how many did.

        Whosever they are: no decision keeps what is nullified.
        """
        is_held = (_s.payer_id == self._scope.payer_id, _s.source_id == source_id)
        held = self._connection.execute(select(_s.claim_id, _s.number).where(*is_held)).all()
        for claim_id, number in held:
            emptied = self._connection.execute(
                update(tables.decision)
                .where(*self._key(claim_id), _d.number == number)
                .values(inputs=None)
                .returning(_d.key_id)
            )
            self._destroy(emptied.scalars())
        if held:
            self._connection.execute(delete(tables.decision_source).where(*is_held))
        return len(held)

    def _add_all(self, added: list[tuple[_Values, list[_Values]]]) -> None:
        self._connection.execute(_ADD, [row for row, _ in added])
        sources = [source for _, held in added for source in held]
        if sources:
            # After the decisions, whose number is theirs.
            self._connection.execute(_ADD_SOURCE, sources)

    def _destroy(self, keys: Iterable[str | None]) -> None:
        found = {key for key in keys if key is not None}
        destroy(self._connection, self._scope.payer_id, found)

    def _key(self, claim_id: str) -> tuple[ColumnElement[bool], ...]:
        return (_d.payer_id == self._scope.payer_id, _d.claim_id == claim_id)

    def _visible(self) -> tuple[ColumnElement[bool], ...]:
        """A submitter's own; the payer sees all."""
        submitter_id = self._scope.submitter_id
        return () if submitter_id is None else (_d.submitter_id == submitter_id,)


def _with_keys() -> Select[Any]:
    is_its = and_(_k.payer_id == _d.payer_id, _k.id == _d.key_id)
    return select(tables.decision, _k.wrapping_id, _k.wrapped).outerjoin(tables.data_key, is_its)


def _seal(payer_id: str, claim_id: str, response_id: str, key: DataKey) -> Seal:
    return Seal(key.id, key.secret, place(payer_id, "decision", claim_id, response_id))


def _kept(row: Row[Any], connection: Connection) -> Kept:
    inputs, is_damaged, is_unknown = None, False, False
    if row.inputs is not None:
        try:
            key = opened(connection, row)
            seal = None if key is None else _seal(row.payer_id, row.claim_id, row.response_id, key)
            inputs = decoded(row.body_format, row.key_id, row.inputs, seal)
        except Damaged:
            is_damaged = True
        except ValueError:
            is_unknown = True
    plan = None if row.plan_identifier is None else (row.plan_identifier, row.plan_version)
    decision = Decision(row.response_id, row.rules, plan, row.inputs_digest, row.decision_digest)
    return Kept(row.number, decision, row.decided_at, inputs, is_damaged, is_unknown)
