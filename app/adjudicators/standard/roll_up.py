"""From decided leaves to the whole answer: groups, totals, process notes and the disposition."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.adjudicators.standard.reasons import find_note
from app.adjudicators.standard.rows import Rows
from app.domain.adjudication import (
    AdjudicationRequest,
    Amount,
    Category,
    Decided,
    DecidedLine,
    Note,
    Posting,
)
from app.domain.claims import Line
from app.domain.money import Money

Leaves = Mapping[tuple[int, ...], tuple[Amount, ...]]

_BORNE_BY_PATIENT = (
    Category.NONCOVERED,
    Category.DEDUCTIBLE,
    Category.COPAY,
    Category.COINSURANCE,
)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What lines are rolled up from: leaves, notes, and what an earlier decision carries over."""

    leaves: Leaves
    numbers: Mapping[str, int]
    carried: Mapping[tuple[int, ...], DecidedLine]
    currency: str


def rolled_up(
    request: AdjudicationRequest, leaves: Leaves, currency: str, postings: tuple[Posting, ...]
) -> Decided:
    """The decision on a Claim's lines in the Claim's own order, from the rows of its leaves.

    `leaves` is in sequence order, which numbers the notes; those of an earlier decision that the
    carried lines refer to keep their numbers.
    """
    lines, carried = request.claim.lines, request.reissue.carried() if request.reissue else {}
    kept = _kept(request, carried)
    fresh = {path: rows for path, rows in leaves.items() if not _is_below(path, carried)}
    numbers = _numbers(fresh, kept)
    totals = _totals(leaves, currency)
    sheet = _Sheet(leaves, numbers, carried, currency)
    notes = {note.number: note for note in kept}
    notes |= {number: Note(number, text) for text, number in numbers.items()}
    return Decided(
        lines=tuple(_line(line, sheet) for line in lines),
        totals=totals,
        disposition=_disposition(totals, currency),
        notes=tuple(note for _, note in sorted(notes.items())),
        postings=postings,
    )


def _line(line: Line, sheet: _Sheet) -> DecidedLine:
    if line.path in sheet.carried:
        return sheet.carried[line.path]
    parts = tuple(_line(part, sheet) for part in line.lines)
    leaves, numbers, currency = sheet.leaves, sheet.numbers, sheet.currency
    amounts = _summed(parts, currency) if parts else leaves[line.path]
    notes = sorted({numbers[text] for text in _texts(amounts)})
    return DecidedLine(line.path, amounts, tuple(notes), parts)


def _summed(parts: tuple[DecidedLine, ...], currency: str) -> tuple[Amount, ...]:
    rows = Rows(currency)
    # By sequence, so that the reasons of a group stand in one order whatever the array's.
    for part in sorted(parts, key=lambda part: part.path):
        rows.add_all(part.amounts)
    return rows.amounts()


def _kept(
    request: AdjudicationRequest, carried: Mapping[tuple[int, ...], DecidedLine]
) -> tuple[Note, ...]:
    """The notes of the earlier decision that lines which are carried over refer to."""
    if request.reissue is None:
        return ()
    referred = {number for line in carried.values() for number in _note_numbers(line)}
    return tuple(note for note in request.reissue.decided.notes if note.number in referred)


def _note_numbers(line: DecidedLine) -> set[int]:
    below = (_note_numbers(part) for part in line.lines)
    return set(line.notes).union(*below)


def _is_below(path: tuple[int, ...], carried: Mapping[tuple[int, ...], DecidedLine]) -> bool:
    return any(path[:depth] in carried for depth in range(1, len(path) + 1))


def _numbers(leaves: Leaves, kept: tuple[Note, ...]) -> dict[str, int]:
    """One number per distinct note, counted as they first appear from 1, or from those kept."""
    known = {note.text: note.number for note in kept}
    texts = dict.fromkeys(text for amounts in leaves.values() for text in _texts(amounts))
    first = max(known.values(), default=0) + 1
    fresh = (text for text in texts if text not in known)
    added = {text: number for number, text in enumerate(fresh, start=first)}
    return known | added


def _texts(amounts: tuple[Amount, ...]) -> list[str]:
    notes = (find_note(reason, row.category) for row in amounts for reason in row.reasons)
    return [note for note in notes if note is not None]


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
