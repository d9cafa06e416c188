"""One submission, and the statements that read it, each built once."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from app.domain.adjudication import Awaiting, Review
from app.domain.codes import ClaimUse, Outcome
from app.domain.lifecycle import UNDECIDED, State
from app.domain.parties import Scope
from app.store import tables
from app.store.database.questions import Question

_s = tables.submission.c


@dataclass(frozen=True, slots=True)
class Submission:
    """One row: `response` is the id of its ClaimResponse (or other response), `benefit` its EOB."""

    type: str
    id: str
    submitter_id: str
    state: State
    epoch: int
    created_at: datetime
    use: ClaimUse | None = None
    response_type: str | None = None
    response_id: str | None = None
    benefit_id: str | None = None
    outcome: Outcome | None = None
    disposition: str | None = None
    total: Decimal | None = None
    currency: str | None = None
    awaiting: Awaiting | None = None
    awaiting_text: str | None = None
    due_at: datetime | None = None
    is_used: bool = False
    rules: str | None = None
    plan_version: str | None = None
    decided_at: datetime | None = None
    is_held: bool = False
    about_id: str | None = None
    question_id: str | None = None
    paid_at: datetime | None = None
    providers: frozenset[str] | None = None
    review: Review | None = None
    label: str | None = None

    @property
    def is_reopened(self) -> bool:
        """Whether it was decided before and is being decided again."""
        return self.decided_at is not None and self.state in UNDECIDED

    @property
    def key(self) -> tuple[str, str]:
        """Type and id."""
        return (self.type, self.id)


COLUMNS = [getattr(_s, name) for name in Submission.__dataclass_fields__]


def place(scope: Scope, id: str, type: str = "Claim") -> tuple[object, ...]:
    """Under what a transaction for many knows a submission."""
    return ("submission", scope.payer_id, scope.submitter_id, type, id)


def attached_place(scope: Scope, claim_id: str) -> tuple[object, ...]:
    """Under what it knows the Communications that belong to a Claim."""
    return ("attached", scope.payer_id, scope.submitter_id, claim_id)


@cache
def one(*, is_scoped: bool, is_locked: bool) -> Question:
    """One submission of a payer, or of one submitter."""
    its = (_s.type == bindparam("b_type"), _s.id == bindparam("b_id"))
    query = select(*COLUMNS).where(*its)
    return Question(_of_scope(query, is_scoped=is_scoped, is_locked=is_locked))


@cache
def claims(*, is_scoped: bool, is_locked: bool) -> Select[Any]:
    """Some Claims, in the order of their ids."""
    its = (_s.type == "Claim", _s.id.in_(bindparam("b_ids", expanding=True)))
    query = select(*COLUMNS).where(*its).order_by(_s.id)
    return _of_scope(query, is_scoped=is_scoped, is_locked=is_locked)


def _of_scope(query: Select[Any], *, is_scoped: bool, is_locked: bool) -> Select[Any]:
    query = query.where(_s.payer_id == bindparam("b_payer"))
    if is_scoped:
        query = query.where(_s.submitter_id == bindparam("b_submitter"))
    return query.with_for_update() if is_locked else query
