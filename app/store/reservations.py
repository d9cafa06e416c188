"""What preauthorizations reserve: a ledger that only grows, and its sums in one row that is locked.

reserved = (consumed - restored) + released + expired + open, which the row checks of itself.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, case, func, insert, select, update

from app.domain.parties import Scope
from app.store import tables
from app.store.tables import Entry
from app.store.together import answered, of

_r = tables.reservation.c
_e = tables.reservation_entry.c


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose a reservation is and for what: keyed hashes, and the days on which it holds."""

    currency: str
    member: str | None
    providers: frozenset[str]
    services: frozenset[str]
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Balance:
    """One reservation, every amount in the currency's minor unit."""

    currency: str
    reserved: int
    consumed: int
    restored: int
    released: int
    expired: int
    open: int
    closed_at: datetime | None = None

    @property
    def is_consumed(self) -> bool:
        """Whether Claims hold a part of it."""
        return self.consumed > self.restored

    @property
    def used(self) -> int:
        """What Claims hold of it."""
        return self.consumed - self.restored


@dataclass(frozen=True, slots=True)
class Moved:
    """How much one move was, in the currency's minor unit."""

    units: int
    currency: str


_COLUMNS = [getattr(_r, name) for name in Balance.__dataclass_fields__]
# What each kind of entry adds to which sums; the equation of the row holds through each.
_MOVES: dict[Entry, dict[str, int]] = {
    Entry.RESERVE: {"reserved": 1, "open": 1},
    Entry.CONSUME: {"consumed": 1, "open": -1},
    Entry.RESTORE: {"restored": 1, "open": 1},
    Entry.RELEASE: {"released": 1, "open": -1},
    Entry.EXPIRE: {"expired": 1, "open": -1},
}


