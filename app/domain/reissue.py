"""A decision made again: which lines are carried over, and what the new one changed.

A path names a line by its sequences from the item down. http://hl7.org/fhir/R4/claim.html#resource
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.adjudication import Amount, Category, Decided, DecidedLine, Note
from app.domain.changes import Change, rules_changed
from app.domain.money import Money

Path = tuple[int, ...]


class NotCarriedOver(Exception):
    """The new decision changed a line that nobody asked to decide again."""


@dataclass(frozen=True, slots=True)
class Reissue:
    """An earlier decision, and the lines of it to decide again; no paths are all of them.

    `decided.postings` are those that the decision still counts with. `rules` made it; `changes`
    are what differs from its inputs.
    """

    decided: Decided
    paths: tuple[Path, ...] = ()
    reference: str | None = None
    rules: str | None = None
    changes: tuple[Change, ...] = ()

    def carried(self) -> dict[Path, DecidedLine]:
        """The lines that stay as they are, with all below them; the topmost of each only."""
        if not self.paths:
            return {}
        asked = set(self.paths)
        above = {path[:depth] for path in asked for depth in range(1, len(path))}
        return dict(_carried(self.decided.lines, asked, above))


def _carried(
    lines: tuple[DecidedLine, ...], asked: set[Path], above: set[Path]
) -> Iterator[tuple[Path, DecidedLine]]:
    for line in lines:
        if line.path in asked:
            continue
        if line.path in above:
            yield from _carried(line.lines, asked, above)
        else:
            yield line.path, line


def spelled(path: Path) -> str:
    """A path as it is written in a Task.input: `2.1.3`."""
    return ".".join(str(sequence) for sequence in path)


def told(reissue: Reissue, decided: Decided, rules: str | None = None) -> Decided:
    """The new decision, made by `rules`, with notes that tell what changed and why, line by line.

    Raises NotCarriedOver where a line changed that was not to be decided again.
    """
    known = (*rules_changed(reissue.rules, rules), *reissue.changes)
    before, after = _by_path(reissue.decided), _by_path(decided)
    for path, line in reissue.carried().items():
        if after.get(path) != line:
            raise NotCarriedOver(spelled(path))
    number = max((note.number for note in (*reissue.decided.notes, *decided.notes)), default=0)
    changes: dict[Path, Note] = {}
    for path, line in after.items():
        changed = difference(before.get(path), line)
        if changed:
            number += 1
            causes = [change for change in known if change.matters_to(path)]
            changes[path] = _note(number, f"Line {spelled(path)}: {changed}.", causes)
    closing = _closing(reissue, bool(changes), number + 1)
    return replace(
        decided,
        lines=tuple(_noted(line, changes) for line in decided.lines),
        notes=(*decided.notes, *changes.values(), *closing),
    )


def _note(number: int, text: str, causes: Sequence[Change]) -> Note:
    if not causes:
        return Note(number, text)
    why = "; ".join(change.text for change in causes)
    codes = dict.fromkeys(change.cause for change in causes)
    return Note(number, f"{text} What changed: {why}.", tuple(codes))


def _closing(reissue: Reissue, is_changed: bool, number: int) -> tuple[Note, ...]:
    texts = [] if is_changed else ["Decided again, and nothing changed."]
    if reissue.reference is not None:
        texts.append(f"Reference quoted by the submitter: {reissue.reference}")
    return tuple(Note(number + index, text) for index, text in enumerate(texts))


def _noted(line: DecidedLine, changes: Mapping[Path, Note]) -> DecidedLine:
    change = changes.get(line.path)
    notes = line.notes if change is None else (*line.notes, change.number)
    return replace(line, notes=notes, lines=tuple(_noted(each, changes) for each in line.lines))


def _by_path(decided: Decided) -> dict[Path, DecidedLine]:
    def below(lines: tuple[DecidedLine, ...]) -> Iterator[tuple[Path, DecidedLine]]:
        for line in lines:
            yield line.path, line
            yield from below(line.lines)

    return dict(below(decided.lines))


def difference(before: DecidedLine | None, after: DecidedLine) -> str:
    """Which rows of a line changed, from what to what; empty where none did."""
    old = _rows(() if before is None else before.amounts)
    new = _rows(after.amounts)
    changed = [each for each in Category if old.get(each) != new.get(each)]
    return ", ".join(
        f"{category} {_amount(new.get(category))}, was {_amount(old.get(category))}"
        for category in changed
    )


def _rows(amounts: tuple[Amount, ...]) -> dict[Category, Money]:
    return {amount.category: amount.money for amount in amounts}


def _amount(money: Money | None) -> str:
    return "nothing" if money is None else f"{money.amount:f} {money.currency}"
