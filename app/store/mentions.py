"""What Tasks, Communications and Claims name, so that they are found by it.

And the charges that an Invoice bills, so that no other does.

Kept as keyed hashes: equality can be asked, and nothing can be read.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, select

from app.domain.codes import ClaimUse
from app.domain.lifecycle import LIVE
from app.domain.parties import Scope
from app.store import tables
from app.store.database.questions import Question
from app.store.hashing import Hasher
from app.store.together.transaction import insert_rows, of

_m = tables.mention.c
_s = tables.submission.c
_OF_CLAIM = (_s.payer_id == _m.payer_id, _s.type == _m.type, _s.id == _m.resource_id)
# More than a database takes in one statement may be asked for.
_AT_ONCE = 5_000


class Mentions:
    """What the resources of one submitter name."""

    def __init__(self, connection: Connection, scope: Scope, hasher: Hasher) -> None:
        self._connection = connection
        self._scope = scope
        self._hasher = hasher

    def add(self, type: str, id: str, names: Iterable[str]) -> None:
        """Keep which references and identifiers (`system|value`) a resource names."""
        rows = [
            {
                "payer_id": self._scope.payer_id,
                "submitter_id": self._scope.submitter_id,
                "key_hash": key_hash,
                "type": type,
                "resource_id": id,
            }
            for key_hash in self.hashes(names)
        ]
        insert_rows(self._connection, tables.mention, rows)

    def of(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Type and id of whatever names one of these."""
        return self.of_hashes(self.hashes(names))

    def of_hashes(self, hashes: Iterable[str]) -> list[tuple[str, str]]:
        """As `of`, by the keyed hashes of names."""
        given = {
            "b_payer": self._scope.payer_id,
            "b_submitter": self._scope.submitter_id,
            "b_hashes": sorted(hashes),
        }
        found = _naming().rows(self._connection, given)
        return sorted((row.type, row.resource_id) for row in found)

    def live_claims(
        self, names: Iterable[str], limit: int, *, but: str, before: datetime | None
    ) -> list[str]:
        """The ids of at most so many live Claims of use `claim` that name one of these.

        But one; received not after `before`, or (None) whenever. For the payer's own decisions
        alone: whose they are is not asked.
        """
        hashes, found = self.hashes(names), set[str]()
        if self._is_alone(hashes, but):
            return []
        live = [_s.state.in_(LIVE), _s.use == ClaimUse.CLAIM, _s.id != but]
        if before is not None:
            live.append(_s.created_at <= before)
        for at in range(0, len(hashes), _AT_ONCE):
            query = (
                select(_m.resource_id)
                .join(tables.submission, and_(*_OF_CLAIM))
                .where(
                    _m.payer_id == self._scope.payer_id,
                    _m.type == "Claim",
                    _m.key_hash.in_(hashes[at : at + _AT_ONCE]),
                    *live,
                )
                .distinct()
                .order_by(_m.resource_id)
                .limit(limit)
            )
            found.update(self._connection.execute(query).scalars())
            if len(found) >= limit:
                break
        return sorted(found)[:limit]

    def read_any_submitters_ahead(self, type: str, ids: Iterable[str]) -> None:
        """Read who else names what these name, for a transaction that asks for each of them."""
        ahead = of(self._connection)
        if ahead is None:
            return
        given = {"b_payer": self._scope.payer_id, "b_type": type, "b_ids": sorted(ids)}
        found: dict[str, set[str]] = defaultdict(set)
        for key_hash, id in self._connection.execute(_naming_the_same(), given):
            found[key_hash].add(id)
        for key_hash, naming in found.items():
            ahead.tell(self._place(type, key_hash), naming)

    def _is_alone(self, hashes: Iterable[str], id: str) -> bool:
        """Whether it was read ahead that none but this Claim names any of these."""
        ahead = of(self._connection)
        keys = [self._place("Claim", key_hash) for key_hash in hashes]
        if ahead is None or not ahead.knows(keys):
            return False
        return all(ahead.answer(key, set[str]) <= {id} for key in keys)

    def _place(self, type: str, key_hash: str) -> tuple[str, ...]:
        return ("mention", self._scope.payer_id, type, key_hash)

    def forget(self, type: str, ids: Iterable[str]) -> None:
        """These resources of one type name nothing any more."""
        self._connection.execute(
            delete(tables.mention).where(
                _m.payer_id == self._scope.payer_id,
                _m.type == type,
                _m.resource_id.in_(sorted(ids)),
            )
        )

    def hashes(self, names: Iterable[str]) -> list[str]:
        """The keyed hash of each name."""
        return sorted({self._hasher("mention", name) for name in names})


@cache
def _naming_the_same() -> Select[Any]:
    """What some resources name, with every resource of their type that names it."""
    other = tables.mention.alias("other")
    is_the_same = and_(
        other.c.payer_id == _m.payer_id, other.c.key_hash == _m.key_hash, other.c.type == _m.type
    )
    return (
        select(_m.key_hash, other.c.resource_id)
        .join_from(tables.mention, other, is_the_same)
        # Without statistics SQLite would rather read the mentions of the whole payer.
        .with_hint(tables.mention, "INDEXED BY ix_mention_resource", "sqlite")
        .where(
            _m.payer_id == bindparam("b_payer"),
            _m.type == bindparam("b_type"),
            _m.resource_id.in_(bindparam("b_ids", expanding=True)),
        )
    )


@cache
def _naming() -> Question:
    """What of one submitter names one of these."""
    return Question(
        select(_m.type, _m.resource_id)
        .where(
            _m.payer_id == bindparam("b_payer"),
            _m.submitter_id == bindparam("b_submitter"),
            _m.key_hash.in_(bindparam("b_hashes", expanding=True)),
        )
        .distinct()
    )
