"""What a decision was made from is kept with it, and compared when it is made again.

Docs: docs/replay.md.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

from app.domain.adjudication import AdjudicationRequest, Decided
from app.domain.changes import NOT_KEPT, Change, changes
from app.domain.decision_inputs import decision_text, inputs_text, request_of
from app.domain.exact_text import NotReadable
from app.domain.lifecycle import State
from app.gateway.deciding.authorizations import reference_of
from app.store.decisions import Decision, Kept
from app.store.hashing import Hasher
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork


class SourceGone(Exception):
    """A request whose content was looked at was nullified since: it may not be kept here."""


class Loss(StrEnum):
    """Why the inputs of a decision cannot be read any more."""

    EMPTIED = "emptied"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"


class InputsLost(Exception):
    """What a decision was made from cannot be read; the argument is the Loss."""


def keep(
    submission: Submission,
    request: AdjudicationRequest,
    decided: Decided,
    rules: str,
    work: UnitOfWork,
    counted: frozenset[str] = frozenset(),
) -> None:
    """Keep a decision's inputs and digests, in its transaction; raises SourceGone.

    `counted` are other Claims that counters of the request tell of.
    """
    if submission.response_id is None:
        raise LookupError("what is decided has a response")
    sources = _held({*_sources(request), *counted}, work)
    text, plan = inputs_text(request), request.plan
    decision = Decision(
        response_id=submission.response_id,
        rules=rules,
        plan=(plan.identifier, plan.version) if plan else None,
        inputs_digest=digest_of_inputs(text, work.hasher),
        decision_digest=digest_of_decision(decided, work.hasher),
    )
    work.decisions.add(submission.id, submission.submitter_id, decision, text, sources)


def digest_of_inputs(text: str, hasher: Hasher) -> str:
    """What tells that kept inputs are as they were written; without the key it tells nothing."""
    return hasher("decision-inputs", text)


def digest_of_decision(decided: Decided, hasher: Hasher) -> str:
    """What two decisions of the same bytes, and no others, have in common."""
    return hasher("decision", decision_text(decided))


def read_inputs(kept: Kept, hasher: Hasher) -> AdjudicationRequest:
    """What a decision was made from; raises InputsLost."""
    text, digest = kept.inputs, kept.decision.inputs_digest
    if text is None:
        lost = Loss.DAMAGED if kept.is_damaged else Loss.EMPTIED
        raise InputsLost(Loss.UNREADABLE if kept.is_unknown else lost)
    if digest_of_inputs(text, hasher) != digest:
        raise InputsLost(Loss.DAMAGED)
    try:
        return request_of(text)
    except NotReadable:
        raise InputsLost(Loss.UNREADABLE) from None


def compared(
    request: AdjudicationRequest, submission: Submission, work: UnitOfWork
) -> AdjudicationRequest:
    """The request with what differs from the earlier decision's, where it is decided again."""
    if request.reissue is None:
        return request
    earlier = work.decisions.answered_by(submission.id, submission.response_id or "")
    rules = earlier.decision.rules if earlier else submission.rules
    told = replace(request.reissue, rules=rules, changes=_changes(earlier, request, work))
    return replace(request, reissue=told)


def _changes(
    earlier: Kept | None, request: AdjudicationRequest, work: UnitOfWork
) -> tuple[Change, ...]:
    if earlier is None:
        return (NOT_KEPT,)
    try:
        return changes(read_inputs(earlier, work.hasher), request)
    except InputsLost:
        return (NOT_KEPT,)


def _sources(request: AdjudicationRequest) -> Iterator[str]:
    """The other requests that the inputs hold content of: Claims, and quoted preauthorizations."""
    yield from (each.id for each in request.earlier if each.id is not None)
    answers = (payer.answer for payer in request.earlier_payers)
    yield from (each.claim_id for each in answers if each and each.claim_id is not None)
    if request.authorizations:
        prefix = reference_of("")
        for insurance in request.claim.insurance:
            for quoted in insurance.preauthorizations if insurance.focal else ():
                yield quoted.removeprefix(prefix)


def _held(sources: set[str], work: UnitOfWork) -> set[str]:
    """Those of the requests that there are; raises SourceGone where one was nullified.

    Not locked: a purge that is under way meanwhile looks once more when this has ended.
    """
    found = work.on_the_payers_side().submissions.claims(sources) if sources else {}
    if any(each.state is State.NULLIFIED for each in found.values()):
        raise SourceGone
    return set(found)
