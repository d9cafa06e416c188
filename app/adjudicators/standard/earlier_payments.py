"""What earlier payers paid for each line: by what they told of it, of a line above, or in total.

Docs: docs/adjudication.md, "Coordination of benefits".
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.adjudicators.standard.carried_units import allowed_by_rows
from app.domain.adjudication import AdjudicationRequest, Amount, Category, EarlierAnswer
from app.domain.arithmetic import half_up
from app.domain.plan import Coordination

_Path = tuple[int, ...]
_Eligible = Mapping[_Path, Decimal]
_Rows = tuple[Amount, ...]
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, order=True)
class _Paid:
    """An amount, and the leaves that it is for; the fewer they are the earlier it comes."""

    number: int
    leaves: tuple[_Path, ...]
    amount: Decimal


def paid_before(
    request: AdjudicationRequest,
    eligible: _Eligible,
    carried: Mapping[_Path, _Rows],
    currency: str,
    method: Coordination,
) -> dict[_Path, Decimal]:
    """What all earlier payers paid for each leaf; `eligible` is by leaf, in sequence order.

    Leaves that are `carried` over keep what their rows took; the others share what is left.
    """
    paid = sorted(_paid(request, eligible, currency))
    sums = dict.fromkeys(eligible, _NOTHING)
    for each in paid:
        for path, part in _split(each.amount, each.leaves, eligible, currency):
            sums[path] += part
    taken = {path: _taken(rows, sums[path], method) for path, rows in carried.items()}
    if all(sums[path] == amount for path, amount in taken.items()):
        return sums
    return _beside(paid, taken, eligible, currency)


def _taken(rows: _Rows, share: Decimal, method: Coordination) -> Decimal:
    """What a carried leaf took; where it had no room for more, its share may have been more."""
    amounts = {row.category: row.money.amount for row in rows}
    cob_paid = amounts.get(Category.COB_PAID, _NOTHING)
    room: Decimal | None
    if method is Coordination.CARVE_OUT:
        room = amounts[Category.BENEFIT]
    elif method is Coordination.MAINTENANCE_OF_BENEFITS:
        room = amounts.get(Category.ELIGIBLE, _NOTHING) - cob_paid
    else:
        allowed = allowed_by_rows(rows)
        # Where the rows do not tell it, something is noncovered still.
        room = None if allowed is None else allowed - cob_paid
    return max(cob_paid, share) if room is not None and room <= 0 else cob_paid


def _beside(
    paid: Sequence[_Paid],
    taken: Mapping[_Path, Decimal],
    eligible: _Eligible,
    currency: str,
) -> dict[_Path, Decimal]:
    sums, kept = dict.fromkeys(eligible, _NOTHING) | dict(taken), dict(taken)
    for each in paid:
        left = each.amount
        for path in each.leaves:
            part = min(kept.get(path, _NOTHING), left)
            if part:
                kept[path] -= part
                left -= part
        others = [path for path in each.leaves if path not in taken]
        for path, part in _split(left, others, eligible, currency):
            sums[path] += part
    return sums


def _paid(request: AdjudicationRequest, eligible: _Eligible, currency: str) -> Iterator[_Paid]:
    below: dict[_Path, list[_Path]] = {}
    for path in eligible:
        for depth in range(len(path) + 1):
            below.setdefault(path[:depth], []).append(path)
    for payer in request.earlier_payers:
        told = [(_line(place, below), amount) for place, amount in _told(payer.answer)]
        lines = {line for line, _ in told}
        for line, amount in told:
            leaves = _leaves(below.get(line, ()), line, lines, eligible)
            yield _Paid(len(leaves), leaves, half_up(Fraction(amount), currency))


def _told(answer: EarlierAnswer | None) -> Iterator[tuple[_Path, Decimal]]:
    if answer is None:
        return
    for path, money in answer.lines.items():
        yield path, money.amount
    if not answer.lines and answer.total is not None:
        yield (), answer.total.amount


def _line(place: _Path, below: Collection[_Path]) -> _Path:
    """The line of the Claim that was answered, or else the nearest above, down to the item."""
    while place not in below and len(place) > 1:
        place = place[:-1]
    return place


def _leaves(
    below: Sequence[_Path], line: _Path, told: Collection[_Path], eligible: _Eligible
) -> tuple[_Path, ...]:
    """The leaves of a line that nothing more exact was told of; all where these bear nothing."""
    others = tuple(
        path
        for path in below
        if not any(path[:depth] in told for depth in range(len(line) + 1, len(path) + 1))
    )
    return others if any(eligible[path] > 0 for path in others) else tuple(below)


def _split(
    amount: Decimal, leaves: Sequence[_Path], eligible: _Eligible, currency: str
) -> Iterator[tuple[_Path, Decimal]]:
    """In proportion to eligible, half up; the last with something eligible takes what is left."""
    bearing = [path for path in leaves if eligible[path] > 0]
    base, left = sum((Fraction(eligible[path]) for path in bearing), Fraction(0)), amount
    for path in bearing:
        part = half_up(Fraction(amount) * Fraction(eligible[path]) / base, currency)
        part = left if path == bearing[-1] else min(part, left)
        left -= part
        yield path, part
