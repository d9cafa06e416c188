"""Task.code ``reprocess``: decide a Claim again, all of it or the named lines.

http://hl7.org/fhir/R4/financial-module.html#reprocess
"""

import re
from dataclasses import dataclass

from app.domain import lifecycle
from app.domain.codes import BusinessStatus, InputType, OutputType, TaskCode
from app.domain.issues import ErrorCode
from app.domain.references import Reference
from app.domain.reissue import Path, spelled
from app.domain.tasks import Output, TaskInput, TaskOutcome, TaskRequest, in_progress
from app.gateway.registry import handles
from app.gateway.tasks import focus
from app.gateway.tasks.inputs import InputField, ReferenceField, TaskInputSchema, TextField, refused
from app.gateway.tasks.origresponse import require_origresponse
from app.gateway.tasks.reopening import attach, reopened, require_lines
from app.store.reissues import Asked
from app.store.unit_of_work import UnitOfWork

# Item, detail and subDetail: http://hl7.org/fhir/R4/claim.html#resource
_PATH = re.compile(r"[1-9][0-9]{0,9}(\.[1-9][0-9]{0,9}){0,2}")


@dataclass(frozen=True, slots=True)
class Reprocess:
    """Which lines (none: all), what came in support, and what the sender quotes."""

    origresponse: Reference | None = None
    reference: str | None = None
    items: tuple[Path, ...] = ()
    resources: tuple[Reference, ...] = ()


class PathField(InputField):
    """A line: the sequence of an item, or the path of a line below one, `2.1.3`."""

    kinds = frozenset({"PositiveInt", "Integer", "UnsignedInt", "String"})

    def meaning(self, given: TaskInput) -> Path:
        """The sequences from the item down."""
        written = str(given.value)
        if not _PATH.fullmatch(written):
            text = "'item' is a sequence, or a path of sequences such as '2.1.3'."
            raise refused(ErrorCode.INPUT_VALUE, text, given)
        return tuple(int(sequence) for sequence in written.split("."))


class ReprocessInput(TaskInputSchema):
    """What a reprocess takes."""

    parameters = Reprocess

    origresponse = ReferenceField(data_key=InputType.ORIGRESPONSE)
    reference = TextField(data_key=InputType.REFERENCE)
    items = PathField(data_key=InputType.ITEM, repeats=True)
    resources = ReferenceField(data_key=InputType.RESOURCE, repeats=True)


@handles(TaskCode.REPROCESS, ReprocessInput)
def reprocess(request: TaskRequest[Reprocess], work: UnitOfWork) -> TaskOutcome:
    """Queue the focus anew; a later version of the Task names the new ClaimResponse."""
    asked = request.parameters
    claim = focus.submission(focus.required(request.task.focus), work, lock=True)
    lifecycle.require(TaskCode.REPROCESS, focus.standing(claim, work))
    require_origresponse(asked.origresponse, claim, request.task, work)
    require_lines(asked.items, claim, request, work)
    attach(asked.resources, claim, request, work)
    lines = tuple(dict.fromkeys(asked.items))
    asked_for = Asked(claim.id, request.task_id, lines, asked.reference)
    is_urgent = reopened(claim, asked_for, request, work)
    disposition = Output(OutputType.DISPOSITION, _told(lines))
    status = BusinessStatus.AWAITING_ADJUDICATION
    return in_progress(status, disposition, focus=claim.key, is_urgent=is_urgent, label=claim.label)


def _told(lines: tuple[Path, ...]) -> str:
    if not lines:
        return "All lines are to be decided again."
    return f"To be decided again: line {', '.join(spelled(path) for path in lines)}."
