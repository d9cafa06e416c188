"""Reading the ClaimResponse of an earlier payer: what it paid, by line or in total.

http://hl7.org/fhir/R4/claimresponse.html
"""

from collections.abc import Iterator
from decimal import Decimal

from app.domain.adjudication import EarlierAnswer
from app.domain.canonical import HL7_ADJUDICATION
from app.domain.money import Money
from app.fhir.documents import Document, codings_of, money_of

_TIERS = ("item", "detail", "subDetail")
_DECIDED = frozenset({"complete", "partial"})


def read_answer(document: Document) -> EarlierAnswer | None:
    """What it paid; None of one that is not in force or decides nothing."""
    if document.get("status") != "active" or document.get("outcome") not in _DECIDED:
        return None
    lines = dict(_lines(document, ()))
    total = _benefit(document.get("total", []))
    if total is None:
        paid = money_of(document.get("payment", {}).get("amount"))
        total = None if paid is None else _not_negative(paid.amount, paid.currency)
    return EarlierAnswer(lines, total)


def _lines(parent: Document, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Money]]:
    """The benefit of each line; where its parts tell theirs, of each part, then what is beyond."""
    if len(path) == len(_TIERS):
        return
    tier = _TIERS[len(path)]
    for line in parent.get(tier, []):
        if f"{tier}Sequence" not in line:
            continue
        here = (*path, line[f"{tier}Sequence"])
        parts = list(_lines(line, here))
        yield from parts
        benefit = _benefit(line.get("adjudication", []))
        if benefit is None:
            continue
        beyond = benefit.amount - _sum_of(parts, benefit.currency)
        if not parts or beyond > 0:
            yield here, Money(beyond, benefit.currency)


def _sum_of(parts: list[tuple[tuple[int, ...], Money]], currency: str) -> Decimal:
    return sum((money.amount for _, money in parts if money.currency == currency), Decimal(0))


def _benefit(rows: list[Document]) -> Money | None:
    """The sum of the rows of category `benefit`, nothing where it is negative; None without one."""
    found = [money for row in rows if _is_benefit(row) and (money := money_of(row.get("amount")))]
    if not found:
        return None
    amount = sum((money.amount for money in found), Decimal(0))
    return _not_negative(amount, found[0].currency)


def _not_negative(amount: Decimal, currency: str) -> Money:
    """An amount; nothing where a payer took back more than it paid."""
    return Money(max(amount, Decimal(0)), currency)


def _is_benefit(row: Document) -> bool:
    codings = codings_of(row["category"])
    return any(
        each.code == "benefit" and each.system in (HL7_ADJUDICATION, None) for each in codings
    )
