"""What a transaction for many is going to ask about each of them, read by one statement for all.

The Claims may be of several submitters. Each statement names them all, and a row is told to the
transaction as its own submitter's alone; whatever is not told is asked for when it is needed.

Docs: docs/adr/0017-claims-are-decided-in-batches.md.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select

from app.domain.parties import Scope
from app.store import resource_reading, submission_rows, tables
from app.store.ledgers import payable_rows
from app.store.submission_rows import COLUMNS, Submission
from app.store.together.transaction import of
from app.store.versions import is_version, stored_from, with_versions

_r = tables.resource.c
_s = tables.submission.c

# Whose each of some Claims, or of their documents, is.
Owners = Mapping[str, Scope]
_Place = Callable[[Scope, str], tuple[object, ...]]


class Ahead:
    """Reads ahead for submitters of one payer; where a transaction is for one, nothing."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id

    def claims(self, owners: Owners) -> None:
        """What `Submissions.find` gives for each Claim."""
        found = {row.id: Submission(*row) for row in self._rows(_claims(), owners)}
        own = {id: one for id, one in found.items() if one.submitter_id == owners[id].submitter_id}
        self._tell(submission_rows.place, owners, own, lambda: None)

    def attached(self, owners: Owners, *, lock: bool = False) -> None:
        """What `Submissions.attached` gives for each Claim; locked if asked."""
        found: dict[str, list[Submission]] = {}
        for row in self._rows(_attached(is_locked=lock), owners):
            if row.submitter_id == owners[row.about_id].submitter_id:
                found.setdefault(row.about_id, []).append(Submission(*row))
        self._tell(submission_rows.attached_place, owners, found, list)

    def resources(self, type: str, owners: Owners) -> None:
        """What `Resources.find` gives for each, of a type that no payer keeps."""
        found = {
            row.id: stored_from(row, self._connection)
            for row in self._rows(_resources(), owners, b_type=type)
            if row.submitter_id == owners[row.id].submitter_id
        }
        self._tell(lambda scope, id: resource_reading.place(scope, type, id), owners, found, _none)

    def balances(self, owners: Owners) -> None:
        """What `Payables.balances` gives for each Claim."""
        found: dict[str, list[payable_rows.Balance]] = {}
        for row in self._rows(_balances(), owners):
            if row.submitter_id == owners[row.claim_id].submitter_id:
                found.setdefault(row.claim_id, []).append(payable_rows.balance(row))
        self._tell(payable_rows.place, owners, found, list)

    def _rows(self, query: Select[Any], owners: Owners, **given: str) -> Iterable[Any]:
        if not owners or of(self._connection) is None:
            return ()
        submitters = {str(scope.submitter_id) for scope in owners.values()}
        of_whom = {"b_payer": self._payer_id, "b_submitters": sorted(submitters)}
        return self._connection.execute(query, {**of_whom, "b_ids": sorted(owners), **given})

    def _tell(
        self,
        place: _Place,
        owners: Owners,
        found: Mapping[str, Any],
        nothing: Callable[[], Any],
    ) -> None:
        ahead = of(self._connection)
        if ahead is not None:
            for id, scope in owners.items():
                ahead.tell(place(scope, id), found[id] if id in found else nothing())


def _none() -> None:
    """There is none."""


def _owned(table: Any) -> Iterator[ColumnElement[bool]]:
    yield table.payer_id == bindparam("b_payer")
    yield table.submitter_id.in_(bindparam("b_submitters", expanding=True))


@cache
def _balances() -> Select[Any]:
    return payable_rows.balances_of_many().where(*_owned(tables.payable_entry.c))


@cache
def _claims() -> Select[Any]:
    return select(*COLUMNS).where(
        *_owned(_s), _s.type == "Claim", _s.id.in_(bindparam("b_ids", expanding=True))
    )


@cache
def _attached(*, is_locked: bool) -> Select[Any]:
    about = _s.about_id.in_(bindparam("b_ids", expanding=True))
    query = select(*COLUMNS).where(*_owned(_s), about).order_by(_s.created_at, _s.id)
    return query.with_for_update() if is_locked else query


@cache
def _resources() -> Select[Any]:
    return with_versions().where(
        *_owned(_r),
        _r.type == bindparam("b_type"),
        _r.id.in_(bindparam("b_ids", expanding=True)),
        is_version(_r.version),
    )