class Reservations:
    """The reservations of one payer; a row is locked before it is changed."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id
        self._now = now

    def reserve(self, submission_id: str, minor_units: int, terms: Terms) -> None:
        """Hold what a preauthorization was decided on.

        Decided again, what is open becomes the difference to what Claims have used: never less
        than nothing, so that what was consumed stays consumed.
        """
        held = self.find(submission_id)
        values = _written(terms) | {"currency": terms.currency}
        if held is None:
            sums = dict.fromkeys(("reserved", "consumed", "restored", "released", "expired"), 0)
            self._connection.execute(
                insert(tables.reservation).values(
                    payer_id=self._payer_id, submission_id=submission_id, open=0, **sums, **values
                )
            )
            self._enter(submission_id, Entry.RESERVE, minor_units)
            return
        self._connection.execute(
            update(tables.reservation)
            .where(*self._key(submission_id))
            .values(closed_at=None, **values)
        )
        missing = max(minor_units - held.used, 0) - held.open
        self._enter(submission_id, Entry.RESERVE if missing > 0 else Entry.RELEASE, abs(missing))

    def find(self, submission_id: str, *, lock: bool = True) -> Balance | None:
        """One reservation, its row locked unless told; None where nothing was ever reserved."""
        query = select(*_COLUMNS).where(*self._key(submission_id))
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else Balance(*row)

    def terms(self, submission_id: str) -> Terms | None:
        """Whose a reservation is and for what; None where there is none."""
        query = select(_r.currency, _r.member, _r.providers, _r.services, _r.starts_on, _r.ends_on)
        row = self._connection.execute(query.where(*self._key(submission_id))).one_or_none()
        return None if row is None else _read(*row)

    def use(self, submission_id: str, claim_id: str, minor_units: int, before: int = 0) -> int:
        """Let a Claim that uses `before` use up to this much instead; how much it is from now on.

        More than it used before comes out of what is open, and less is given back.
        """
        held = self.find(submission_id)
        if held is None:
            return 0
        after = min(minor_units, before + held.open)
        if after >= before:
            self._enter(submission_id, Entry.CONSUME, after - before, claim_id)
        else:
            self._restore(submission_id, claim_id, before - after)
        return after

    def used_by(self, claim_id: str) -> dict[str, int]:
        """How much a Claim uses of each reservation that it uses anything of."""

        def ask() -> dict[str, int]:
            return self._used((claim_id,)).get(claim_id, {})

        return answered(self._connection, ("used", self._payer_id, claim_id), ask)

    def read_used_ahead(self, claim_ids: Iterable[str]) -> None:
        """Read what Claims use for a transaction that asks for each of them."""
        ahead, wanted = of(self._connection), sorted(claim_ids)
        if ahead is not None:
            found = self._used(wanted)
            for id in wanted:
                ahead.tell(("used", self._payer_id, id), found.get(id, {}))

    def _used(self, claim_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        held = self._connection.execute(
            select(_e.claim_id, _e.submission_id, func.sum(_signed()))
            .where(_e.payer_id == self._payer_id, _e.claim_id.in_(claim_ids))
            .group_by(_e.claim_id, _e.submission_id)
            .having(func.sum(_signed()) > 0)
            .order_by(_e.submission_id)
        )
        used: dict[str, dict[str, int]] = {}
        for claim_id, submission_id, units in held:
            used.setdefault(claim_id, {})[submission_id] = int(units)
        return used

    def restore(self, claim_id: str) -> int:
        """Give back whatever a Claim still uses of any reservation; how much it was."""
        held = self.used_by(claim_id)
        for submission_id, units in held.items():
            self._restore(submission_id, claim_id, units)
        return sum(held.values())

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

    def forget_terms(self, submission_id: str) -> None:
        """Keep the sums and the ledger alone: what it was for was nullified."""
        nothing = _written(Terms("", None, frozenset(), frozenset(), None, None))
        self._connection.execute(
            update(tables.reservation).where(*self._key(submission_id)).values(**nothing)
        )

    def _empty(self, submission_id: str, kind: Entry) -> Moved:
        held = self.find(submission_id)
        if held is None:
            raise LookupError(f"nothing was reserved by {submission_id}")
        self._enter(submission_id, kind, held.open)
        return Moved(held.open, held.currency)

    def _restore(self, submission_id: str, claim_id: str, units: int) -> None:
        held = self.find(submission_id)
        self._enter(submission_id, Entry.RESTORE, units, claim_id)
        if held is not None and held.closed_at is not None:
            self._enter(submission_id, Entry.EXPIRE, units)

    def _close(self, submission_id: str) -> None:
        self._connection.execute(
            update(tables.reservation)
            .where(*self._key(submission_id), _r.closed_at.is_(None))
            .values(closed_at=self._now)
        )

    def _enter(
        self, submission_id: str, kind: Entry, units: int, claim_id: str | None = None
    ) -> None:
        """One row in the ledger and the sums with it; nothing is entered of nothing."""
        if units == 0:
            return
        self._connection.execute(
            insert(tables.reservation_entry).values(
                payer_id=self._payer_id,
                submission_id=submission_id,
                kind=kind,
                amount=units,
                claim_id=claim_id,
                entered_at=self._now,
            )
        )
        sums = {name: _r[name] + sign * units for name, sign in _MOVES[kind].items()}
        self._connection.execute(
            update(tables.reservation).where(*self._key(submission_id)).values(**sums)
        )

    def _key(self, submission_id: str) -> tuple[ColumnElement[bool], ...]:
        return (_r.payer_id == self._payer_id, _r.submission_id == submission_id)


def _signed() -> ColumnElement[int]:
    return case((_e.kind == Entry.CONSUME, _e.amount), else_=-_e.amount)


def _written(terms: Terms) -> dict[str, object]:
    return {
        "member": terms.member,
        "providers": _list(terms.providers),
        "services": _list(terms.services),
        "starts_on": terms.starts_on,
        "ends_on": terms.ends_on,
    }


def _read(
    currency: str,
    member: str | None,
    providers: str | None,
    services: str | None,
    starts_on: date | None,
    ends_on: date | None,
) -> Terms:
    named, priced = (frozenset(json.loads(each or "[]")) for each in (providers, services))
    return Terms(currency, member, named, priced, starts_on, ends_on)


def _list(hashes: Iterable[str]) -> str:
    return json.dumps(sorted(hashes))
