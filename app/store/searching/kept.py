"""Searches that differ in nothing but their values have one statement, made once and kept.

To make a statement of a search takes several times as long as to run it. It is made for marks in
the place of the values, as for any search; where a mark comes out, a value goes in. So nothing
here has to know how a statement is made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam

from app.domain.parties import Scope
from app.domain.permissions import Permissions
from app.domain.search.query import (
    ID,
    LAST_UPDATED,
    AnyOf,
    Chained,
    Condition,
    DateMatch,
    Has,
    Match,
    Place,
    ReferenceMatch,
    ReferredTo,
    Search,
    TokenMatch,
)
from app.store.database.questions import Question
from app.store.hashing import Hasher
from app.store.search.rows import SearchRows, can_be_kept
from app.store.searching.arms import weight_of
from app.store.searching.drivers import Drivers
from app.store.searching.pages import page_of, versions_of
from app.store.searching.ranks import is_narrow
from app.store.searching.sight import Sight

# The least recently asked goes first. Each takes up to 20 KB for each unit of weight.
_MOST = 256
_HEAVIEST = 8
# Nobody can ask for a name that is a mark.
_SECRET = token_hex(8)
_PAYER, _SUBMITTER = f"{_SECRET} payer", f"{_SECRET} submitter"
_CODE, _SYSTEM, _TEXT, _INSTANT, _FAR = "code", "system", "text", "instant", "far"
_FIRST = {_INSTANT: datetime(1000, 1, 1, tzinfo=UTC), _FAR: datetime(1001, 1, 1, tzinfo=UTC)}


class _Unmarked(Exception):
    """The statement depends on the values."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The question of a page, and what it is given."""

    question: Question
    given: Mapping[str, Any]


def kept(
    search: Search,
    scope: Scope,
    index: SearchRows,
    limit: int,
    place: Place | None,
    *,
    is_backward: bool,
) -> Kept | None:
    """The question for a page of ids; None where it has to be made for these values."""
    is_placed = place is not None
    if sum(map(weight_of, search.conditions)) > _HEAVIEST or (is_placed and search.order):
        return None
    marks = _Marks()
    try:
        conditions = tuple(map(marks.of, search.conditions))
        start = None if place is None else Place((), marks.text(place.id))
        if place is not None and place.values:
            return None
    except _Unmarked:
        return None
    question = _question(
        index.hasher,
        replace(search, conditions=conditions),
        scope.submitter_id is None,
        scope.permissions,
        tuple(kind for kind, _ in marks.values),
        limit,
        start,
        is_backward,
    )
    given = {
        f"value_{number}": _rendered(index, kind, value)
        for number, (kind, value) in enumerate(marks.values)
    }
    return Kept(question, {**given, "payer": scope.payer_id, "submitter": scope.submitter_id})


class _Marks:
    """Gives each value its mark, equal ones the same, so that what is made stays as it would be."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, Any], Any] = {}

    def of(self, condition: Condition) -> Condition:
        """The condition with marks; raises _Unmarked."""
        match condition:
            case Has():
                # What is asked of columns of the resource is looked into.
                if ID in condition.names or LAST_UPDATED in condition.names:
                    raise _Unmarked
                return replace(condition, matches=tuple(map(self._match, condition.matches)))
            case AnyOf() | Chained() | ReferredTo():
                return replace(condition, conditions=tuple(map(self.of, condition.conditions)))
        return condition

    def _match(self, match: Match) -> Match:
        match match:
            case TokenMatch():
                code = None if match.code is None else self._string(_CODE, match.code)
                system = None if match.system is None else self._string(_SYSTEM, match.system)
                return TokenMatch(code, system)
            case ReferenceMatch():
                return replace(match, id=self.text(match.id))
            case DateMatch():
                # A wide interval leads to more than a narrow one, and has to look like it.
                far = _INSTANT if is_narrow(match) else _FAR
                low, high = self._marked(_INSTANT, match.low), self._marked(far, match.high)
                return replace(match, low=low, high=high)
        raise _Unmarked

    def text(self, text: str) -> str:
        """The mark of a text; raises _Unmarked for one that nothing is found by."""
        return self._string(_TEXT, text)

    def _string(self, kind: str, text: str) -> str:
        if not can_be_kept(text):
            raise _Unmarked
        mark: str = self._marked(kind, text)
        return mark

    def _marked(self, kind: str, value: Any) -> Any:
        return self.values.setdefault((kind, value), _mark(kind, len(self.values)))


def _mark(kind: str, number: int) -> Any:
    if kind in _FIRST:
        return _FIRST[kind] + number * timedelta(microseconds=1)
    return f"{_SECRET} {number}"


def _rendered(index: SearchRows, kind: str, value: Any) -> Any:
    """A value as it stands in a statement."""
    if kind == _CODE:
        return index.code_hash(value)
    return index.system_hash(value) if kind == _SYSTEM else value


@lru_cache(maxsize=_MOST)
def _question(
    hasher: Hasher,
    marked: Search,
    is_payers: bool,
    permissions: Permissions,
    kinds: Sequence[str],
    limit: int,
    place: Place | None,
    is_backward: bool,
) -> Question:
    """The question of all searches that are alike under these marks."""
    index = SearchRows(hasher)
    sight = _marked_sight(is_payers, permissions)
    arms = Drivers(sight, index).arms(marked.type, marked.conditions)
    marks = {
        _rendered(index, kind, _mark(kind, number)): f"value_{number}"
        for number, kind in enumerate(kinds)
    }
    statement = page_of(marked, arms, sight, limit, place, is_backward=is_backward)
    return Question(statement, {**marks, _PAYER: "payer", _SUBMITTER: "submitter"})


def versions(type: str, ids: Sequence[str], scope: Scope) -> Kept:
    """The question for the current versions of resources, at least one, in the order of ids."""
    room = 1 << (len(ids) - 1).bit_length()
    # One statement for many numbers of ids: what is named twice is there once.
    named = {f"b_{place}": ids[min(place, len(ids) - 1)] for place in range(room)}
    question = _versions(scope.submitter_id is None, scope.permissions, room)
    given = {"b_type": type, "payer": scope.payer_id, "submitter": scope.submitter_id}
    return Kept(question, {**named, **given})


@lru_cache(maxsize=_MOST)
def _versions(is_payers: bool, permissions: Permissions, room: int) -> Question:
    sight = _marked_sight(is_payers, permissions)
    ids = [bindparam(f"b_{place}", type_=String) for place in range(room)]
    type: ColumnElement[str] = bindparam("b_type", type_=String)
    statement = versions_of(type, ids, sight)
    return Question(statement, {_PAYER: "payer", _SUBMITTER: "submitter"})


def _marked_sight(is_payers: bool, permissions: Permissions) -> Sight:
    return Sight(Scope(_PAYER, None if is_payers else _SUBMITTER, permissions=permissions))
