"""What the plan allows for a line: the contracted price, or what was submitted where lower."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.adjudicators.standard.leaves import Leaf
from app.adjudicators.standard.terms import Terms
from app.domain.arithmetic import factor_of, gross_of, half_up, net_of, quantity_of, tax_of
from app.domain.claims import Line
from app.domain.plan import Price

_WHOLE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Priced:
    """A line's submitted and allowed amounts, its allowed tax, and its quantity.

    `exact` is the allowed amount before rounding: what is allowed of a part of the units is rounded
    once, from here.
    """

    submitted: Decimal
    allowed: Decimal
    tax: Decimal
    quantity: Decimal
    exact: Fraction
    currency: str

    def allowed_of(self, units: Decimal) -> Decimal:
        """What is allowed of so many of the line's units."""
        if units >= self.quantity:
            return self.allowed
        part = self.exact * Fraction(units) / Fraction(self.quantity)
        return min(half_up(part, self.currency), self.allowed)


def priced(leaf: Leaf, terms: Terms) -> Priced:
    """Price a leaf; the tax follows the price in proportion and is rounded with it, once."""
    line, currency = leaf.line, terms.currency
    net = net_of(line, currency)
    gross = Fraction(net) if line.unit_price is None else Fraction(gross_of(line))
    share = _allowed_share(line, net, _price_of(leaf, terms))
    exact = _part(gross, share)
    submitted = half_up(Fraction(net), currency)
    return Priced(
        submitted=submitted,
        allowed=min(half_up(exact, currency), submitted),
        tax=half_up(_part(Fraction(tax_of(line)), share), currency),
        quantity=quantity_of(line),
        exact=exact,
        currency=currency,
    )


def _part(amount: Fraction, share: Fraction) -> Fraction:
    # Most services are submitted at the agreed price, and a product of fractions is a long one.
    return amount if share is _WHOLE else amount * share


def _price_of(leaf: Leaf, terms: Terms) -> Decimal | None:
    """The first price whose conditions the line meets, else the first without conditions."""
    default: Decimal | None = None
    for price in terms.prices_for(leaf):
        amount = _amount(price, terms.currency)
        if amount is None:
            continue
        if price.conditions:
            return amount
        default = amount if default is None else default
    return default


def _amount(price: Price, currency: str) -> Decimal | None:
    if price.amount is None or price.amount.currency != currency:
        return None
    return price.amount.amount


def _allowed_share(line: Line, net: Decimal, price: Decimal | None) -> Fraction:
    """Min(unitPrice, price) / unitPrice; 1 where nothing is to be compared."""
    if price is None:
        return _WHOLE
    if line.unit_price is not None:
        unit_price = line.unit_price.amount
        return _WHOLE if price >= unit_price else Fraction(price) / Fraction(unit_price)
    units = Fraction(quantity_of(line)) * Fraction(factor_of(line))
    if not units:
        return _WHOLE
    submitted = (Fraction(net) - Fraction(tax_of(line))) / units
    return _WHOLE if price >= submitted else Fraction(price) / submitted
