"""From what was done to what it costs: ChargeItems under their price rules become lines and totals.

http://hl7.org/fhir/R4/chargeitemdefinition.html, http://hl7.org/fhir/R4/invoice.html
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.domain.arithmetic import half_up
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.money import NO_CURRENCY, Money

# The largest amount of a line or an invoice, as of a Claim.
LARGEST = Decimal(10**12)
_ONE = Decimal(1)


class ComponentKind(StrEnum):
    """What a part of a price is: http://hl7.org/fhir/R4/valueset-invoice-priceComponentType.html."""

    BASE = "base"
    SURCHARGE = "surcharge"
    DEDUCTION = "deduction"
    DISCOUNT = "discount"
    TAX = "tax"
    INFORMATIONAL = "informational"


_K = ComponentKind
# What is added to the base price or taken from it; a tax is on top of that, and what only informs
# counts nowhere.
_BESIDE = frozenset({_K.SURCHARGE, _K.DEDUCTION, _K.DISCOUNT})


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a price: in a rule what is asked for one unit, in a line what it comes to.

    `code` names it, as JSON text, and is only carried over. A factor is a share: 0.19 is 19 %.
    """

    kind: ComponentKind
    amount: Money | None = None
    factor: Decimal | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Components that apply together; `is_conditional`: under a condition, which is met."""

    components: tuple[Component, ...]
    is_conditional: bool = False

    @property
    def bases(self) -> tuple[Component, ...]:
        """Its base prices, of which there should be one at most."""
        return tuple(each for each in self.components if each.kind is _K.BASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """The groups of one price rule that apply to a charge, in the order of the rule."""

    groups: tuple[Group, ...]

    @property
    def base_group(self) -> Group | None:
        """Where the base price is: under the first condition that is met, else without one."""
        priced = [group for group in self.groups if group.bases]
        conditional = (group for group in priced if group.is_conditional)
        return next(conditional, priced[0] if priced else None)


@dataclass(frozen=True, slots=True)
class Charge:
    """One ChargeItem: how much of it, what takes the place of its price, and the rules for it.

    `price` is the price of all of it, `factor` takes the place of the base price's own.
    """

    reference: str
    quantity: Decimal = _ONE
    price: Money | None = None
    factor: Decimal | None = None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A charge and what it comes to: its components, without tax, and with it."""

    reference: str
    components: tuple[Component, ...]
    net: Money
    gross: Money


@dataclass(frozen=True, slots=True)
class Bill:
    """Priced lines in one currency; `components` are the sums of the lines' alike ones."""

    lines: tuple[PricedLine, ...]
    components: tuple[Component, ...]
    net: Money
    gross: Money


def bill(charges: Sequence[Charge]) -> Bill:
    """Price the charges, at least one, and add them up.

    Every amount is rounded half up to the currency's minor unit once, where it is worked out;
    totals are sums of what is rounded. Raises Unacceptable with what is wrong with any of them.
    """
    lines: list[PricedLine] = []
    issues: list[Issue] = []
    for charge in charges:
        try:
            lines.append(_line(charge))
        except Unacceptable as wrong:
            issues += wrong.issues
    currencies = sorted({line.net.currency for line in lines})
    if len(currencies) > 1:
        text = f"The charges are in several currencies: {', '.join(currencies)}."
        issues.append(Issue(ErrorCode.INVOICE_CURRENCY, text))
    if issues:
        raise Unacceptable(*issues)
    return _added_up(tuple(lines), currencies[0])


def _added_up(lines: tuple[PricedLine, ...], currency: str) -> Bill:
    zero = Money.zero(currency)
    net = sum((line.net for line in lines), zero)
    gross = sum((line.gross for line in lines), zero)
    if max(net.amount, gross.amount) > LARGEST:
        text = f"The total is larger than {LARGEST:,}, the most that is billed."
        raise Unacceptable(Issue(ErrorCode.INVOICE_PRICE, text))
    return Bill(lines, _totals(lines), net, gross)


def _totals(lines: Sequence[PricedLine]) -> tuple[Component, ...]:
    """One component for each kind, code and factor, in the order of the kinds, without zeros."""
    sums: dict[Component, Money] = {}
    for line in lines:
        for each in line.components:
            if each.kind is not _K.INFORMATIONAL and each.amount is not None:
                # What a base price was multiplied by is the line's own business.
                factor = None if each.kind is _K.BASE else each.factor
                key = replace(each, amount=None, factor=factor)
                sums[key] = sums.get(key, Money.zero(each.amount.currency)) + each.amount
    order = list(_K)
    keys = sorted(sums, key=lambda key: order.index(key.kind))
    return tuple(replace(key, amount=sums[key]) for key in keys)


def _line(charge: Charge) -> PricedLine:
    parts = _parts(charge)
    base, factor = _base(charge, parts)
    first = next((each for each in parts if each.kind is _K.BASE), Component(_K.BASE))
    # A price that was agreed for all of it is not added to or taken from, only taxed.
    beside = [each for each in parts if each.kind in _BESIDE and charge.price is None]
    amounts = [_amount(each, base, charge) for each in beside]
    signed = (
        amount if each.kind is _K.SURCHARGE else -amount
        for each, amount in zip(beside, amounts, strict=True)
    )
    net = sum(signed, base)
    taxes = [each for each in parts if each.kind is _K.TAX]
    taxed = [_amount(each, net, charge) for each in taxes]
    gross = sum(taxed, net)
    if net.amount < 0 or gross.amount > LARGEST:
        raise _unpriced(charge, f"its net is below 0, or its gross above {LARGEST:,}.")
    components = (
        replace(first, amount=base, factor=factor),
        *(replace(each, amount=amount) for each, amount in zip(beside, amounts, strict=True)),
        *(replace(each, amount=amount) for each, amount in zip(taxes, taxed, strict=True)),
        *(each for each in parts if each.kind is _K.INFORMATIONAL),
    )
    return PricedLine(charge.reference, components, net, gross)


def _parts(charge: Charge) -> tuple[Component, ...]:
    """The components that apply: the first base price there is, and all without one beside it."""
    priced = next((rule for rule in charge.rules if rule.base_group is not None), None)
    found: list[Component] = []
    for rule in charge.rules:
        for group in rule.groups:
            is_chosen = rule is priced and group is rule.base_group
            is_beside = not group.bases and (rule is priced or rule.base_group is None)
            if is_chosen or is_beside:
                found += group.components
    return tuple(found)


def _base(charge: Charge, parts: Sequence[Component]) -> tuple[Money, Decimal | None]:
    """What the base price comes to, and the factor it was multiplied by, if any."""
    if charge.price is not None:
        return _rounded(charge, Fraction(charge.price.amount), charge.price.currency), None
    bases = [each for each in parts if each.kind is _K.BASE]
    unit = bases[0].amount if len(bases) == 1 else None
    if unit is None:
        raise _unpriced(charge, "there is no base price for it, or more than one.")
    factor = bases[0].factor if charge.factor is None else charge.factor
    times = Fraction(_ONE if factor is None else factor) * Fraction(charge.quantity)
    return _rounded(charge, Fraction(unit.amount) * times, unit.currency), factor


def _amount(component: Component, on: Money, charge: Charge) -> Money:
    """What a component comes to: a share of what it is `on`, or so much for each unit."""
    unit, factor = component.amount, component.factor
    if factor is not None and unit is None:
        if component.kind is _K.TAX and factor >= 1:
            raise _unpriced(charge, "a tax is 1 or more; 19 % is the factor 0.19.")
        return _rounded(charge, Fraction(on.amount) * Fraction(factor), on.currency)
    if unit is None or factor is not None:
        text = f"a {component.kind} of its price has not one of factor and amount."
        raise _unpriced(charge, text)
    if unit.currency != on.currency:
        text = f"{charge.reference} is priced in {on.currency} and in {unit.currency}."
        raise Unacceptable(Issue(ErrorCode.INVOICE_CURRENCY, text))
    return _rounded(charge, Fraction(unit.amount) * Fraction(charge.quantity), unit.currency)


def _rounded(charge: Charge, amount: Fraction, currency: str) -> Money:
    if currency == NO_CURRENCY:
        text = f"An amount of {charge.reference} has no currency."
        raise Unacceptable(Issue(ErrorCode.INVOICE_CURRENCY, text))
    if amount < 0 or amount > Fraction(LARGEST):
        raise _unpriced(charge, f"an amount of it is below 0 or above {LARGEST:,}.")
    return Money(half_up(amount, currency), currency)


def _unpriced(charge: Charge, why: str) -> Unacceptable:
    return Unacceptable(
        Issue(ErrorCode.INVOICE_PRICE, f"{charge.reference} cannot be priced: {why}")
    )
