"""What a search asks of the rows of the audit.

Each parameter of AuditEvent is a condition on columns: the rows are no resources, and in no index.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, literal, not_, or_, select, true, tuple_

from app.domain.auditing import (
    AUTHENTICATION,
    CLIENTS,
    DENIED,
    ERROR,
    EXECUTED,
    LETTERS,
    MINOR_FAILURE,
    REFUSALS,
    REST,
    SUBTYPES,
    SUCCESS,
    TOKEN,
)
from app.domain.search.query import (
    ID,
    LAST_UPDATED,
    AnyOf,
    Comparator,
    Condition,
    DateMatch,
    Has,
    Match,
    Missing,
    ReferenceMatch,
    TokenMatch,
)
from app.store import tables

_a = tables.audit.c
_r = tables.search_reference.c
_Clause = ColumnElement[bool]
_PATIENT = "Patient"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order of the events."""

    at: datetime
    seq: int


def clause(conditions: Iterable[Condition]) -> _Clause:
    """That a row meets all of them."""
    return and_(true(), *map(_condition, conditions))


def beyond(position: Position, *, is_backward: bool) -> _Clause:
    """That a row is older than a place, or newer."""
    here = tuple_(literal(position.at, _a.at.type), literal(position.seq))
    row = tuple_(_a.at, _a.seq)
    return row > here if is_backward else row < here


def of_patient() -> Any:
    """The rows of the index that tell which Patient a resource is about."""
    return and_(
        _r.payer_id == _a.payer_id,
        _r.type == _a.type,
        _r.resource_id == _a.resource_id,
        _r.name == "patient",
        _r.target_type == _PATIENT,
    )


def _condition(condition: Condition) -> _Clause:
    if isinstance(condition, AnyOf):
        return or_(*map(_condition, condition.conditions))
    if isinstance(condition, Missing):
        present = _PRESENT.get(condition.name, false)()
        return not_(present) if condition.is_missing else present
    if not isinstance(condition, Has):
        # What leads to other resources is refused where the query is read.
        raise TypeError(type(condition).__name__)
    met = or_(
        false(),
        *(
            _PARAMETERS[name](match)
            for name in condition.names
            if name in _PARAMETERS
            for match in condition.matches
        ),
    )
    return not_(met) if condition.is_negated else met


def _id(match: Match) -> _Clause:
    code = match.code if isinstance(match, TokenMatch) else None
    # Spelled as it is numbered: one event has one address.
    is_number = code is not None and code.isascii() and code.isdigit() and len(code) <= 18
    return _a.seq == int(code) if code and is_number and str(int(code)) == code else false()


def _date(match: Match) -> _Clause:
    if not isinstance(match, DateMatch):
        return false()
    return _COMPARED[match.comparator](match.low, match.high)


def _within(low: datetime, high: datetime) -> _Clause:
    return and_(_a.at >= low, _a.at <= high)


# An event is an instant: what is written is an interval, both ends of which are a part of it.
_COMPARED: Mapping[Comparator, Callable[[datetime, datetime], _Clause]] = {
    Comparator.EQUAL: _within,
    Comparator.APPROXIMATELY: _within,
    Comparator.NOT_EQUAL: lambda low, high: not_(_within(low, high)),
    Comparator.GREATER: lambda _, high: _a.at > high,
    Comparator.STARTS_AFTER: lambda _, high: _a.at > high,
    Comparator.LESS: lambda low, _: _a.at < low,
    Comparator.ENDS_BEFORE: lambda low, _: _a.at < low,
    Comparator.GREATER_OR_EQUAL: lambda low, _: _a.at >= low,
    Comparator.LESS_OR_EQUAL: lambda _, high: _a.at <= high,
}


def _coded(clauses: Mapping[str, _Clause]) -> Callable[[Match], _Clause]:
    """A code of R4 without a system of its own in the document, and what each means."""

    def met(match: Match) -> _Clause:
        if not isinstance(match, TokenMatch) or match.system:
            return false()
        return clauses.get(match.code, false()) if match.code else true()

    return met


