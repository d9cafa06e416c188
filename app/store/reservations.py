"""What preauthorizations reserve: reserved = (consumed - restored) + released + expired + open."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, insert, select, update

from app.domain.parties import Scope
from app.store import tables

_r = tables.reservation.c


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

    @property
    def is_consumed(self) -> bool:
        """Whether Claims hold a part of it."""
        return self.consumed > self.restored


_COLUMNS = [getattr(_r, name) for name in Balance.__dataclass_fields__]


class Reservations:
    """The reservations of one payer; a row is locked before it is changed."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id

    def reserve(self, submission_id: str, currency: str, minor_units: int) -> None:
        """Reserve what a preauthorization was decided on."""
        self._connection.execute(
            insert(tables.reservation).values(
                payer_id=self._payer_id,
                submission_id=submission_id,
                currency=currency,
                reserved=minor_units,
                consumed=0,
                restored=0,
                released=0,
                expired=0,
                open=minor_units,
            )
        )

    def find(self, submission_id: str) -> Balance | None:
        """One reservation, its row locked; None where nothing was ever reserved."""
        row = self._connection.execute(
            select(*_COLUMNS).where(*self._key(submission_id)).with_for_update()
        ).one_or_none()
        return None if row is None else Balance(*row)

    def release(self, submission_id: str) -> None:
        """Give back what is still open."""
        self._connection.execute(
            update(tables.reservation)
            .where(*self._key(submission_id))
            .values(released=_r.released + _r.open, open=0)
        )

    def _key(self, submission_id: str) -> tuple[ColumnElement[bool], ...]:
        return (_r.payer_id == self._payer_id, _r.submission_id == submission_id)
