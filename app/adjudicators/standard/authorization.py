"""Preauthorizations: whether a line has what its benefit category asks for, and what it takes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from heapq import merge
from itertools import groupby

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
# Of one service: by preauthorization, each in its order.
_Places = dict[str, dict[_Place, None]]


class _Index:
    """Where there is something for a service; what is used up is not looked at again."""

    def __init__(
        self, lines: Mapping[_Place, HeldLine], days: Mapping[str, tuple[date, date]]
    ) -> None:
        self._days = days
        self._by_service: dict[str, _Places] = {}
        for place, line in lines.items():
            for service in line.services:
                places = self._by_service.setdefault(service, {})
                places.setdefault(place[0], {})[place] = None

    def of(self, leaf: Leaf) -> Iterator[_Place]:
        """The places that granted a service of the leaf on its day, each once, in their order."""
        services = {service.key for service in leaf.line.services}
        found = [self._by_service[each] for each in services if each in self._by_service]
        # Each is in order already; those of several codes are joined as far as they are asked for.
        for key in found[0] if len(found) == 1 else sorted({key for each in found for key in each}):
            first, last = self._days[key]
            if first <= leaf.day <= last:
                places = merge(*(each[key] for each in found if key in each))
                yield from (place for place, _ in groupby(places))

    def drop(self, place: _Place, line: HeldLine) -> None:
        """Find a place no more."""
        for service in line.services:
            places = self._by_service.get(service, {})
            places.get(place[0], {}).pop(place, None)
            if not places.get(place[0], True):
                del places[place[0]]


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
        self._held = self._index(lambda _: True)
        self._with_units = self._index(lambda line: not line.is_used_up)
        self._with_money = self._index(lambda line: line.amount > 0)
        self._used: dict[tuple[str, Path, Path], Use] = {}

    def hold_for(self, leaf: Leaf) -> bool:
        """Whether a preauthorization granted the leaf's service on its day, left or not."""
        return any(True for _ in self._holding(leaf, self._held))

    def are_used_up(self, leaf: Leaf) -> bool:
        """Whether nothing is left of all that hold for the leaf."""
        return not any(True for _ in self._holding(leaf, self._with_units))

    def units_within(self, leaf: Leaf, units: Decimal) -> Decimal:
        """How many of so many units are left; all where only the amount binds."""
        left = _NOTHING
        for _, line in self._holding(leaf, self._with_units):
            if line.quantity is None:
                return units
            left += line.quantity
            if left >= counted(units):
                return units
        return left

    def amount_within(self, leaf: Leaf, amount: Decimal) -> Decimal:
        """How much of an amount is left."""
        left = _NOTHING
        for _, line in self._holding(leaf, self._with_money):
            left += line.amount
            if left >= amount:
                return amount
        return left

    def take_units(self, leaf: Leaf, units: Decimal) -> None:
        """Take a quantity as far as it is there."""
        wanted, uses = counted(units), []
        for place, line in self._holding(leaf, self._with_units):
            # What was held before quantities were is there for all of them.
            if not wanted or line.quantity is None:
                break
            uses.append(Use(*place, leaf.line.path, _NOTHING, min(wanted, line.quantity)))
            wanted -= uses[-1].quantity
        for use in uses:
            self._take(use)

    def take_amount(self, leaf: Leaf, benefit: Decimal) -> None:
        """Take a benefit as far as it is there."""
        wanted, uses = benefit, []
        for place, line in self._holding(leaf, self._with_money):
            if not wanted:
                break
            uses.append(Use(*place, leaf.line.path, min(wanted, line.amount)))
            wanted -= uses[-1].amount
        for use in uses:
            self._take(use)

    def keep(self, use: Use) -> None:
        """A line that is carried over has what it had, also of what holds for the Claim no more."""
        self._take(use)

    def uses(self) -> tuple[Use, ...]:
        """All that was taken, one for each line and what it was taken of."""
        return tuple(sorted(self._used.values()))

    def _index(self, is_there: Callable[[HeldLine], bool]) -> _Index:
        lines = {place: line for place, line in self._left.items() if is_there(line)}
        return _Index(lines, self._days)

    def _holding(self, leaf: Leaf, index: _Index) -> Iterator[tuple[_Place, HeldLine]]:
        for place in index.of(leaf):
            yield place, self._left[place]

    def _take(self, use: Use) -> None:
        if not use.amount and not use.quantity:
            return
        place, key = (use.authorization, use.held), (use.authorization, use.held, use.path)
        before = self._used.get(key, replace(use, amount=_NOTHING, quantity=_NOTHING))
        self._used[key] = replace(
            use, amount=before.amount + use.amount, quantity=before.quantity + use.quantity
        )
        line = self._left.get(place)
        if line is not None:
            quantity = None if line.quantity is None else line.quantity - use.quantity
            self._left[place] = replace(line, amount=line.amount - use.amount, quantity=quantity)
            self._drop_used(place)

    def _drop_used(self, place: _Place) -> None:
        line = self._left[place]
        if line.is_used_up:
            self._with_units.drop(place, line)
        if line.amount == 0:
            self._with_money.drop(place, line)


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
    units = quantity_of(leaf.line)
    return left.units_within(leaf, units) if is_bound(benefit, terms) else units


def authorized_amount(
    leaf: Leaf, amount: Decimal, benefit: Benefit, terms: Terms, left: Reserves
) -> Decimal:
    """How much of a benefit is within what is left; all where none need be."""
    return left.amount_within(leaf, amount) if is_bound(benefit, terms) else amount


def is_bound(benefit: Benefit, terms: Terms) -> bool:
    """Whether the category is paid on a preauthorization only."""
    return benefit.authorization_required and terms.is_claimed
