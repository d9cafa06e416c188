"""The one statement that takes a replay key.

It waits for another transaction that is about to take the same one, so its answer is final.
"""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, TextClause, and_, bindparam, literal_column, not_, or_, text
from sqlalchemy.dialects import postgresql, sqlite

from app.store import leases, tables
from app.store.database.questions import Question
from app.store.types import Instant

_k = tables.replay_key.c
_KEY = ("payer_id", "submitter_id", "key_hash")


@cache
def taking(dialect: str) -> Question:
    """Insert a key, or put it in the place of one that has lapsed; no row where it is kept.

    `b_now` is the instant at which it is asked whether the other one has lapsed.
    """
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(tables.replay_key)
    statement = statement.values(
        {column.name: bindparam(column.name, type_=column.type) for column in tables.replay_key.c}
    )
    given = {
        column.name: statement.excluded[column.name]
        for column in tables.replay_key.c
        if column.name not in _KEY
    }
    # As text: the row is that of the INSERT, and not to be looked up in the condition again.
    payer_id: ColumnElement[str] = literal_column("replay_key.payer_id")
    resource_id: ColumnElement[str] = literal_column("replay_key.resource_id")
    is_unacknowledged = leases.is_unacknowledged(payer_id, resource_id)
    counts = or_(
        _k.expires_at > bindparam("b_now", type_=Instant),
        and_(_k.type == "Task", _written_out(is_unacknowledged, dialect)),
    )
    taken = statement.on_conflict_do_update(
        index_elements=list(_KEY), set_=given, where=not_(counts)
    )
    return Question(taken.returning(_k.payer_id))


def _written_out(condition: Any, dialect: str) -> TextClause:
    """A condition of our own codes as text: its list would be spelled anew at each execution."""
    compiled = condition.compile(
        dialect=(sqlite if dialect == "sqlite" else postgresql).dialect(),
        compile_kwargs={"literal_binds": True},
    )
    return text(str(compiled))
