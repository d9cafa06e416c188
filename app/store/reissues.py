"""What running reprocesses were asked: one per Claim, the later in the place of the earlier."""

import json
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from app.domain.parties import Scope
from app.store import tables

_r = tables.reissue.c


@dataclass(frozen=True, slots=True)
class Asked:
    """By which Task a Claim is decided again, which lines (none: all of them), what it quotes."""

    submission_id: str
    task_id: str
    lines: tuple[tuple[int, ...], ...] = ()
    quoted: str | None = None


class Reissues:
    """The running reprocesses of one payer."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id

    def find(self, submission_id: str) -> Asked | None:
        """What the running reprocess of a Claim was asked; None where none runs."""
        query = select(_r.task_id, _r.lines, _r.quoted).where(*self._key(submission_id))
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        lines = tuple(tuple(path) for path in json.loads(row.lines))
        return Asked(submission_id, row.task_id, lines, row.quoted)

    def begin(self, asked: Asked) -> None:
        """Keep what is asked; whatever ran before must have been ended."""
        self._connection.execute(
            insert(tables.reissue).values(
                payer_id=self._payer_id,
                submission_id=asked.submission_id,
                task_id=asked.task_id,
                lines=json.dumps(asked.lines),
                quoted=asked.quoted,
            )
        )

    def end(self, submission_id: str) -> Asked | None:
        """No reprocess of the Claim runs any more; what the one that ran was asked."""
        asked = self.find(submission_id)
        if asked is not None:
            self._connection.execute(delete(tables.reissue).where(*self._key(submission_id)))
        return asked

    def _key(self, submission_id: str) -> tuple[ColumnElement[bool], ...]:
        return (_r.payer_id == self._payer_id, _r.submission_id == submission_id)
