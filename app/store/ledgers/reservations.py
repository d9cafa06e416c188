"""What preauthorizations reserve: a ledger that only grows, and its sums in rows that are locked.

For each line, money and services apart: reserved = (consumed - restored) + released + expired +
open, which each row checks of itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from app.domain.authorizations import Path
from app.domain.parties import Scope
from app.store import tables
from app.store.ledgers.reserved import (
    Grant,
    Moved,
    Part,
    Reservation,
    Sums,
    Terms,
    Uses,
    path_of,
    read_terms,
    written_line,
    written_terms,
)
from app.store.tables import Entry, Measure

_r = tables.reservation.c
_l = tables.reservation_line.c
_e = tables.reservation_entry.c


class Overdrawn(Exception):
    """More was to be used than is open."""


@dataclass(frozen=True, slots=True)
class _Move:
    part: Part
    kind: Entry
    units: int
    claim_id: str | None = None
    claim_line: Path = ()


_SUMS = tuple(Sums.__dataclass_fields__)
# What each kind of entry adds to which sums; the equation of the row holds through each.
_MOVES: dict[Entry, dict[str, int]] = {
    Entry.RESERVE: {"reserved": 1, "open": 1},
    Entry.CONSUME: {"consumed": 1, "open": -1},
    Entry.RESTORE: {"restored": 1, "open": 1},
    Entry.RELEASE: {"released": 1, "open": -1},
    Entry.EXPIRE: {"expired": 1, "open": -1},
}
_ADD = (
    update(tables.reservation_line)
    .where(
        _l.payer_id == bindparam("of_payer"),
        _l.submission_id == bindparam("of_submission"),
        _l.line == bindparam("of_line"),
        _l.measure == bindparam("of_measure"),
    )
    .values({name: _l[name] + bindparam(f"by_{name}") for name in _SUMS})
)


class Reservations:
    """The reservations of one payer; a row is locked before its sums are changed."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id
        self._now = now

    def find(self, submission_id: str, *, lock: bool = True) -> Reservation | None:
        """One reservation, its row locked unless told; None where nothing was ever reserved."""
        return self.find_all([submission_id], lock=lock).get(submission_id)

    def find_all(self, submission_ids: Iterable[str], *, lock: bool) -> dict[str, Reservation]:
        """Those that there are, by submission; locked in the order of their ids."""
        ids = sorted(set(submission_ids))
        if not ids:
            return {}
        query = (
            select(_r.submission_id, _r.currency, _r.member, _r.providers, _r.services)
            .add_columns(_r.starts_on, _r.ends_on, _r.closed_at)
            .where(_r.payer_id == self._payer_id, _r.submission_id.in_(ids))
            .order_by(_r.submission_id)
        )
        rows = self._connection.execute(query.with_for_update() if lock else query).all()
        parts = self._parts([row.submission_id for row in rows])
        return {
            id: Reservation(read_terms(*terms), closed_at, parts[id])
            for id, *terms, closed_at in rows
        }

    def reserve(self, submission_id: str, grants: Mapping[Path, Grant], terms: Terms) -> None:
        """Hold what a preauthorization was decided on.

        Decided again, what is open of a line becomes the difference to what Claims have used of it:
        never less than nothing, so that what was consumed stays consumed.
        """
        found = self.find(submission_id)
        held = {} if found is None else found.parts
        wanted = _wanted(submission_id, grants, held)
        if found is None:
            key = {"payer_id": self._payer_id, "submission_id": submission_id}
            row = key | {"currency": terms.currency} | written_terms(terms)
            self._connection.execute(insert(tables.reservation).values(row))
        else:
            kept = terms.with_the_whole() if _whole(submission_id) in held else terms
            values = {"currency": terms.currency, "closed_at": None, **written_terms(kept)}
            self._change(submission_id, values)
        self._add_parts(part for part in wanted if part not in held)
        missing = {
            part: max(wanted.get(part, 0) - sums.used, 0) - sums.open
            for part, sums in (dict.fromkeys(wanted, Sums()) | dict(held)).items()
        }
        self._enter(
            _Move(part, Entry.RESERVE if units > 0 else Entry.RELEASE, abs(units))
            for part, units in sorted(missing.items())
        )

    def used_by(self, claim_id: str) -> dict[tuple[Part, Path], int]:
        """How much each line of a Claim uses of each part that it uses anything of."""
        key = (_e.submission_id, _e.line, _e.measure, _e.claim_line)
        signed = case((_e.kind == Entry.CONSUME, _e.amount), else_=-_e.amount)
        held = self._connection.execute(
            select(*key, func.sum(signed))
            .where(_e.payer_id == self._payer_id, _e.claim_id == claim_id)
            .group_by(*key)
            .having(func.sum(signed) > 0)
        )
        return {
            (Part(id, path_of(line), measure), path_of(claim_line)): int(units)
            for id, line, measure, claim_line, units in held
        }

    def use(self, claim_id: str, wanted: Uses) -> None:
        """Let a Claim use this, and nothing else; what it used before and does no more is restored.

        Raises Overdrawn where that is more than is open, with nothing changed.
        """
        before = self.used_by(claim_id)
        changes = {key: wanted.get(key, 0) - before.get(key, 0) for key in {*before, *wanted}}
        found = self.find_all((part.submission_id for part, _ in changes), lock=True)
        more: dict[Part, int] = {}
        for (part, _), units in changes.items():
            more[part] = more.get(part, 0) + units
        for part, units in more.items():
            reservation = found.get(part.submission_id)
            sums = None if reservation is None else reservation.parts.get(part)
            if sums is None or units > sums.open:
                raise Overdrawn(part.submission_id)
        # Restored first, so that nothing is open below nothing in between.
        self._enter(
            _Move(part, Entry.CONSUME if units > 0 else Entry.RESTORE, abs(units), claim_id, path)
            for (part, path), units in sorted(changes.items(), key=lambda each: (each[1] > 0, each))
        )
        for submission_id, reservation in found.items():
            if reservation.closed_at is not None:
                self._empty(submission_id, Entry.EXPIRE)

    def restore(self, claim_id: str) -> None:
        """Give back whatever a Claim still uses of any reservation."""
        self.use(claim_id, {})

    def release(self, submission_id: str) -> Moved:
        """Give back what is still open; how much it was. Raises LookupError without one."""
        return self._empty(submission_id, Entry.RELEASE)

    def expire(self, submission_id: str) -> Moved:
        """What is still open is open no more, for its time is over; how much it was."""
        self._close(submission_id)
        return self._empty(submission_id, Entry.EXPIRE)

    def cancel(self, submission_id: str) -> None:
        """Give back what is open, and let nothing open it again; nothing where there is none."""
        self._close(submission_id)
        if self.find(submission_id) is not None:
            self._empty(submission_id, Entry.RELEASE)

    def forget(self, submission_id: str) -> None:
        """Keep the amounts alone: what it was for, or what the Claim used it for, was nullified."""
        nothing = Terms("", None, frozenset(), {}, None, None)
        self._change(submission_id, written_terms(nothing))
        for rows in (tables.reservation_line, tables.reservation_entry):
            mine = (rows.c.payer_id == self._payer_id, rows.c.submission_id == submission_id)
            self._connection.execute(delete(rows).where(*mine, rows.c.measure == Measure.QUANTITY))

    def _parts(self, ids: list[str]) -> dict[str, dict[Part, Sums]]:
        parts: dict[str, dict[Part, Sums]] = {id: {} for id in ids}
        query = select(_l.submission_id, _l.line, _l.measure, *(_l[name] for name in _SUMS)).where(
            _l.payer_id == self._payer_id, _l.submission_id.in_(ids)
        )
        for id, line, measure, *sums in self._connection.execute(query) if ids else ():
            parts[id][Part(id, path_of(line), measure)] = Sums(*sums)
        return parts

    def _add_parts(self, parts: Iterable[Part]) -> None:
        nothing = dict.fromkeys(_SUMS, 0)
        rows = [self._written(part) | nothing for part in sorted(parts)]
        if rows:
            self._connection.execute(insert(tables.reservation_line), rows)

    def _empty(self, submission_id: str, kind: Entry) -> Moved:
        held = self.find(submission_id)
        if held is None:
            raise LookupError(f"nothing was reserved by {submission_id}")
        parts = sorted(held.parts.items(), key=lambda each: each[0])
        self._enter(_Move(part, kind, sums.open) for part, sums in parts)
        return Moved(held.amount.open, held.terms.currency)

    def _close(self, submission_id: str) -> None:
        self._connection.execute(
            update(tables.reservation)
            .where(
                _r.payer_id == self._payer_id,
                _r.submission_id == submission_id,
                _r.closed_at.is_(None),
            )
            .values(closed_at=self._now)
        )

    def _change(self, submission_id: str, values: Mapping[str, object]) -> None:
        self._connection.execute(
            update(tables.reservation)
            .where(_r.payer_id == self._payer_id, _r.submission_id == submission_id)
            .values(**values)
        )

    def _enter(self, moves: Iterable[_Move]) -> None:
        """Rows in the ledger and the sums with them; nothing is entered of nothing."""
        entered = [move for move in moves if move.units]
        if not entered:
            return
        entries = [
            self._written(move.part)
            | {"kind": move.kind, "amount": move.units, "entered_at": self._now}
            | {"claim_id": move.claim_id, "claim_line": written_line(move.claim_line)}
            for move in entered
        ]
        self._connection.execute(insert(tables.reservation_entry), entries)
        added = [
            {f"of_{name.removesuffix('_id')}": one for name, one in self._written(part).items()}
            | {f"by_{name}": _MOVES[kind].get(name, 0) * units for name in _SUMS}
            for part, kind, units in ((move.part, move.kind, move.units) for move in entered)
        ]
        self._connection.execute(_ADD, added)

    def _written(self, part: Part) -> dict[str, object]:
        return {
            "payer_id": self._payer_id,
            "submission_id": part.submission_id,
            "line": written_line(part.line),
            "measure": part.measure,
        }


def _whole(submission_id: str) -> Part:
    """The part that holds what was reserved as one sum, before lines were told."""
    return Part(submission_id, (), Measure.AMOUNT)


def _wanted(
    submission_id: str, grants: Mapping[Path, Grant], held: Mapping[Part, Sums]
) -> dict[Part, int]:
    """What each part is to hold; what Claims used of the one sum comes off the lines in order."""
    owed = held.get(_whole(submission_id), Sums()).used
    wanted = {}
    for path, grant in sorted(grants.items()):
        paid = min(owed, grant.amount)
        owed -= paid
        wanted[Part(submission_id, path, Measure.AMOUNT)] = grant.amount - paid
        wanted[Part(submission_id, path, Measure.QUANTITY)] = grant.quantity
    return wanted
