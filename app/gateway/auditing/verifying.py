"""Whether the audit is as it was written: each row by its digest, all of them by their seals.

Docs: docs/audit.md, "To verify".
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from app.domain.parties import Payer
from app.gateway.installation import Installation
from app.store import seals
from app.store.audit import Recorded
from app.store.audit import digest_of as digest_of_row
from app.store.database.walls import EVERYBODY
from app.store.seals import Seal, Seals

T = TypeVar("T")

_AT_ONCE = 5_000
MOST_TOLD = 100
_LOWEST = -(2**63)
Told = Callable[[int], None]


class Kind(StrEnum):
    """What is not as it was."""

    ROW_CHANGED = "row-changed"
    ROWS_MISSING = "rows-missing"
    ROWS_ADDED = "rows-added"
    ROWS_OTHER = "rows-other"
    SEAL_MISSING = "seal-missing"
    CUT_OFF = "cut-off"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was: of a row by its number, of a seal by its own."""

    kind: Kind
    at: int
    text: str


@dataclass(slots=True)
class Verified:
    """What a payer's audit came to; `found` are the first findings, of `faults` in all."""

    payer: Payer
    rows: int = 0
    unsealed: int = 0
    seals: int = 0
    newest: Seal | None = None
    found: list[Finding] = field(default_factory=list)
    faults: int = 0

    def add(self, kind: Kind, at: int, text: str) -> None:
        """One more."""
        self.faults += 1
        if len(self.found) < MOST_TOLD:
            self.found.append(Finding(kind, at, text))


def verified(
    installation: Installation,
    payer: Payer,
    expected: Mapping[int, str],
    told: Told = lambda _: None,
) -> Verified:
    """Hold a payer's rows and seals against their digests, and against seals that were exported.

    `expected` are digests by the number of their seal; `told` hears how many rows are done.
    """
    result, keeper = Verified(payer), _Keeper(installation, payer.id)
    # Before any row is read: all that are under these seals are there by now. Of what is sealed
    # meanwhile some may not have been there as rows were read that are numbered higher.
    last = keeper.ask(lambda kept: kept.newest())
    rows = _Ahead(keeper.rows(), result, keeper, told)
    missing = dict(expected)
    previous = ""
    for seal in keeper.seals(0 if last is None else last.number):
        wanted = result.seals + 1 if result.newest is None else result.newest.number + 1
        if seal.number != wanted:
            text = f"Seal {wanted} is missing: the next is {seal.number}."
            result.add(Kind.SEAL_MISSING, wanted, text)
        _hold(seal, rows.up_to(seal.last_seq), previous, result, keeper)
        if missing.pop(seal.number, seal.digest) != seal.digest:
            text = f"Seal {seal.number} is another than the one that was exported."
            result.add(Kind.CUT_OFF, seal.number, text)
        result.seals, result.newest, previous = result.seals + 1, seal, seal.digest
    for number in sorted(missing):
        text = f"Seal {number} was exported, and is not there any more."
        result.add(Kind.CUT_OFF, number, text)
    result.unsealed = len(rows.up_to(None))
    return result


def newest(installation: Installation, payer: Payer) -> Seal | None:
    """A payer's last seal, to be kept where nobody can reach it who can write the database."""
    return _Keeper(installation, payer.id).ask(lambda kept: kept.newest())


def count(installation: Installation, payer: Payer) -> int:
    """How many rows a payer's audit has."""
    return _Keeper(installation, payer.id).ask(lambda kept: kept.count())


class _Keeper:
    """Reads a payer's rows and seals, so many at once: they never change, and are many."""

    def __init__(self, installation: Installation, payer_id: str) -> None:
        self._installation = installation
        self.payer_id = payer_id
        self.hasher = installation.hasher

    def ask(self, query: Callable[[Seals], T]) -> T:
        """What the database tells."""
        now = self._installation.clock()

        def read(connection: Any) -> T:
            return query(Seals(connection, self.payer_id, now, self.hasher))

        return self._installation.store.read(read, EVERYBODY)

    def rows(self) -> Iterator[Recorded]:
        """Every row, in order, also below the first number that is ever given."""
        last = _LOWEST
        while found := self.ask(lambda kept: kept.rows(last, _AT_ONCE)):  # noqa: B023  asked now
            yield from found
            last = found[-1].seq

    def seals(self, newest: int) -> Iterator[Seal]:
        """Every seal up to this number, in order."""
        last = 0
        while found := self.ask(lambda kept: kept.after(last, _AT_ONCE)):  # noqa: B023  asked now
            last = found[-1].number
            yield from (seal for seal in found if seal.number <= newest)
            if last >= newest:
                break


class _Ahead:
    """The rows, taken up to one number after the other; each is held against its digest."""

    def __init__(
        self, rows: Iterator[Recorded], result: Verified, keeper: _Keeper, told: Told
    ) -> None:
        self._rows = rows
        self._next = next(rows, None)
        self._result = result
        self._keeper = keeper
        self._told = told

    def up_to(self, last_seq: int | None) -> list[tuple[int, str]]:
        """Numbers and digests of the rows up to this one; of all that are left without one."""
        taken = []
        while self._next is not None and (last_seq is None or self._next.seq <= last_seq):
            taken.append((self._next.seq, self._next.digest))
            self._check(self._next)
            self._next = next(self._rows, None)
        return taken

    def _check(self, row: Recorded) -> None:
        self._result.rows += 1
        digest = digest_of_row(self._keeper.payer_id, row.at, row.event, self._keeper.hasher)
        if digest != row.digest:
            self._result.add(Kind.ROW_CHANGED, row.seq, f"Row {row.seq} is not as it was written.")
        self._told(1)


def _hold(
    seal: Seal,
    rows: list[tuple[int, str]],
    previous: str,
    result: Verified,
    keeper: _Keeper,
) -> None:
    """Whether a seal is over these rows, and behind the seal before."""
    if seals.digest_of(keeper.payer_id, seal, rows, previous, keeper.hasher) == seal.digest:
        return
    place = f"under seal {seal.number}, rows {seal.first_seq} to {seal.last_seq}"
    difference = len(rows) - seal.rows
    if difference < 0:
        result.add(Kind.ROWS_MISSING, seal.number, f"{-difference} rows are missing {place}.")
    elif difference > 0:
        result.add(Kind.ROWS_ADDED, seal.number, f"{difference} rows were added {place}.")
    else:
        text = f"What is {place} is not what was sealed: rows, the seal, or the one before."
        result.add(Kind.ROWS_OTHER, seal.number, text)
