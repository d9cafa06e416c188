"""Enrolment: a submitter's Coverage becomes the payer's own, or ends the payer's; and back again.

The one place where a submitter changes what the payer keeps: docs/adr/0010-enrolling-is-a-right.md.
http://hl7.org/fhir/R4/enrollmentrequest.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.enrollment import Action, Verdict, refused, verdict
from app.domain.issues import ErrorCode, Issue, Refused
from app.domain.parties import Client, Payer
from app.domain.references import Reference
from app.fhir import json_text
from app.fhir.answers import enrolled_coverage
from app.fhir.documents import contained, identifiers_of, reference_of
from app.gateway.administering.reference_data import content_of, keep
from app.gateway.coverages import matches, submitted
from app.store.enrollments import Enrollment
from app.store.resources import Stored
from app.store.unit_of_work import UnitOfWork

_NO_RIGHT = "This submitter may not enroll members; the payer grants that. Nothing is changed."
_ANOTHERS = (
    "The payer keeps another Coverage under this subscriberId, with identifiers of its own; name"
    " the one that is meant by its identifier, or by `dependent`. Nothing is changed."
)
_NO_COVERAGE = "The request names no Coverage; nothing is changed."


def enrolled(
    document: Mapping[str, Any], submission_id: str, client: Client, base: str, work: UnitOfWork
) -> Verdict:
    """Do what an EnrollmentRequest asks for, and tell how it is answered."""
    if not client.may_enroll:
        return refused(_NO_RIGHT)
    if "coverage" not in document:
        return refused(_NO_COVERAGE)
    payers = work.on_the_payers_side()
    # First of all, so that two who enroll the same member follow each other.
    payers.reference_epoch.advance()
    reference = reference_of(document["coverage"], base)
    coverage = _submitted(document, reference, work)
    kept = matches(reference, coverage, work)
    if coverage is not None and any(_is_anothers(coverage, each) for each in kept):
        return refused(_ANOTHERS)
    decided = _decided(document, coverage, kept, client.payer, work)
    text = _text(decided, document, coverage, kept)
    if text is not None and decided.action is not None:
        id = kept[0].id if kept else work.new_id()
        changed = keep(json_text.parsed(text), text, client.id, payers, id=id).stored
        work.enrollments.add(Enrollment(submission_id, id, decided.action, changed.version))
    return decided


def taken_back(submission_id: str, work: UnitOfWork) -> None:
    """Undo what an EnrollmentRequest did, if anything: the payer's Coverage is as it was before.

    One that was created is cancelled. Raises Refused where the Coverage was changed since.
    """
    done = work.enrollments.find(submission_id)
    if done is None:
        return
    payers = work.on_the_payers_side()
    payers.reference_epoch.advance()
    current = payers.reference_data.find("Coverage", done.coverage_id)
    written = _version(done, done.version, payers)
    if current is None or content_of(current.text) != content_of(written):
        error = ErrorCode.CANCEL_COVERAGE_CHANGED
        raise Refused(Issue(error, error.entry.meaning, "Task.focus"))
    if done.action is Action.CREATED:
        text = enrolled_coverage.cancelled(written)
    else:
        text = _version(done, done.version - 1, payers)
    actor = work.scope.client_id
    keep(json_text.parsed(text), text, actor, payers, id=done.coverage_id)


def purged(submission_id: str, task_id: str, work: UnitOfWork) -> dict[tuple[str, str], int]:
    """Purge the Coverage that a nullified request created; its versions, by type and id.

    One that was ended only is the payer's own, and so is one that the payer changed since.
    """
    done = work.enrollments.find(submission_id)
    if done is None or done.action is not Action.CREATED:
        return {}
    payers = work.on_the_payers_side()
    current = payers.reference_data.find("Coverage", done.coverage_id)
    ours = enrolled_coverage.cancelled(_version(done, done.version, payers))
    if current is None or content_of(current.text) != content_of(ours):
        return {}
    payers.tombstones.add("Coverage", done.coverage_id, task_id)
    return {("Coverage", done.coverage_id): payers.resources.purge("Coverage", done.coverage_id)}


def _submitted(
    document: Mapping[str, Any], reference: Reference, work: UnitOfWork
) -> dict[str, Any] | None:
    """The sender's own Coverage, also where only its identifier is named; None where unclear."""
    said = submitted(document, document["coverage"], reference, work)
    if said is not None or reference.identifier is None or reference.id is not None:
        return said
    named = work.resources.identified(("Coverage",), reference.identifier)
    stored = work.resources.find(*named[0]) if len(named) == 1 else None
    return None if stored is None else _document(stored)


def _is_anothers(coverage: Mapping[str, Any], kept: Stored) -> bool:
    """Whether only the subscriberId led there, while the identifiers of both name two members."""
    named, known = set(identifiers_of(coverage)), set(identifiers_of(_document(kept)))
    return bool(named and known) and not named & known


def _decided(
    document: Mapping[str, Any],
    coverage: dict[str, Any] | None,
    kept: list[Stored],
    payer: Payer,
    work: UnitOfWork,
) -> Verdict:
    today = work.now.astimezone(payer.settings.zone).date()
    return verdict(
        None if coverage is None else enrolled_coverage.asked_of(coverage),
        [enrolled_coverage.days_kept(_document(each)) for each in kept],
        today,
        # The day as it is written: with its time, the Coverage would end within that day.
        document.get("created", today.isoformat())[:10],
    )


def _text(
    decided: Verdict,
    document: Mapping[str, Any],
    coverage: dict[str, Any] | None,
    kept: list[Stored],
) -> str | None:
    """The payer's Coverage as it is from now on; None where nothing changes."""
    if decided.action is Action.CREATED and coverage is not None:
        is_contained = contained(document, document["coverage"]) is not None
        container = dict(document) if is_contained else coverage
        return json_text.write(enrolled_coverage.payers_own(coverage, container, dict(document)))
    if decided.action is Action.ENDED and decided.end is not None:
        return enrolled_coverage.ended(kept[0].text or "", decided.end)
    return None


def _version(done: Enrollment, version: int, payers: UnitOfWork) -> str:
    found = payers.reference_data.find_version("Coverage", done.coverage_id, version)
    if found is None or found.text is None:
        raise LookupError("every version of a payer's Coverage is kept")
    return found.text


def _document(stored: Stored) -> dict[str, Any]:
    document: dict[str, Any] = json_text.parsed(stored.text or "{}")
    return document
