"""Task.code ``cancel``: stop a request, or reverse what was decided on it; the copy is kept.

http://hl7.org/fhir/R4/financial-module.html#cancel
"""

from dataclasses import dataclass

from app.domain import lifecycle
from app.domain.codes import InputType, OutputType, TaskCode
from app.domain.references import Reference
from app.domain.tasks import Output, TaskOutcome, TaskRequest, completed
from app.gateway.registry import handles
from app.gateway.tasks import focus
from app.gateway.tasks.cancellation import cancelled
from app.gateway.tasks.inputs import ReferenceField, TaskInputSchema, TextField
from app.gateway.tasks.origresponse import require_origresponse
from app.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Cancel:
    """The response that the sender knows, and a number it quotes."""

    origresponse: Reference | None = None
    reference: str | None = None


class CancelInput(TaskInputSchema):
    """What a cancel takes."""

    parameters = Cancel

    origresponse = ReferenceField(data_key=InputType.ORIGRESPONSE)
    reference = TextField(data_key=InputType.REFERENCE)


@handles(TaskCode.CANCEL, CancelInput)
def cancel(request: TaskRequest[Cancel], work: UnitOfWork) -> TaskOutcome:
    """Cancel the focus; output `response` is the reversing ClaimResponse of a decided Claim."""
    submission = focus.submission(focus.required(request.task.focus), work, lock=True)
    lifecycle.require(TaskCode.CANCEL, focus.standing(submission, work, lock=True))
    require_origresponse(request.parameters.origresponse, submission, request.task, work)
    reversal = cancelled(submission, request.client.payer, work)
    if reversal is None:
        return completed(focus=submission.key, label=submission.label)
    response = Reference(reversal.type, reversal.id, reversal.version)
    return completed(
        Output(OutputType.RESPONSE, response), focus=submission.key, label=submission.label
    )
