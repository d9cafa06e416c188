"""What became of a request as a whole: approved, partly, denied, or taken away undecided.

Docs: docs/decisions.md defines each, with figures.
"""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from app.domain.adjudication import Category, Decided, DecidedLine

# What exceeds a contracted price says nothing against the service.
_PRICE_DIFFERENCE = "45"
_TAKEN_OFF = frozenset({Category.CONTRACTUAL, Category.NONCOVERED})


class Ending(StrEnum):
    """How a request for a decision ended."""

    APPROVED = "approved"
    PARTLY = "partly"
    DENIED = "denied"
    CANCELLED = "cancelled"
    # Another reprocess of the same Claim took its place.
    OVERTAKEN = "overtaken"


VERDICTS = frozenset({Ending.APPROVED, Ending.PARTLY, Ending.DENIED})


def verdict(decided: Decided) -> Ending:
    """What a decision says of the request as a whole.

    A line is granted where something of it is eligible or paid, in full where nothing is taken off
    but a price difference. One that asks for nothing is left out.
    """
    asked = [line for line in _leaves(decided.lines) if _amount(line, Category.SUBMITTED)]
    if all(_is_in_full(line) for line in asked):
        return Ending.APPROVED
    return Ending.PARTLY if any(map(_is_granted, asked)) else Ending.DENIED


def _leaves(lines: tuple[DecidedLine, ...]) -> Iterator[DecidedLine]:
    for line in lines:
        if line.lines:
            yield from _leaves(line.lines)
        else:
            yield line


def _amount(line: DecidedLine, category: Category) -> Decimal:
    found = (each.money.amount for each in line.amounts if each.category is category)
    return next(found, Decimal(0))


def _is_granted(line: DecidedLine) -> bool:
    # An adjudicator of the payer's own may not tell what is eligible.
    return max(_amount(line, Category.ELIGIBLE), _amount(line, Category.BENEFIT)) > 0


def _is_in_full(line: DecidedLine) -> bool:
    reasons = {
        reason.code
        for each in line.amounts
        if each.category in _TAKEN_OFF
        for reason in each.reasons
    }
    return _is_granted(line) and reasons <= {_PRICE_DIFFERENCE}
