"""Task codes ``nullify``, ``release``, ``reprocess`` and ``deliver``: understood, not yet offered.

http://hl7.org/fhir/R4/financial-module.html
"""

from dataclasses import dataclass

from app.domain.codes import InputType, TaskCode
from app.domain.issues import ErrorCode, Issue, Refused
from app.domain.tasks import TaskOutcome, TaskRequest
from app.gateway.inputs import TaskInputSchema
from app.gateway.registry import handles
from app.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is read yet."""


class LaterInput(TaskInputSchema):
    """Every known input is understood and has no use yet."""

    parameters = Later
    ignored = frozenset(InputType)


def later(request: TaskRequest[Later], work: UnitOfWork) -> TaskOutcome:
    """Refuse by name, so that a client can tell this from an unknown code."""
    text = f"The Task code '{request.task.code}' is not yet supported."
    raise Refused(Issue(ErrorCode.NOT_SUPPORTED_YET, text, "Task.code"))


for _code in (TaskCode.NULLIFY, TaskCode.RELEASE, TaskCode.REPROCESS, TaskCode.DELIVER):
    handles(_code, LaterInput, is_supported=False)(later)
