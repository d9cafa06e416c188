"""What each EnrollmentRequest did to a Coverage of the payer's, so that it can be taken back."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from app.domain.enrollment import Action
from app.domain.parties import Scope
from app.store import tables

_e = tables.enrollment.c


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One row: the request, the payer's Coverage, and the version that was written of it."""

    submission_id: str
    coverage_id: str
    action: Action
    version: int


class Enrollments:
    """The enrolments of one scope."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def add(self, enrollment: Enrollment) -> None:
        """Keep what a request of this submitter did."""
        self._connection.execute(
            insert(tables.enrollment).values(
                payer_id=self._scope.payer_id,
                submission_id=enrollment.submission_id,
                submitter_id=self._scope.submitter_id,
                coverage_id=enrollment.coverage_id,
                action=enrollment.action,
                version=enrollment.version,
            )
        )

    def find(self, submission_id: str) -> Enrollment | None:
        """What a request did; None where it changed nothing, or is not in this scope."""
        query = select(_e.submission_id, _e.coverage_id, _e.action, _e.version).where(
            _e.payer_id == self._scope.payer_id, _e.submission_id == submission_id
        )
        if self._scope.submitter_id is not None:
            query = query.where(_e.submitter_id == self._scope.submitter_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Enrollment(*row)
