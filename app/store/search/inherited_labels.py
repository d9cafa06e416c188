"""The labels that answers have from what they answer, for those that were written without.

Docs: docs/scopes.md, "Labels".
"""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, select

from app.domain.codes import TaskCode
from app.store import tables

_s = tables.submission.c
_p = tables.pended.c
_t = tables.task.c

_RESPONSES = frozenset({"ClaimResponse", "CoverageEligibilityResponse", "EnrollmentResponse"})
_QUEUED = _RESPONSES | {"ExplanationOfBenefit", "CommunicationRequest", "Communication"}
# Tasks that are labelled as their focus is.
_LIKE_THEIR_FOCUS = (TaskCode.CANCEL, TaskCode.RELEASE, TaskCode.REPROCESS, TaskCode.STATUS)


def inherited(
    connection: Connection, payer_id: str, type: str, ids: Collection[str]
) -> dict[str, str]:
    """The guarded label of the request behind each of these, by id; none for one without."""
    return {
        id: label
        for query in _queries(payer_id, type, ids)
        for id, label in connection.execute(query)
    }


def _queries(payer_id: str, type: str, ids: Collection[str]) -> Iterator[Select[Any]]:
    guarded = (_s.payer_id == payer_id, _s.label.is_not(None))
    if type in _RESPONSES:
        yield _of(_s.response_id, ids).where(*guarded, _s.response_type == type)
    if type == "ExplanationOfBenefit":
        yield _of(_s.benefit_id, ids).where(*guarded)
    if type in _QUEUED:
        # Earlier answers to the same request, and questions about it.
        it = _is_submission(_p.payer_id, _p.submission_type, _p.submission_id)
        answers = _of(_p.resource_id, ids).join_from(tables.pended, tables.submission, it)
        yield answers.where(*guarded, _p.payer_id == payer_id, _p.type == type)
    if type == "Task":
        it = _is_submission(_t.payer_id, _t.focus_type, _t.focus_id)
        tasks = _of(_t.id, ids).join_from(tables.task, tables.submission, it)
        yield tasks.where(*guarded, _t.payer_id == payer_id, _t.code.in_(_LIKE_THEIR_FOCUS))


def _of(id: Column[Any], ids: Collection[str]) -> Select[Any]:
    return select(id, _s.label).where(id.in_(ids))


def _is_submission(
    payer_id: Column[Any], type: Column[Any], id: Column[Any]
) -> ColumnElement[bool]:
    return and_(_s.payer_id == payer_id, _s.type == type, _s.id == id)
