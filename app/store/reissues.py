"""What running reprocesses were asked: one per Claim, the later in the place of the earlier."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select

from app.domain.parties import Scope
from app.store import tables
from app.store.together.transaction import answered, of

_r = tables.reissue.c
_ASKED = select(_r.submission_id, _r.task_id, _r.lines, _r.quoted).where(
    _r.payer_id == bindparam("b_payer"),
    _r.submission_id.in_(bindparam("b_submissions", expanding=True)),
)


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

        def ask() -> Asked | None:
            return self._asked((submission_id,)).get(submission_id)

        return answered(self._connection, ("reissue", self._payer_id, submission_id), ask)

    def read_ahead(self, submission_ids: Iterable[str]) -> None:
        """Read what runs for a transaction that asks for each of these Claims."""
        ahead, wanted = of(self._connection), sorted(submission_ids)
        if ahead is not None:
            found = self._asked(wanted)
            for id in wanted:
                ahead.tell(("reissue", self._payer_id, id), found.get(id))

    def _asked(self, submission_ids: Sequence[str]) -> dict[str, Asked]:
        given = {"b_payer": self._payer_id, "b_submissions": list(submission_ids)}
        return {
            row.submission_id: Asked(
                row.submission_id,
                row.task_id,
                tuple(tuple(path) for path in json.loads(row.lines)),
                row.quoted,
            )
            for row in self._connection.execute(_ASKED, given)
        }

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
