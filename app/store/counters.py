"""Counters of deductibles, maxima and limits: an append-only ledger behind a fence per holder."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from sqlalchemy import Connection, delete, insert, select, update

from app.domain.adjudication import Counter, Posting
from app.domain.parties import Scope
from app.store import tables
from app.store.statements import inserted_if_absent

_h = tables.counter_holder.c
_e = tables.counter_entry.c
_COUNTER = (_e.holder, _e.kind, _e.category, _e.period)


@dataclass(frozen=True, slots=True)
class Standings:
    """The sums of some holders, and the versions under which they were read.

    `behind` each sum are the submissions that it was counted with.
    """

    versions: Mapping[str, int]
    sums: Mapping[Counter, Decimal]
    behind: Mapping[Counter, set[str]] = field(default_factory=dict, compare=False)


class Counters:
    """The counters of one payer."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id

    def read(self, holders: Iterable[str], without: str | None = None) -> Standings:
        """Every counter of these holders, as if one submission had never been counted."""
        wanted = sorted(set(holders))
        versions = dict.fromkeys(wanted, 0)
        holder_rows = select(_h.holder, _h.version).where(
            _h.payer_id == self._payer_id, _h.holder.in_(wanted)
        )
        for holder, version in self._connection.execute(holder_rows):
            versions[holder] = version
        sums: dict[Counter, Decimal] = defaultdict(Decimal)
        behind: dict[Counter, set[str]] = defaultdict(set)
        entries = select(*_COUNTER, _e.submission_id, _e.amount).where(
            _e.payer_id == self._payer_id,
            _e.holder.in_(wanted),
            _e.submission_id != (without or ""),
        )
        for *names, submission_id, amount in self._connection.execute(entries):
            counter = Counter(*names)
            sums[counter] += amount
            behind[counter].add(submission_id)
        return Standings(versions, dict(sums), behind)

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
                self._advance(holder)
            elif not self._advanced(holder, versions[holder]):
                return False
        self._append(submission_id, entries)
        return True

    def give_back(self, submission_id: str) -> None:
        """Enter the opposite of everything a submission still holds."""
        opposite = self._opposite(submission_id)
        for holder in sorted({posting.counter.holder for posting in opposite}):
            self._advance(holder)
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
        entries = select(*_COUNTER, _e.line, _e.amount).where(
            _e.payer_id == self._payer_id, _e.submission_id == submission_id
        )
        for *names, line, amount in self._connection.execute(entries):
            held[Counter(*names), line] += amount
        return tuple(
            Posting(counter, amount, _path(line))
            for (counter, line), amount in sorted(held.items())
            if amount
        )

    def _opposite(self, submission_id: str) -> list[Posting]:
        return [replace(each, amount=-each.amount) for each in self.posted(submission_id)]

    def _advance(self, holder: str) -> None:
        self._connection.execute(
            update(tables.counter_holder)
            .where(_h.payer_id == self._payer_id, _h.holder == holder)
            .values(version=_h.version + 1)
        )

    def _advanced(self, holder: str, version: int) -> bool:
        key = {"payer_id": self._payer_id, "holder": holder}
        if version == 0:
            return inserted_if_absent(
                self._connection, tables.counter_holder, {**key, "version": 1}
            )
        advanced = self._connection.execute(
            update(tables.counter_holder)
            .where(_h.payer_id == self._payer_id, _h.holder == holder, _h.version == version)
            .values(version=version + 1)
        )
        return advanced.rowcount == 1

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
        if rows:
            self._connection.execute(insert(tables.counter_entry), rows)


def _path(line: str) -> tuple[int, ...]:
    return tuple(int(sequence) for sequence in line.split(".")) if line else ()
