"""What intake checks of a Claim before money is spoken of, and the arithmetic of its lines.

A Claim with a finding is stored as `invalid` and answered with every one of them.
http://hl7.org/fhir/R4/claim.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, localcontext
from itertools import chain, islice

from app.domain.arithmetic import (
    EXACT,
    amounts_of,
    currency_of,
    factor_of,
    gross_of,
    line_amounts,
    net_of,
    quantity_of,
    tax_of,
)
from app.domain.claims import Claim, Days, Line
from app.domain.codes import ClaimUse
from app.domain.issues import ErrorCode, Issue
from app.domain.money import Money, rounded

# So many errors are told one by one: who mends these finds the rest, and an answer stays an answer.
MOST_ISSUES = 200
# More than any bill, and little enough for every sum of it to be kept in minor units.
LARGEST = Decimal(10**12)


def edits(claim: Claim, today: date, born_on: date | None = None) -> list[Issue]:
    """Every error of the Claim, in the order of the rules; empty where it may be adjudicated.

    `today` is the day of receipt in the payer's zone; `born_on` the patient's birth date, None
    where nobody knows it.
    """
    with localcontext(EXACT):
        found = chain(
            _insurance(claim),
            _sequences(claim),
            _pointers(claim),
            _currencies(claim),
            _dates(claim, today, born_on),
            _negatives(claim),
            _too_large(claim),
            _nets(claim),
            _total(claim),
        )
        issues = list(islice(found, MOST_ISSUES))
        more = sum(1 for _ in found)
    if more:
        text = f"There are {more} more errors; mend these and send the Claim again."
        issues.append(Issue(ErrorCode.CLAIM_MORE, text, "Claim"))
    return issues


def _insurance(claim: Claim) -> Iterator[Issue]:
    focal = sum(insurance.focal for insurance in claim.insurance)
    if focal != 1:
        text = f"Exactly one insurance is focal; here {focal} of {len(claim.insurance)} are."
        yield Issue(ErrorCode.CLAIM_INSURANCE, text, "Claim.insurance")


def _sequences(claim: Claim) -> Iterator[Issue]:
    lists = {
        "careTeam": claim.care_team,
        "diagnosis": claim.diagnoses,
        "procedure": claim.procedures,
        "supportingInfo": claim.information,
        "insurance": tuple(insurance.sequence for insurance in claim.insurance),
    }
    for element, sequences in lists.items():
        places = [f"Claim.{element}[{index}].sequence" for index in range(len(sequences))]
        yield from _repeated(zip(sequences, places, strict=True))
    yield from _line_sequences(claim.lines)


def _line_sequences(lines: tuple[Line, ...]) -> Iterator[Issue]:
    yield from _repeated((line.path[-1], f"{line.expression}.sequence") for line in lines)
    for line in lines:
        yield from _line_sequences(line.lines)


def _repeated(sequences: Iterable[tuple[int, str]]) -> Iterator[Issue]:
    seen: set[int] = set()
    for sequence, expression in sequences:
        if sequence in seen:
            text = f"The sequence {sequence} is used before in the same list."
            yield Issue(ErrorCode.CLAIM_SEQUENCE, text, expression)
        seen.add(sequence)


def _pointers(claim: Claim) -> Iterator[Issue]:
    known = {
        "careTeam": frozenset(claim.care_team),
        "diagnosis": frozenset(claim.diagnoses),
        "procedure": frozenset(claim.procedures),
        "information": frozenset(claim.information),
    }
    for line in _every(claim.lines):
        for element, pointers in (
            ("careTeam", line.care_team),
            ("diagnosis", line.diagnoses),
            ("procedure", line.procedures),
            ("information", line.information),
        ):
            for index, pointer in enumerate(pointers):
                if pointer not in known[element]:
                    yield Issue(
                        ErrorCode.CLAIM_SEQUENCE,
                        f"The Claim has no entry of sequence {pointer} that this could mean.",
                        f"{line.expression}.{element}Sequence[{index}]",
                    )


def _every(lines: tuple[Line, ...]) -> Iterator[Line]:
    for line in lines:
        yield line
        yield from _every(line.lines)


def _currencies(claim: Claim) -> Iterator[Issue]:
    currency = currency_of(claim)
    for expression, money in amounts_of(claim):
        if money.currency != currency:
            text = f"The Claim is in {currency}, expected here too; received {money.currency}."
            yield Issue(ErrorCode.CLAIM_CURRENCY, text, expression)


def _dates(claim: Claim, today: date, born_on: date | None) -> Iterator[Issue]:
    periods = [(f"{line.expression}.serviced", line.serviced) for line in _every(claim.lines)]
    yield from _inverted([("Claim.billablePeriod", claim.billable), *periods])
    for expression, day in _service_days(claim).items():
        if born_on is not None and day < born_on:
            text = f"The service of {day} was before the patient's birth."
            yield Issue(ErrorCode.CLAIM_DATE, text, expression)
        if claim.use is ClaimUse.CLAIM and day > today:
            text = f"A claim is for services that were given; {day} is after {today}."
            yield Issue(ErrorCode.CLAIM_DATE, text, expression)


def _inverted(periods: Iterable[tuple[str, Days | None]]) -> Iterator[Issue]:
    for expression, days in periods:
        if days is None or days.first is None or days.last is None or days.first <= days.last:
            continue
        text = f"The period starts on {days.first} and ends before, on {days.last}."
        yield Issue(ErrorCode.CLAIM_DATE, text, expression)


def _service_days(claim: Claim) -> dict[str, date]:
    """The first day of each service, by the element that tells it; each element once."""
    told: dict[str, date | None] = {}
    for line in claim.lines:
        if line.serviced is not None:
            told[f"{line.expression}.serviced"] = line.serviced.first or line.serviced.last
        elif claim.billable is not None and claim.billable.first is not None:
            told["Claim.billablePeriod"] = claim.billable.first
        else:
            told["Claim.created"] = claim.created.first
    return {expression: day for expression, day in told.items() if day is not None}


def _negatives(claim: Claim) -> Iterator[Issue]:
    for line in _every(claim.lines):
        # A group's own price, factor and tax decide nothing.
        leaf = () if line.lines else ("unitPrice", "factor", "tax")
        for element in ("quantity", *leaf, "net"):
            amount = _figure(line, element)
            if amount is not None and amount < 0:
                text = f"The {element} is negative: {amount}; expected 0 or more."
                yield Issue(ErrorCode.CLAIM_NEGATIVE, text, f"{line.expression}.{element}")


def _too_large(claim: Claim) -> Iterator[Issue]:
    """Every figure, and every product and sum of them, stays within what a ledger holds."""
    text = f"The figure is larger than any that is decided: expected {LARGEST:,} or less."
    for line in _every(claim.lines):
        for element in ("quantity", "unitPrice", "factor", "tax", "net"):
            amount = _figure(line, element)
            if amount is not None and amount > LARGEST:
                yield Issue(ErrorCode.CLAIM_AMOUNT, text, f"{line.expression}.{element}")
        if line.net is None and gross_of(line) > LARGEST:
            yield Issue(ErrorCode.CLAIM_AMOUNT, text, line.expression)
    currency = currency_of(claim)
    if currency is not None and _sum_of(claim.lines, currency) > LARGEST:
        yield Issue(ErrorCode.CLAIM_AMOUNT, text, "Claim.item")


_FIGURES: Mapping[str, Callable[[Line], Money | Decimal | None]] = {
    "quantity": lambda line: line.quantity,
    "unitPrice": lambda line: line.unit_price,
    "factor": lambda line: line.factor,
    "tax": lambda line: line.tax,
    "net": lambda line: line.net,
}


def _figure(line: Line, element: str) -> Decimal | None:
    figure = _FIGURES[element](line)
    return figure.amount if isinstance(figure, Money) else figure


def _nets(claim: Claim) -> Iterator[Issue]:
    currency = currency_of(claim)
    if currency is None:
        return
    for line in _every(claim.lines):
        # Amounts of several currencies have no sum; the mixture is reported already.
        if line.net is None or _is_mixed(line, currency):
            continue
        received = line.net.amount
        if line.lines:
            expected, rule = _sum_of(line.lines, currency), "the sum of its lines"
        else:
            expected, rule = _leaf_net(line, currency)
        if expected != received:
            text = f"The net is {received} {currency}; expected {expected} {currency}: {rule}."
            yield Issue(ErrorCode.CLAIM_NET, text, f"{line.expression}.net")


def _leaf_net(line: Line, currency: str) -> tuple[Decimal, str]:
    units = quantity_of(line) * factor_of(line)
    if line.unit_price is not None or units == 0:
        # No units cost nothing, whatever the price would have been.
        return rounded(gross_of(line), currency), "quantity x unitPrice x factor + tax"
    tax, net = tax_of(line), net_of(line, currency)
    if net < tax:
        return rounded(tax, currency), "a net holds its tax"
    return rounded(net, currency), "the currency has no smaller unit"


def _sum_of(lines: tuple[Line, ...], currency: str) -> Decimal:
    return sum((net_of(line, currency) for line in lines), Decimal(0))


def _is_mixed(line: Line, currency: str) -> bool:
    return any(money.currency != currency for _, money in line_amounts(line))


def _total(claim: Claim) -> Iterator[Issue]:
    if claim.total is None or any(_is_mixed(line, claim.total.currency) for line in claim.lines):
        return
    received, currency = claim.total.amount, claim.total.currency
    expected = _sum_of(claim.lines, currency)
    if expected != received:
        text = (
            f"The total is {received} {currency}; expected {expected} {currency}: the sum of items."
        )
        yield Issue(ErrorCode.CLAIM_TOTAL, text, "Claim.total")
