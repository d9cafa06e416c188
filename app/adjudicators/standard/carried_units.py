"""How many units a line has used that an earlier decision is carried over for.

Rows tell amounts; a line used the units that it has something eligible for.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from app.adjudicators.standard import reasons
from app.adjudicators.standard.authorization import Reserves
from app.adjudicators.standard.counters import Tally
from app.adjudicators.standard.leaves import leaves_of
from app.adjudicators.standard.lines import Assessed, Standing, assessed
from app.adjudicators.standard.pricing import Priced
from app.adjudicators.standard.terms import Terms
from app.domain.adjudication import AdjudicationRequest, Amount, Category
from app.domain.authorizations import counted
from app.domain.money import minor_unit

_Path = tuple[int, ...]
_NOTHING = Decimal(0)


def units_of_carried(
    request: AdjudicationRequest, carried: Mapping[_Path, tuple[Amount, ...]], terms: Terms
) -> dict[_Path, Decimal]:
    """The units of each leaf that is carried over, whatever the plan would give it now."""
    # Where all lines are decided in their order by the terms of now: mostly they are as they were.
    standing = Standing(Tally(request.counters), Reserves(terms))
    units: dict[_Path, Decimal] = {}
    for leaf in leaves_of(request.claim, request.received_on):
        path, now = leaf.line.path, assessed(leaf, terms, standing)
        if path in carried:
            granted = standing.units.granted.get(path, _NOTHING)
            units[path] = _units(carried[path], now, granted)
    return units


def _units(rows: tuple[Amount, ...], now: Assessed, granted: Decimal) -> Decimal:
    amounts = {row.category: row.money.amount for row in rows}
    eligible = amounts.get(Category.ELIGIBLE, _NOTHING)
    if not eligible:
        return _NOTHING
    allowed = _allowed(rows, amounts[Category.SUBMITTED])
    if allowed is None:
        allowed = now.price.allowed
    if (allowed, eligible) == (now.price.allowed, now.eligible):
        return granted
    if eligible >= allowed:
        return now.price.quantity
    return _part(now.price, eligible, allowed)


def _allowed(rows: tuple[Amount, ...], submitted: Decimal) -> Decimal | None:
    """What the price allowed; None where what it took is in one row with what a limit took."""
    reduced = next((row for row in rows if reasons.PRICE.key in _keys(row)), None)
    if reduced is None:
        return submitted
    return submitted - reduced.money.amount if len(reduced.reasons) == 1 else None


def _keys(row: Amount) -> set[str]:
    return {reason.key for reason in row.reasons}


def _part(price: Priced, eligible: Decimal, allowed: Decimal) -> Decimal:
    """The units that so much is for: whole ones as far as the rounding of amounts can tell."""
    units = Fraction(price.quantity) * Fraction(eligible) / Fraction(allowed)
    whole = round(units)
    slack = Fraction(price.quantity) * Fraction(minor_unit(price.currency)) / Fraction(allowed)
    if whole and abs(units - whole) <= slack:
        return Decimal(whole)
    return counted(Decimal(units.numerator) / Decimal(units.denominator))
