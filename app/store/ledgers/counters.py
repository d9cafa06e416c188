"""Counters of deductibles, maxima and limits: an append-only ledger behind a fence per holder."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from app.domain.adjudication import Counter, Posting
from app.domain.parties import Scope
from app.store import tables
from app.store.fences import advancing_holder
from app.store.statements import inserting_if_absent
from app.store.together.transaction import answered, hits, insert_rows, of

_h = tables.counter_holder.c
_e = tables.counter_entry.c
_COUNTER = (_e.holder, _e.kind, _e.category, _e.period)
_NOTHING = Decimal(0)
_VERSIONS = select(_h.holder, _h.version).where(
    _h.payer_id == bindparam("b_payer"), _h.holder.in_(bindparam("b_holders", expanding=True))
)
_LOCKED = _VERSIONS.order_by(_h.holder).with_for_update()
_ENTRIES = select(*_COUNTER, _e.submission_id, _e.amount).where(
    _e.payer_id == bindparam("b_payer"), _e.holder.in_(bindparam("b_holders", expanding=True))
)
_POSTED = select(_e.submission_id, *_COUNTER, _e.line, _e.amount).where(
    _e.payer_id == bindparam("b_payer"),
    _e.submission_id.in_(bindparam("b_submissions", expanding=True)),
)

_ADVANCING = (
    update(tables.counter_holder)
    .where(_h.payer_id == bindparam("b_payer"), _h.holder == bindparam("b_holder"))
    .values(version=_h.version + 1)
)


@dataclass(frozen=True, slots=True)
class Standings:
    """The sums of some holders, and the versions under which they were read.

    `behind` each sum are the submissions that it was counted with.
    """

    versions: Mapping[str, int]
    sums: Mapping[Counter, Decimal]
    behind: Mapping[Counter, set[str]] = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class _Held:
    """One holder: its version, and of each counter the amounts with the submissions behind them."""

    version: int = 0
    entries: dict[tuple[str, ...], list[tuple[str, Decimal]]] = field(default_factory=dict)


class Counters:
    """The counters of one payer."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id

    def read(self, holders: Iterable[str], without: str | None = None) -> Standings:
        """Every counter of these holders, as if one submission had never been counted."""
        wanted = sorted(set(holders))
        keys = [self._place(holder) for holder in wanted]
        ahead = of(self._connection)
        if ahead is not None and ahead.knows(keys):
            held = {holder: ahead.answer(self._place(holder), _Held) for holder in wanted}
        else:
            held = self._read(wanted)
        sums: dict[Counter, Decimal] = {}
        behind: dict[Counter, set[str]] = {}
        for each in held.values():
            for names, entries in each.entries.items():
                counted = [entry for entry in entries if entry[0] != without]
                if counted:
                    counter = Counter(*names)
                    sums[counter] = sum((amount for _, amount in counted), _NOTHING)
                    behind[counter] = {id for id, _ in counted}
        return Standings({holder: each.version for holder, each in held.items()}, sums, behind)

    def read_ahead(self, holders: Iterable[str]) -> None:
        """Read counters for a transaction that asks for some of them again and again."""
        ahead = of(self._connection)
        if ahead is not None:
            for holder, held in self._read(sorted(set(holders))).items():
                ahead.tell(self._place(holder), held)

    def locked(self, holders: Iterable[str]) -> dict[str, int]:
        """The versions of holders that have one; none of them moves until the transaction ends."""
        given = {"b_payer": self._payer_id, "b_holders": sorted(holders)}
        return {row.holder: row.version for row in self._connection.execute(_LOCKED, given)}

    def read_posted_ahead(self, submission_ids: Iterable[str]) -> None:
        """Read what submissions are counted with for a transaction that asks for each."""
        ahead, wanted = of(self._connection), sorted(submission_ids)
        if ahead is None:
            return
        found: dict[str, list[Any]] = {id: [] for id in wanted}
        for id, *posted in self._posted(wanted):
            found[id].append(posted)
        for id, rows in found.items():
            ahead.tell(("posted", self._payer_id, id), rows)

    def _place(self, holder: str) -> tuple[str, str, str]:
        return ("counters", self._payer_id, holder)

    def _read(self, holders: list[str]) -> dict[str, "_Held"]:
        held = {holder: _Held() for holder in holders}
        given = {"b_payer": self._payer_id, "b_holders": holders}
        for holder, version in self._connection.execute(_VERSIONS, given):
            held[holder].version = version
        rows = self._connection.execute(_ENTRIES, given).all()
        for holder, kind, category, period, submission_id, amount in rows:
            entries = held[holder].entries
            names = (holder, kind, category, period)
            if names in entries:
                entries[names].append((submission_id, amount))
            else:
                entries[names] = [(submission_id, amount)]
        return held

    def post(
        self, submission_id: str, postings: Iterable[Posting], versions: Mapping[str, int]
    ) -> bool:
        """Add to counters; False, with nothing written, where a holder moved since it was read.

        What the submission was counted with before no longer counts.
        """
        entries = [*self._opposite(submission_id), *postings]
        for holder in sorted({posting.counter.holder for posting in entries}):
            if holder not in versions:
                # Of another coverage than the one it is decided on now: no question used it.
                self._advance([holder])
            elif not self._advanced(holder, versions[holder]):
                return False
        self._append(submission_id, entries)
        return True

    def give_back(self, submission_id: str) -> None:
        """Enter the opposite of everything a submission still holds."""
        opposite = self._opposite(submission_id)
        self._advance(sorted({posting.counter.holder for posting in opposite}))
        self._append(submission_id, opposite)

    def purge(self, submission_id: str) -> None:
        """Take away every entry of a submission; all that it held must have been given back."""
        self._connection.execute(
            delete(tables.counter_entry).where(
                _e.payer_id == self._payer_id, _e.submission_id == submission_id
            )
        )

    def posted(self, submission_id: str) -> tuple[Posting, ...]:
        """What a submission is counted with, each line by itself."""
        held: dict[tuple[Counter, str], Decimal] = defaultdict(Decimal)

        def ask() -> Sequence[Any]:
            return [posted for _, *posted in self._posted([submission_id])]

        place = ("posted", self._payer_id, submission_id)
        for *names, line, amount in answered(self._connection, place, ask):
            held[Counter(*names), line] += amount
        return tuple(
            Posting(counter, amount, _path(line))
            for (counter, line), amount in sorted(held.items())
            if amount
        )

    def _posted(self, submission_ids: list[str]) -> Iterable[Any]:
        given = {"b_payer": self._payer_id, "b_submissions": submission_ids}
        return self._connection.execute(_POSTED, given)

    def _opposite(self, submission_id: str) -> list[Posting]:
        return [replace(each, amount=-each.amount) for each in self.posted(submission_id)]

    def _advance(self, holders: Sequence[str]) -> None:
        given = [{"b_payer": self._payer_id, "b_holder": holder} for holder in holders]
        if given:
            self._connection.execute(_ADVANCING, given)

    def _advanced(self, holder: str, version: int) -> bool:
        if version == 0:
            row = {"payer_id": self._payer_id, "holder": holder, "version": 1}
            statement = inserting_if_absent(tables.counter_holder, self._connection)
            return hits(self._connection, statement, row)
        row = {"b_payer": self._payer_id, "b_holder": holder, "b_version": version}
        return hits(self._connection, advancing_holder(), row)

    def _append(self, submission_id: str, postings: Iterable[Posting]) -> None:
        rows = [
            {
                "payer_id": self._payer_id,
                "holder": posting.counter.holder,
                "kind": posting.counter.kind,
                "category": posting.counter.category,
                "period": posting.counter.period,
                "amount": posting.amount,
                "submission_id": submission_id,
                "line": ".".join(str(sequence) for sequence in posting.path),
            }
            for posting in postings
        ]
        insert_rows(self._connection, tables.counter_entry, rows)


def _path(line: str) -> tuple[int, ...]:
    return tuple(int(sequence) for sequence in line.split(".")) if line else ()
