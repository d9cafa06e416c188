"""The statements of the queue of answers, each built once for what a poll may ask by.

What is asked by is told by the names of the parameters that are given: `b_payer`, `b_submitter` but
for the payer's side, and one for each filter of the poll.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Update,
    bindparam,
    func,
    select,
    true,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from app.domain.codes import HandOver
from app.domain.parties import Scope
from app.domain.permissions import Permissions
from app.domain.selection import Selection
from app.store import leases, tables
from app.store.tables import Delivery
from app.store.types import Instant
from app.store.visibility import seen

COUNTED_EXACTLY = 1000
OPEN = (Delivery.UNDELIVERED, Delivery.LEASED, Delivery.PARKED)
_SEEN = (Delivery.DELIVERED, Delivery.LEASED, Delivery.PARKED)

_p = tables.pended.c
_head = tables.queue_head.c
_r = tables.resource.c
# The clients of an installation have few kinds of permissions; tokens may narrow them.
_MOST_KEPT = 128
_ITEM = (_p.seq, _p.type, _p.resource_id, _p.version, _p.size, _p.deliveries)
_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "b_payer": _p.payer_id == bindparam("b_payer"),
    "b_submitter": _p.submitter_id == bindparam("b_submitter"),
    "b_types": _p.type.in_(bindparam("b_types", expanding=True)),
    "b_submission_type": _p.submission_type == bindparam("b_submission_type"),
    "b_submission_id": _p.submission_id == bindparam("b_submission_id"),
    "b_follows": _p.follows_id == bindparam("b_follows"),
    "b_start": _p.dated_from >= bindparam("b_start", type_=Instant),
    "b_end": _p.dated_to <= bindparam("b_end", type_=Instant),
    "b_besides": _p.seq.not_in(bindparam("b_besides", expanding=True)),
}
Names = frozenset[str]
Given = dict[str, Any]

HEAD = (
    select(_head.submitter_id)
    .where(_head.payer_id == bindparam("b_payer"), _head.submitter_id == bindparam("b_submitter"))
    .with_for_update()
)


def of_scope(scope: Scope) -> Given:
    """Whose rows: all of a payer, or one submitter's."""
    payer = {"b_payer": scope.payer_id}
    if scope.submitter_id is None:
        return payer
    return {**payer, "b_submitter": scope.submitter_id}


def matching(scope: Scope, selection: Selection) -> Given:
    """What a poll asks by."""
    given = of_scope(scope)
    if selection.types is not None:
        given["b_types"] = sorted(selection.types)
    if selection.answers_to is not None:
        given |= answering(selection.answers_to)
    if selection.follows is not None:
        given["b_follows"] = selection.follows
    if selection.period is not None and selection.period.start is not None:
        given["b_start"] = selection.period.start
    if selection.period is not None and selection.period.end is not None:
        given["b_end"] = selection.period.end
    return given


def answering(submission: tuple[str, str]) -> Given:
    """The answers to one submission."""
    return {"b_submission_type": submission[0], "b_submission_id": submission[1]}


@lru_cache(_MOST_KEPT)
def undelivered(names: Names, permissions: Permissions) -> Select[Any]:
    """At most `b_limit` that are due at `b_now`, oldest first, and none past a lease on its Claim.

    This and the next two give items, and like the fourth know none that may not be read.
    """
    wanted = (*_shown(names, permissions), leases.IS_DUE, ~leases.IS_BEHIND_A_LEASE)
    return select(*_ITEM).where(*wanted).order_by(_p.seq).limit(bindparam("b_limit", type_=Integer))


@lru_cache(_MOST_KEPT)
def parked(names: Names, permissions: Permissions) -> Select[Any]:
    """At most `b_limit` that were lent too often."""
    wanted = (*_shown(names, permissions), _p.state == Delivery.PARKED, ~leases.IS_BEHIND_A_LEASE)
    return select(*_ITEM).where(*wanted).order_by(_p.seq).limit(bindparam("b_limit", type_=Integer))


@lru_cache(_MOST_KEPT)
def newest_seen(names: Names, permissions: Permissions) -> Select[Any]:
    """The newest of each type that was handed over before."""
    of_type = select(func.max(_p.seq)).where(*_shown(names, permissions), _p.state.in_(_SEEN))
    newest = of_type.group_by(_p.type)
    return select(*_ITEM).where(_p.seq.in_(newest)).order_by(_p.seq)


@lru_cache(_MOST_KEPT)
def counted(names: Names, permissions: Permissions) -> Select[Any]:
    """How many are due at `b_now`: at most one more than are counted exactly."""
    due = select(_p.seq).where(*_shown(names, permissions), leases.IS_DUE)
    some = due.limit(COUNTED_EXACTLY + 1)
    return select(func.count()).select_from(some.subquery())


@cache
def delivering(how: HandOver) -> ReturningUpdate[Any]:
    """Hand `b_seqs` over where they may be, and tell how often each was given."""
    return (
        update(tables.pended)
        .where(_p.seq.in_(bindparam("b_seqs", expanding=True)), leases.MAY_BE_HANDED_OVER)
        .values(**leases.handed_over(how))
        .returning(_p.seq, _p.deliveries)
    )


@cache
def moving(names: Names, state: Delivery) -> Update:
    """Put what is not delivered into another state."""
    return update(tables.pended).where(*_matching(names), _p.state.in_(OPEN)).values(state=state)


def _shown(names: Names, permissions: Permissions) -> list[ColumnElement[bool]]:
    """Those that match and may be read: of the type, and with the label that they have now."""
    if seen(permissions, "r", _r.type, _r.label) is true():
        return _matching(names)
    its = (_r.payer_id == _p.payer_id, _r.type == _p.type, _r.id == _p.resource_id)
    readable = select(_r.id).where(*its, seen(permissions, "r", _r.type, _r.label))
    return [*_matching(names), readable.exists()]


def _matching(names: Names) -> list[ColumnElement[bool]]:
    return [_FILTERS[name] for name in sorted(names)]
