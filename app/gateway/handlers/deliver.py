"""Task.code ``deliver``: take what belongs to an earlier exchange: an attachment, a payment notice.

http://hl7.org/fhir/R4/financial-module.html#attachments
"""

from dataclasses import dataclass

from app.domain.codes import InputType, OutputType, TaskCode
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.references import Reference
from app.domain.tasks import Output, TaskOutcome, TaskRequest, completed
from app.gateway.registry import handles
from app.gateway.tasks.delivered import delivered, taken_in
from app.gateway.tasks.inputs import ReferenceField, TaskInputSchema
from app.gateway.tasks.reopening import expressions
from app.store.unit_of_work import UnitOfWork

# As `include` and `status` with a reference are sent in India: docs/task-codes/deliver.md.
_NAMED_BY = (InputType.RESOURCE, InputType.INCLUDE, InputType.STATUS)


@dataclass(frozen=True, slots=True)
class Deliver:
    """What is delivered: contained in the Task, or stored before."""

    resource: Reference | None = None
    include: Reference | None = None
    status: Reference | None = None

    @property
    def named(self) -> list[Reference]:
        """However the sender spelled the input."""
        return [one for one in (self.resource, self.include, self.status) if one is not None]


class DeliverInput(TaskInputSchema):
    """What a deliver takes."""

    parameters = Deliver

    resource = ReferenceField(data_key=InputType.RESOURCE)
    include = ReferenceField(data_key=InputType.INCLUDE)
    status = ReferenceField(data_key=InputType.STATUS)


@handles(TaskCode.DELIVER, DeliverInput)
def deliver(request: TaskRequest[Deliver], work: UnitOfWork) -> TaskOutcome:
    """Store and match what is delivered; output `response` names it as it is stored."""
    named, at = _one(request)
    resource = delivered(named, at, request, work)
    stored, focus = taken_in(resource, at, request, work)
    reference = Reference(stored.type, stored.id, stored.version)
    return completed(Output(OutputType.RESPONSE, reference), focus=focus)


def _one(request: TaskRequest[Deliver]) -> tuple[Reference, str]:
    """The resource that the Task delivers, and which input names it."""
    named = request.parameters.named
    at = [where for type in _NAMED_BY for where in expressions(request.task, type)]
    if not named:
        text = "'deliver' names what is delivered by an input 'resource'."
        raise Unacceptable(Issue(ErrorCode.INPUT_REQUIRED, text, "Task.input"))
    if len(named) > 1:
        text = "One Task delivers one resource."
        raise Unacceptable(*(Issue(ErrorCode.INPUT_TWICE, text, where) for where in at[1:]))
    return named[0], at[0]
