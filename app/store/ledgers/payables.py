"""What is owed to payees: a ledger that only grows, and which of its entries were settled.

Docs: docs/payments.md.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    func,
    insert,
    select,
)

from app.domain.lifecycle import UNDECIDED
from app.domain.parties import Scope
from app.domain.settlement import EntryKind, Owed
from app.store import tables
from app.store.ledgers.payable_rows import (
    JOINED,
    LEDGER,
    Balance,
    PayeeLedger,
    balance,
    balances_of_many,
    ledger_of_payee,
    place,
)
from app.store.statements import inserted_if_absent
from app.store.together.transaction import answered, insert_rows, lasting

__all__ = ["READY", "Balance", "Payables", "PayeeLedger", "opened", "owned"]

_a = tables.payee_ledger.c
_e = tables.payable_entry.c
_s = tables.payable_settled.c
_claim = tables.submission.c
# Fewer than the variables that SQLite takes in one statement.
_AT_ONCE = 5_000

# Looked up for each entry, and not joined: where a ledger grows faster than PostgreSQL counts its
# rows, a join of the three would be tried row by row against row by row.
_SETTLED = (
    select(_s.entry_seq)
    .where(_s.payer_id == _e.payer_id, _s.entry_seq == _e.seq)
    .correlate(tables.payable_entry)
    .scalar_subquery()
)
_STATE = (
    select(_claim.state)
    .where(_claim.payer_id == _e.payer_id, _claim.type == "Claim", _claim.id == _e.claim_id)
    .correlate(tables.payable_entry)
    .scalar_subquery()
)
# Entries of Claims that are decided: of others nothing is paid, or asked back, until they are.
READY = _STATE.not_in(UNDECIDED)


class Payables:
    """The payables of one scope."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._scope = scope
        self._now = now

    def ledger(self, id: str, *, lock: bool = False) -> PayeeLedger:
        """One ledger, its row locked until the end if asked.

        Raises LookupError where it is not in this scope.
        """
        query = select(*LEDGER).where(*self._owned(_a), _a.id == id)
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise LookupError(f"there is no ledger {id}")
        return PayeeLedger(*row)

    def open_ledger(self, ledger: PayeeLedger) -> PayeeLedger:
        """The ledger of this payee and currency, opened as given where there is none."""

        def opened() -> PayeeLedger:
            found = self._ledger_of(ledger)
            if found is not None:
                return found
            row = {
                "payer_id": self._scope.payer_id,
                "id": ledger.id,
                "submitter_id": ledger.submitter_id,
                "payee": ledger.payee,
                "currency": ledger.currency,
                "reference": ledger.reference,
                "carried": 0,
            }
            if inserted_if_absent(self._connection, tables.payee_ledger, row):
                return ledger
            found = self._ledger_of(ledger)
            if found is None:
                raise LookupError("a ledger that is there is seen")
            return found

        key = ("ledger", self._scope, ledger.submitter_id, ledger.payee, ledger.currency)
        return lasting(self._connection, key, opened)

    def _ledger_of(self, like: PayeeLedger) -> PayeeLedger | None:
        """The ledger of the same payee and currency."""
        is_ours = self._scope.submitter_id in (None, like.submitter_id)
        given = {
            "b_payer": self._scope.payer_id,
            "b_submitters": [like.submitter_id] if is_ours else [],
            "b_payee": like.payee,
            "b_currency": like.currency,
        }
        row = self._connection.execute(ledger_of_payee(), given).one_or_none()
        return None if row is None else PayeeLedger(*row)

    def unsettled_ledgers(self) -> list[PayeeLedger]:
        """The ledgers with anything that was not settled, in the order of their ids."""
        is_open = (
            select(_e.seq)
            .select_from(JOINED)
            .where(_e.payer_id == _a.payer_id, _e.ledger_id == _a.id, _s.entry_seq.is_(None))
            .exists()
        )
        query = select(*LEDGER).where(*self._owned(_a), is_open).order_by(_a.id)
        return [PayeeLedger(*row) for row in self._connection.execute(query)]

    def owed(self, ledger_id: str) -> list[tuple[str, int]]:
        """What was not settled of each decided Claim of a ledger, the oldest first."""
        query = (
            select(_e.claim_id, func.sum(_e.amount))
            .where(*opened(ledger_id, self._scope), READY)
            .group_by(_e.claim_id)
            .order_by(func.min(_e.seq))
        )
        return [(claim_id, int(units)) for claim_id, units in self._connection.execute(query)]

    def unsettled(self, ledger_id: str, claim_ids: Iterable[str], zone: tzinfo = UTC) -> list[Owed]:
        """The entries of Claims in a ledger that were not settled, the oldest first.

        Each with the day of the zone that it was entered on.
        """
        found: list[Owed] = []
        for some in _portions(claim_ids):
            query = select(_e.seq, _e.claim_id, _e.response_id, _e.amount, _e.entered_at).where(
                *opened(ledger_id, self._scope), _e.claim_id.in_(some)
            )
            rows = self._connection.execute(query)
            found += [
                Owed(*row[:4], entered_on=row.entered_at.astimezone(zone).date()) for row in rows
            ]
        return sorted(found, key=lambda entry: entry.seq)

    def balances(self, claim_id: str) -> list[Balance]:
        """What a Claim came to, in each ledger that it ever had an entry in."""

        def ask() -> list[Balance]:
            query = balances_of_many().where(*self._owned(_e))
            rows = self._connection.execute(query, {"b_ids": [claim_id]})
            return [balance(row) for row in rows]

        return answered(self._connection, place(self._scope, claim_id), ask)

    def sums(self, ledger_id: str, claim_ids: Iterable[str]) -> dict[str, int]:
        """All that was ever entered for Claims in a ledger, settled or not."""
        sums: dict[str, int] = {}
        for some in _portions(claim_ids):
            query = (
                select(_e.claim_id, func.sum(_e.amount))
                .where(*self._owned(_e), _e.ledger_id == ledger_id, _e.claim_id.in_(some))
                .group_by(_e.claim_id)
            )
            sums |= {claim_id: int(units) for claim_id, units in self._connection.execute(query)}
        return sums

    def enter(
        self,
        ledger: PayeeLedger | Balance,
        claim: tuple[str, int],
        response_id: str,
        kind: EntryKind,
        units: int,
        submitter_id: str,
    ) -> None:
        """Enter what a decision on a Claim (id and epoch) changed; nothing for nothing."""
        if units == 0:
            return
        ledger_id = ledger.id if isinstance(ledger, PayeeLedger) else ledger.ledger_id
        row = {
            "payer_id": self._scope.payer_id,
            "submitter_id": submitter_id,
            "ledger_id": ledger_id,
            "claim_id": claim[0],
            "epoch": claim[1],
            "kind": kind,
            "amount": units,
            "response_id": response_id,
            "entered_at": self._now,
        }
        insert_rows(self._connection, tables.payable_entry, (row,))

    def settle(self, seqs: Iterable[int], payment_id: str | None) -> None:
        """These entries are settled by a payment, or came to nothing before one.

        The database refuses an entry that is settled already: no entry is paid twice.
        """
        rows = [
            {"payer_id": self._scope.payer_id, "entry_seq": seq, "payment_id": payment_id}
            for seq in seqs
        ]
        if rows:
            self._connection.execute(insert(tables.payable_settled), rows)

    def void(self, claim_id: str) -> None:
        """Settle, without a payment, what of a Claim was not settled."""
        query = (
            select(_e.payer_id, _e.seq)
            .select_from(JOINED)
            .where(*self._owned(_e), _e.claim_id == claim_id, _s.entry_seq.is_(None))
        )
        names = ["payer_id", "entry_seq"]
        self._connection.execute(insert(tables.payable_settled).from_select(names, query))

    def _owned(self, columns: object) -> tuple[ColumnElement[bool], ...]:
        return owned(columns, self._scope)


def owned(columns: object, scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """The rows of a table that a scope reaches."""
    payer_id: ColumnElement[str] = getattr(columns, "payer_id")  # noqa: B009
    submitter_id: ColumnElement[str] = getattr(columns, "submitter_id")  # noqa: B009
    of_payer = payer_id == scope.payer_id
    if scope.submitter_id is None:
        return (of_payer,)
    return (of_payer, submitter_id == scope.submitter_id)


def opened(ledger_id: str, scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """The entries of a ledger that were not settled."""
    return (*owned(_e, scope), _e.ledger_id == ledger_id, _SETTLED.is_(None))


def _portions(ids: Iterable[str]) -> Iterable[list[str]]:
    wanted = sorted(ids)
    return (wanted[at : at + _AT_ONCE] for at in range(0, len(wanted), _AT_ONCE))
