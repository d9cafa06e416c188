# ruff: noqa: S101 - pytest tells what went wrong from plain asserts
"""What every decision keeps that uses preauthorizations: part of the contract."""

from collections.abc import Iterator
from decimal import Decimal

from app.domain.adjudication import AdjudicationRequest, Category, Decided, DecidedLine
from app.domain.arithmetic import quantity_of
from app.domain.authorizations import HeldLine, Use, counted
from app.domain.claims import Line
from app.domain.codes import ClaimUse
from app.domain.money import rounded

_NOTHING = Decimal(0)


def assert_no_more_is_used_than_is_left(
    name: str, request: AdjudicationRequest, decision: Decided
) -> None:
    """Of each line of a preauthorization, all lines of the Claim together; never a negative."""
    carried = _carried(request)
    left = {(one.key, line.path): line for one in request.authorizations for line in one.lines}
    currencies = {one.key: one.currency for one in request.authorizations}
    amounts: dict[tuple[str, tuple[int, ...]], Decimal] = {}
    quantities = dict(amounts)
    for use in decision.uses:
        assert use.amount >= 0, (name, use)
        assert use.quantity >= 0, (name, use)
        assert use.quantity == counted(use.quantity), (name, use)
        assert use.amount or use.quantity, (name, use)
        place = (use.authorization, use.held)
        if use in carried:
            continue
        assert place in left, (name, use)
        assert use.amount == rounded(use.amount, currencies[use.authorization]), (name, use)
        amounts[place] = amounts.get(place, _NOTHING) + use.amount
        quantities[place] = quantities.get(place, _NOTHING) + use.quantity
    for place, amount in amounts.items():
        assert amount <= left[place].amount, (name, place)
        assert quantities[place] <= _quantity_of(left[place], quantities[place]), (name, place)


def assert_a_line_uses_what_it_is_paid(
    name: str, request: AdjudicationRequest, decision: Decided
) -> None:
    """No more than its benefit and its quantity; each line of each preauthorization once."""
    assert request.claim.use is ClaimUse.CLAIM or decision.uses == (), name
    keys = [(use.authorization, use.held, use.path) for use in decision.uses]
    assert len(keys) == len(set(keys)), name
    benefits = {line.path: _benefit(line) for line in _decided_leaves(decision.lines)}
    units = {line.path: counted(quantity_of(line)) for line in _leaves(request.claim.lines)}
    for path in {use.path for use in decision.uses} - {()}:
        own = [use for use in decision.uses if use.path == path]
        assert sum((use.amount for use in own), _NOTHING) <= benefits[path], (name, path)
        assert sum((use.quantity for use in own), _NOTHING) <= units[path], (name, path)
    every = sum((use.amount for use in decision.uses), _NOTHING)
    assert every <= sum(benefits.values(), _NOTHING), name


def assert_carried_lines_keep_theirs(
    name: str, request: AdjudicationRequest, decision: Decided
) -> None:
    """What lines that are not decided again used, they use."""
    assert set(_carried(request)) <= set(decision.uses), name


def _carried(request: AdjudicationRequest) -> list[Use]:
    if request.reissue is None:
        return []
    kept = tuple(request.reissue.carried().values())
    paths = {line.path for line in _decided_leaves(kept)}
    return [use for use in request.reissue.decided.uses if use.path in paths]


def _quantity_of(line: HeldLine, used: Decimal) -> Decimal:
    # What was held before quantities were gives none.
    return min(used, _NOTHING) if line.quantity is None else line.quantity


def _benefit(line: DecidedLine) -> Decimal:
    rows = (row.money.amount for row in line.amounts if row.category is Category.BENEFIT)
    return sum(rows, _NOTHING)


def _decided_leaves(lines: tuple[DecidedLine, ...]) -> Iterator[DecidedLine]:
    for line in lines:
        yield from _decided_leaves(line.lines) if line.lines else (line,)


def _leaves(lines: tuple[Line, ...]) -> Iterator[Line]:
    for line in lines:
        yield from _leaves(line.lines) if line.lines else (line,)