def _type(match: Match) -> _Clause:
    if not isinstance(match, TokenMatch):
        return false()
    is_token = _a.action == TOKEN
    kinds = ((REST, not_(is_token)), (AUTHENTICATION, is_token))
    return or_(
        false(),
        *(
            kind
            for (system, code), kind in kinds
            if match.code in {None, code} and match.system in {None, system}
        ),
    )


def _subtype(match: Match) -> _Clause:
    if not isinstance(match, TokenMatch):
        return false()
    coded = true() if match.code is None else _is(_a.action, match.code)
    if match.system is None:
        return coded
    if match.system:
        return and_(coded, _a.action.in_(sorted(SUBTYPES.get(match.system, ()))))
    return and_(coded, _a.action.not_in(sorted(frozenset().union(*SUBTYPES.values()))))


def _is(column: ColumnElement[str], code: str) -> _Clause:
    """That a column holds a code; none holds a NUL, which PostgreSQL takes in no value."""
    return false() if "\x00" in code else column == code


def _agent(match: Match) -> _Clause:
    if isinstance(match, ReferenceMatch):
        return _a.actor == match.id if match.type is None else false()
    return false()


def _agent_identifier(match: Match) -> _Clause:
    if not isinstance(match, TokenMatch) or match.system not in {None, CLIENTS}:
        return false()
    return true() if match.code is None else _is(_a.actor, match.code)


def _entity(match: Match) -> _Clause:
    if not isinstance(match, ReferenceMatch):
        return false()
    named = _a.resource_id == match.id
    met = [named if match.type is None else and_(_a.type == match.type, named)]
    if match.type in {None, "Task"}:
        met.append(_a.task_id == match.id)
    if match.type in {None, _PATIENT}:
        met.append(_about(match.id))
    return or_(*met)


def _patient(match: Match) -> _Clause:
    if not isinstance(match, ReferenceMatch) or match.type not in {None, _PATIENT}:
        return false()
    itself = and_(_a.type == _PATIENT, _a.resource_id == match.id)
    return or_(itself, _about(match.id))


def _about(patient_id: str) -> _Clause:
    return select(_r.resource_id).where(of_patient(), _r.target_id == patient_id).exists()


def _has_patient() -> _Clause:
    is_one = and_(_a.type == _PATIENT, _a.resource_id.is_not(None))
    return or_(is_one, select(_r.resource_id).where(of_patient()).exists())


def _has_entity() -> _Clause:
    told = (_a.type, _a.task_id, _a.request_id, _a.number)
    return or_(*(each.is_not(None) for each in told))


def _letters() -> dict[str, _Clause]:
    by_letter: dict[str, list[_Clause]] = {}
    for (action, outcome), letter in LETTERS.items():
        is_it = _a.action == action
        told = is_it if outcome is None else and_(is_it, _a.outcome == outcome)
        by_letter.setdefault(letter, []).append(told)
    named = {letter: or_(*clauses) for letter, clauses in by_letter.items()}
    return {**named, EXECUTED: not_(or_(*named.values()))}


def _outcomes() -> dict[str, _Clause]:
    refused = or_(
        _a.action == DENIED,
        _a.outcome.in_(sorted(REFUSALS)),
        _a.outcome.startswith(ERROR, autoescape=True),
    )
    return {MINOR_FAILURE: refused, SUCCESS: not_(refused)}


_PARAMETERS: Mapping[str, Callable[[Match], _Clause]] = {
    ID: _id,
    LAST_UPDATED: _date,
    "date": _date,
    "action": _coded(_letters()),
    "outcome": _coded(_outcomes()),
    "type": _type,
    "subtype": _subtype,
    "agent": _agent,
    "agent:identifier": _agent_identifier,
    "entity": _entity,
    "patient": _patient,
}
_PRESENT: Mapping[str, Callable[[], _Clause]] = {
    **dict.fromkeys(("date", "action", "outcome", "type", "subtype", "agent"), true),
    "entity": _has_entity,
    "patient": _has_patient,
}
