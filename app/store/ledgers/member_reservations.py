"""Which preauthorizations there are for a member: those of one submitter, of a day."""

from datetime import date

from sqlalchemy import Connection, and_, or_, select

from app.domain.lifecycle import LIVE
from app.domain.parties import Scope
from app.store import tables

_r = tables.reservation.c
_s = tables.submission.c


class MemberReservations:
    """The reservations of one payer as one submitter may know them."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def on(self, member: str, day: date, most: int) -> list[str]:
        """The ids of the preauthorizations that are neither over nor cancelled, the longest first.

        None for the payer itself: it asks nobody about its members.
        """
        found = self._connection.execute(
            select(_r.submission_id)
            .join(
                tables.submission,
                and_(
                    _s.payer_id == _r.payer_id,
                    _s.type == "Claim",
                    _s.id == _r.submission_id,
                    _s.submitter_id == self._scope.submitter_id,
                    _s.state.in_(LIVE),
                ),
            )
            .where(
                _r.payer_id == self._scope.payer_id,
                _r.member == member,
                _r.closed_at.is_(None),
                or_(_r.starts_on.is_(None), _r.starts_on <= day),
                or_(_r.ends_on.is_(None), _r.ends_on >= day),
            )
            .order_by(_r.ends_on.desc(), _r.submission_id)
            .limit(most)
        )
        return list(found.scalars())
