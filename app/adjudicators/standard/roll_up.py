"""From decided leaves to the whole answer: groups, totals, process notes and the disposition."""

from collections.abc import Mapping

from app.adjudicators.standard.reasons import note_of
from app.adjudicators.standard.rows import Rows
from app.domain.adjudication import Amount, Category, Decided, DecidedLine, Note, Posting
from app.domain.claims import Line
from app.domain.money import Money

Leaves = Mapping[tuple[int, ...], tuple[Amount, ...]]

_BORNE_BY_PATIENT = (
    Category.NONCOVERED,
    Category.DEDUCTIBLE,
    Category.COPAY,
    Category.COINSURANCE,
)


def rolled_up(
    lines: tuple[Line, ...], leaves: Leaves, currency: str, postings: tuple[Posting, ...]
) -> Decided:
    """The decision on a Claim's lines in the Claim's own order, from the rows of its leaves.

    `leaves` is in sequence order, which numbers the notes.
    """
    numbers = _numbers(leaves)
    totals = _totals(leaves, currency)
    return Decided(
        lines=tuple(_line(line, leaves, numbers, currency) for line in lines),
        totals=totals,
        disposition=_disposition(totals, currency),
        notes=tuple(Note(number, text) for text, number in numbers.items()),
        postings=postings,
    )


def _line(line: Line, leaves: Leaves, numbers: Mapping[str, int], currency: str) -> DecidedLine:
    parts = tuple(_line(part, leaves, numbers, currency) for part in line.lines)
    amounts = _summed(parts, currency) if parts else leaves[line.path]
    notes = sorted({numbers[text] for text in _texts(amounts)})
    return DecidedLine(line.path, amounts, tuple(notes), parts)


def _summed(parts: tuple[DecidedLine, ...], currency: str) -> tuple[Amount, ...]:
    rows = Rows(currency)
    # By sequence, so that the reasons of a group stand in one order whatever the array's.
    for part in sorted(parts, key=lambda part: part.path):
        rows.add_all(part.amounts)
    return rows.amounts()


def _numbers(leaves: Leaves) -> dict[str, int]:
    """One number per distinct note, counted from 1 as they first appear."""
    texts = dict.fromkeys(text for amounts in leaves.values() for text in _texts(amounts))
    return {text: number for number, text in enumerate(texts, start=1)}


def _texts(amounts: tuple[Amount, ...]) -> list[str]:
    return [note_of(reason, row.category) for row in amounts for reason in row.reasons]


def _totals(leaves: Leaves, currency: str) -> tuple[Amount, ...]:
    rows = Rows(currency)
    for amounts in leaves.values():
        rows.add_all(amounts)
    rows.add(Category.PATIENT_SHARE, rows.sum_of(*_BORNE_BY_PATIENT))
    return tuple(Amount(row.category, row.money) for row in rows.amounts())


def _disposition(totals: tuple[Amount, ...], currency: str) -> str:
    sums = {row.category: row.money.amount for row in totals}
    nothing = Money.zero(currency).amount
    benefit = sums[Category.BENEFIT]
    submitted = sums.get(Category.SUBMITTED, nothing)
    if benefit == 0:
        return f"Nothing is payable of {submitted} {currency} submitted."
    return f"{benefit} {currency} are payable of {submitted} {currency} submitted."
