"""Task.code ``release``: give back what a preauthorization still reserves.

http://hl7.org/fhir/R4/financial-module.html#release
"""

from dataclasses import dataclass

from app.domain import lifecycle
from app.domain.codes import InputType, OutputType, TaskCode
from app.domain.money import Money
from app.domain.references import Reference
from app.domain.tasks import Output, TaskOutcome, TaskRequest, completed
from app.gateway.registry import handles
from app.gateway.tasks import focus
from app.gateway.tasks.inputs import ReferenceField, TaskInputSchema, TextField
from app.gateway.tasks.origresponse import require_origresponse
from app.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Release:
    """The response that confirmed the reservation, and a number that the sender quotes."""

    origresponse: Reference | None = None
    reference: str | None = None


class ReleaseInput(TaskInputSchema):
    """What a release takes."""

    parameters = Release

    origresponse = ReferenceField(data_key=InputType.ORIGRESPONSE)
    reference = TextField(data_key=InputType.REFERENCE)


@handles(TaskCode.RELEASE, ReleaseInput)
def release(request: TaskRequest[Release], work: UnitOfWork) -> TaskOutcome:
    """Release the focus; output `amount` is what was still open, 0 the second time."""
    preauthorization = focus.submission(focus.required(request.task.focus), work, lock=True)
    lifecycle.require(TaskCode.RELEASE, focus.standing(preauthorization, work, lock=True))
    require_origresponse(request.parameters.origresponse, preauthorization, request.task, work)
    released = work.reservations.release(preauthorization.id)
    amount = Money.of_minor_units(released.units, released.currency)
    return completed(
        Output(OutputType.AMOUNT, amount), focus=preauthorization.key, label=preauthorization.label
    )
