"""The arithmetic of a Claim's lines, exact until the one rounding of each line.

http://hl7.org/fhir/R4/claim-definitions.html#Claim.item.net
"""

from collections.abc import Iterator
from decimal import Context, Decimal
from fractions import Fraction

from app.domain.claims import Claim, Line
from app.domain.money import Money, minor_unit, rounded

# Products and sums of the longest numbers the gateway accepts stay exact in it; Python's own
# context would round them to 28 digits without a word.
EXACT = Context(prec=200)


def half_up(amount: Fraction, currency: str) -> Decimal:
    """Half up (away from zero) to the currency's minor unit.

    Takes a Fraction: a quotient such as net / quantity has no exact decimal, and a decimal cut off
    just below one half would be rounded the wrong way.
    """
    unit = minor_unit(currency)
    # In whole numbers: a half is added to the quotient by doubling it.
    above, below = abs(amount.numerator) * 10 ** -unit.adjusted(), amount.denominator
    units = (2 * above + below) // (2 * below)
    # From text, because that is exact at any length; arithmetic would round to 28 digits.
    return Decimal(f"{'-' if amount < 0 and units else ''}{units}E{unit.adjusted()}")


def quantity_of(line: Line) -> Decimal:
    """The line's quantity, 1 where it has none."""
    return Decimal(1) if line.quantity is None else line.quantity


def factor_of(line: Line) -> Decimal:
    """The line's factor, 1 where it has none."""
    return Decimal(1) if line.factor is None else line.factor


def tax_of(line: Line) -> Decimal:
    """The line's tax, 0 where it carries none."""
    return Decimal(0) if line.tax is None else line.tax.amount


def gross_of(line: Line) -> Decimal:
    """Quantity x unitPrice x factor + tax of a leaf, not rounded; a missing price counts as 0."""
    price = Decimal(0) if line.unit_price is None else line.unit_price.amount
    return quantity_of(line) * price * factor_of(line) + tax_of(line)


def net_of(line: Line, currency: str) -> Decimal:
    """The line's net as submitted; where it is silent, what its own figures or its lines give."""
    if line.net is not None:
        return line.net.amount
    if line.lines:
        return sum((net_of(part, currency) for part in line.lines), Decimal(0))
    return rounded(gross_of(line), currency)


def amounts_of(claim: Claim) -> Iterator[tuple[str, Money]]:
    """Every amount of a Claim with its FHIRPath: the total, then line by line."""
    if claim.total is not None:
        yield "Claim.total", claim.total
    for line in claim.lines:
        yield from line_amounts(line)


def line_amounts(line: Line) -> Iterator[tuple[str, Money]]:
    """Every amount of a line and of the lines below it, with its FHIRPath."""
    named = {"unitPrice": line.unit_price, "tax": line.tax, "net": line.net}
    for element, money in named.items():
        if money is not None:
            yield f"{line.expression}.{element}", money
    for part in line.lines:
        yield from line_amounts(part)


def currency_of(claim: Claim) -> str | None:
    """The currency of the Claim's first amount, its total before its lines; None without any."""
    return next((money.currency for _, money in amounts_of(claim)), None)
