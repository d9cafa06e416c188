"""Task.code ``nullify``: stop or reverse a request, and purge every copy of it.

http://hl7.org/fhir/R4/financial-module.html#nullify
"""

from dataclasses import dataclass

from app.domain import lifecycle
from app.domain.codes import BusinessStatus, InputType, TaskCode
from app.domain.references import Reference
from app.domain.tasks import TaskOutcome, TaskRequest, in_progress
from app.gateway.purging.nullification import nullified
from app.gateway.purging.purges import purged
from app.gateway.registry import handles
from app.gateway.tasks import focus
from app.gateway.tasks.inputs import ReferenceField, TaskInputSchema, TextField
from app.gateway.tasks.origresponse import require_origresponse
from app.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Nullify:
    """The response that the sender knows, and a number it quotes."""

    origresponse: Reference | None = None
    reference: str | None = None


class NullifyInput(TaskInputSchema):
    """What a nullify takes."""

    parameters = Nullify

    origresponse = ReferenceField(data_key=InputType.ORIGRESPONSE)
    reference = TextField(data_key=InputType.REFERENCE)


@handles(TaskCode.NULLIFY, NullifyInput)
def nullify(request: TaskRequest[Nullify], work: UnitOfWork) -> TaskOutcome:
    """Nullify the focus; output `receipt` tells what was purged."""
    payer = request.client.payer
    submission = focus.submission(focus.required(request.task.focus), work, lock=True)
    lifecycle.require(TaskCode.NULLIFY, focus.standing(submission, work, payer, lock=True))
    require_origresponse(request.parameters.origresponse, submission, request.task, work)
    if payer.settings.nullify_needs_approval:
        return in_progress(BusinessStatus.AWAITING_APPROVAL, focus=submission.key)
    return purged(nullified(submission, request.task_id, payer, work), submission)
