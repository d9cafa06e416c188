"""Preauthorizations: whether a line has what its benefit category asks for, and what it takes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.adjudicators.standard import reasons
from app.adjudicators.standard.denial import Denial
from app.adjudicators.standard.leaves import Leaf
from app.adjudicators.standard.network import is_in_network
from app.adjudicators.standard.terms import Terms
from app.domain.arithmetic import quantity_of
from app.domain.authorizations import HeldLine, Path, Use, counted
from app.domain.plan import Benefit

_NOTHING = Decimal(0)
_Place = tuple[str, Path]


class Reserves:
    """What is left of the preauthorizations of a request; it goes down as lines go by.

    Taken from in the order of their keys, then of their lines: money and services each for itself.
    """

    def __init__(self, terms: Terms) -> None:
        # Only what is claimed uses anything; what is asked for is asked for anew.
        held = sorted(terms.authorizations, key=lambda one: one.key) if terms.is_claimed else []
        self._days = {
            one.key: (one.starts_on or date.min, one.ends_on or date.max)
            for one in held
            if one.currency == terms.currency
        }
        self._left: dict[_Place, HeldLine] = {
            (one.key, line.path): line
            for one in held
            if one.key in self._days
            for line in sorted(one.lines, key=lambda line: line.path)
        }
        self._used: dict[tuple[str, Path, Path], Use] = {}

    def hold_for(self, leaf: Leaf) -> bool:
        """Whether a preauthorization granted the leaf's service on its day, left or not."""
        return any(True for _ in self._holding(leaf))

    def are_used_up(self, leaf: Leaf) -> bool:
        """Whether nothing is left of all that hold for the leaf."""
        return all(line.is_used_up for _, line in self._holding(leaf))

    def units_left(self, leaf: Leaf) -> Decimal | None:
        """How many units may be rendered yet; None where only the amount binds."""
        left = [line for _, line in self._holding(leaf) if not line.is_used_up]
        known = [line.quantity for line in left if line.quantity is not None]
        return sum(known, _NOTHING) if len(known) == len(left) else None

    def amount_left(self, leaf: Leaf) -> Decimal:
        """How much may be paid for the leaf yet."""
        return sum((line.amount for _, line in self._holding(leaf)), _NOTHING)

    def take_units(self, leaf: Leaf, units: Decimal) -> None:
        """Take a quantity as far as it is there."""
        wanted = counted(units)
        for place, line in list(self._holding(leaf)):
            if line.is_used_up:
                continue
            if line.quantity is None:
                # Held before quantities were: it is there for all of them.
                return
            taken = min(wanted, line.quantity)
            self._take(Use(*place, leaf.line.path, _NOTHING, taken))
            wanted -= taken

    def take_amount(self, leaf: Leaf, benefit: Decimal) -> None:
        """Take a benefit as far as it is there."""
        for place, line in list(self._holding(leaf)):
            taken = min(benefit, line.amount)
            self._take(Use(*place, leaf.line.path, taken))
            benefit -= taken

    def keep(self, use: Use) -> None:
        """A line that is carried over has what it had, also of what holds for the Claim no more."""
        self._take(use)

    def uses(self) -> tuple[Use, ...]:
        """All that was taken, one for each line and what it was taken of."""
        return tuple(sorted(self._used.values()))

    def _holding(self, leaf: Leaf) -> Iterator[tuple[_Place, HeldLine]]:
        services = {service.key for service in leaf.line.services}
        for place, line in self._left.items():
            first, last = self._days[place[0]]
            if services & line.services and first <= leaf.day <= last:
                yield place, line

    def _take(self, use: Use) -> None:
        if not use.amount and not use.quantity:
            return
        key = (use.authorization, use.held, use.path)
        before = self._used.get(key, replace(use, amount=_NOTHING, quantity=_NOTHING))
        self._used[key] = replace(
            use, amount=before.amount + use.amount, quantity=before.quantity + use.quantity
        )
        line = self._left.get(key[:2])
        if line is not None:
            quantity = None if line.quantity is None else line.quantity - use.quantity
            self._left[key[:2]] = replace(line, amount=line.amount - use.amount, quantity=quantity)


def authorization_denial(
    leaf: Leaf, benefit: Benefit, terms: Terms, left: Reserves
) -> Denial | None:
    """Asked of use=claim only; in network the provider bears what it did not ask for."""
    if not is_bound(benefit, terms):
        return None
    is_providers = is_in_network(leaf.day, terms)
    if not left.hold_for(leaf):
        return Denial(reasons.NOT_AUTHORIZED, is_contractual=is_providers)
    if left.are_used_up(leaf):
        return Denial(reasons.USED_UP, is_contractual=is_providers)
    return None


def authorized_units(leaf: Leaf, benefit: Benefit, terms: Terms, left: Reserves) -> Decimal:
    """How many of the leaf's units are within what is left; all where none need be."""
    units, known = quantity_of(leaf.line), left.units_left(leaf)
    if not is_bound(benefit, terms) or known is None or counted(units) <= known:
        return units
    return known


def authorized_amount(
    leaf: Leaf, amount: Decimal, benefit: Benefit, terms: Terms, left: Reserves
) -> Decimal:
    """How much of a benefit is within what is left; all where none need be."""
    return min(amount, left.amount_left(leaf)) if is_bound(benefit, terms) else amount


def is_bound(benefit: Benefit, terms: Terms) -> bool:
    """Whether the category is paid on a preauthorization only."""
    return benefit.authorization_required and terms.is_claimed
