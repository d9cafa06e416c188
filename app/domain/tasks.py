"""A Task as it is asked and as it is answered, in no FHIR version's words.

http://hl7.org/fhir/R4/task.html
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from app.domain.adjudication import Awaiting
from app.domain.codes import OutputType, TaskCode, TaskStatus
from app.domain.issues import Issue
from app.domain.parties import Client
from app.domain.references import Identifier, Reference

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class TaskInput:
    """One Task.input: what it means, its value[x] as `kind` and value, and where it stands."""

    type: str
    kind: str
    value: Any
    expression: str


@dataclass(frozen=True, slots=True)
class Task:
    """What a client asks."""

    code: TaskCode
    identifiers: tuple[Identifier, ...] = ()
    focus: Reference | None = None
    inputs: tuple[TaskInput, ...] = ()
    authored_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskRequest(Generic[P]):
    """A Task on its way through its handler: who asks, the id it will have, its parameters."""

    client: Client
    task_id: str
    task: Task
    parameters: P


@dataclass(frozen=True, slots=True)
class Remaining:
    """How much still matches a poll: exact, or `or_more` from the limit of counting on."""

    count: int
    or_more: bool = False


@dataclass(frozen=True, slots=True)
class Redelivered:
    """An answer that was handed over before; `delivery` counts this time too."""

    reference: Reference
    delivery: int


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a submission waits for, and why in a sentence."""

    awaiting: Awaiting
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """One Task.output; the type decides which value[x] it is spelled as."""

    type: OutputType
    value: Any


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """How a Task ended. `keeps_key`: the same Task again gets this answer again."""

    status: TaskStatus
    outputs: tuple[Output, ...] = ()
    focus: tuple[str, str] | None = None
    keeps_key: bool = True


def completed(
    *outputs: Output, focus: tuple[str, str] | None = None, keeps_key: bool = True
) -> TaskOutcome:
    """Understood and done."""
    return TaskOutcome(TaskStatus.COMPLETED, outputs, focus, keeps_key)


def without_effect(status: TaskStatus, issues: tuple[Issue, ...]) -> TaskOutcome:
    """A Task that changed nothing: one output `error` per reason."""
    errors = tuple(Output(OutputType.ERROR, issue) for issue in issues)
    return TaskOutcome(status, errors, keeps_key=False)
