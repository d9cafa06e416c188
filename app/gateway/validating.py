"""$validate: what would be wrong with a resource, or with doing something to it; nothing stays.

http://hl7.org/fhir/R4/resource-operation-validate.html
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from app.domain.issues import ErrorCode, Issue, Severity, Unacceptable
from app.domain.parties import Client
from app.fhir import json_text
from app.fhir.answers import claim_response
from app.fhir.documents import Document
from app.fhir.tasks.reading import read_task
from app.fhir.validation import check
from app.gateway.changes.delete import delete
from app.gateway.changes.target import Target
from app.gateway.changes.update import update
from app.gateway.installation import Installation
from app.gateway.intake import intake
from app.gateway.intake.outcome import Taken, there_already
from app.gateway.once import TakenMeanwhile
from app.gateway.reading.by_id import Reading
from app.gateway.received import Received
from app.gateway.registry import handling_of
from app.gateway.surface import Interaction, not_offered, offered
from app.gateway.tasks.inputs import parameters_of
from app.store.resources import VersionConflict
from app.store.unit_of_work import UnitOfWork

_R4 = "http://hl7.org/fhir/StructureDefinition/"


class Mode(StrEnum):
    """What is meant to be done: http://hl7.org/fhir/R4/valueset-resource-validation-mode.html."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    PROFILE = "profile"


_LETTERS = {Mode.CREATE: "c", Mode.UPDATE: "u", Mode.DELETE: "d"}


@dataclass(frozen=True, slots=True)
class Question:
    """A resource, or one that is stored, and what it is to be held against."""

    type: str
    id: str | None
    document: Document | None
    mode: Mode | None = None
    profiles: tuple[str, ...] = ()

    @property
    def letter(self) -> str:
        """That of the scope it takes: what it would take to be done, or else to be read."""
        otherwise = "r" if self.document is None else "c"
        return otherwise if self.mode is None else _LETTERS.get(self.mode, otherwise)


def issues_of(installation: Installation, client: Client, question: Question) -> list[Issue]:
    """All that is wrong; raises Unacceptable where there is nothing to be asked about."""
    stored = None
    if question.id is not None:
        # Nothing of it is given but what is wrong with it.
        silent = replace(installation, audits_reads=False)
        stored = Reading(silent).resource(client, question.type, question.id).text
    elif question.mode is Mode.DELETE:
        text = "The mode 'delete' is for a resource that is there: [type]/[id]/$validate."
        raise Unacceptable(Issue(ErrorCode.PARAMETER, text))
    if question.mode is Mode.DELETE:
        target = Target(question.type, question.id)
        return _unwound(installation, client, lambda work: delete(target, client, work))
    document = question.document
    if document is None:
        if stored is None:
            text = "Send the resource, alone or as the parameter 'resource'."
            raise Unacceptable(Issue(ErrorCode.REQUIRED, text, "Parameters.parameter"))
        document = json_text.parsed(stored)
    issues = [*_content_issues(question, document), *_profile_issues(question)]
    return issues or _mode_issues(installation, client, question, document)


def _content_issues(question: Question, document: Document) -> list[Issue]:
    if document.get("resourceType") != question.type:
        text = f"The resourceType here is {question.type}."
        return [Issue(ErrorCode.RESOURCE_TYPE, text, "resourceType")]
    return check(document)


def _profile_issues(question: Question) -> list[Issue]:
    """Only R4 itself is known: to call anything else fulfilled would be a guess."""
    known = {f"{_R4}{question.type}", f"{_R4}{question.type}|4.0.1"}
    return [
        Issue(ErrorCode.PROFILE, "A profile that is named is not known here.")
        for profile in question.profiles
        if profile not in known
    ]


def _mode_issues(
    installation: Installation, client: Client, question: Question, document: Document
) -> list[Issue]:
    """What the very same request would be refused for: it is done, and all of it is unwound."""
    base = installation.base_url
    sent = Received(json_text.write(document), document)
    target = Target(question.type, question.id or document.get("id"))

    def done(work: UnitOfWork) -> Any:
        if question.mode is Mode.UPDATE:
            return update(sent, target, client, base, work)
        taken = intake.take(sent, client, base, work)
        told = _answered_with(taken, work)
        if told:
            raise Unacceptable(*told)
        return taken

    if question.mode not in {Mode.CREATE, Mode.UPDATE}:
        return []
    if question.mode is Mode.UPDATE and target.id is None:
        text = "What is to be updated is named by the id in the resource: [type]/[id]."
        return [Issue(ErrorCode.REQUIRED, text, f"{question.type}.id")]
    if question.mode is Mode.CREATE and question.type == "Task":
        # A Task is tried by `Prefer: dry-run`, which tells what would come of it.
        return _task_issues(installation, client, sent)
    return _unwound(installation, client, done)


def _answered_with(taken: Taken, work: UnitOfWork) -> list[Issue]:
    """The errors that a request would be taken in with, and answered at once: as warnings."""
    type, _, id = (taken.related or "").partition("/")
    response = work.resources.find(type, id) if type == "ClaimResponse" else None
    if response is None or response.text is None:
        return []
    if not taken.is_new and not there_already(response, work.scope).is_shown:
        return []
    return [
        replace(issue, severity=Severity.WARNING)
        for issue in claim_response.issues_of(json_text.parsed(response.text))
    ]


def _task_issues(installation: Installation, client: Client, sent: Received) -> list[Issue]:
    if Interaction.CREATE not in offered(sent.type, client.kind):
        return list(not_offered("This client sends no Tasks.", "Task").issues)
    task, issues = read_task(sent.document, installation.base_url, installation.clock())
    if task is None:
        return issues
    try:
        parameters_of(handling_of(task.code).inputs, task)
    except Unacceptable as wrong:
        return [*issues, *wrong.issues]
    return issues


class _Unwound(Exception):
    """Nothing of it stays."""


def _unwound(
    installation: Installation, client: Client, effect: Callable[[UnitOfWork], Any]
) -> list[Issue]:
    """The issues that an effect is refused with; none where it would be accepted."""
    issues: list[Issue] = []

    def done_for_nothing(work: UnitOfWork) -> None:
        effect(work)
        raise _Unwound

    def tried(work: UnitOfWork) -> None:
        issues.clear()
        try:
            with work.attempt():
                done_for_nothing(work)
        except Unacceptable as refusal:
            issues.extend(refusal.issues)
        except (_Unwound, TakenMeanwhile, VersionConflict):
            # To be overtaken by the same request is no fault of the content.
            return

    installation.write(client.scope, tried)
    return issues
