"""A Task as it is asked and as it is answered, in no FHIR version's words.

http://hl7.org/fhir/R4/task.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from app.domain.adjudication import Awaiting
from app.domain.codes import BusinessStatus, OutputType, TaskCode, TaskStatus
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
    is_stat: bool = False


@dataclass(frozen=True, slots=True)
class TaskRequest(Generic[P]):
    """A Task on its way through its handler: who asks, the id it will have, its parameters.

    `document` is the Task as it was sent, for what it contains; `base` the FHIR base that local
    references stand under.
    """

    client: Client
    task_id: str
    task: Task
    parameters: P
    document: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""
    request_id: str | None = None


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
    """How a Task ended, or how far it is.

    `keeps_key`: the same Task again gets this answer again. `is_scrubbed`: of the Task as it was
    sent only what tells nothing of its focus is kept. `is_urgent`: its job is tried at once.
    `label` is the guarded label of what it tells of, and becomes the Task's own.
    `handed_over`: how many answers a poll gave.
    """

    status: TaskStatus
    outputs: tuple[Output, ...] = ()
    focus: tuple[str, str] | None = None
    keeps_key: bool = True
    business_status: BusinessStatus | None = None
    is_scrubbed: bool = False
    is_urgent: bool = False
    label: str | None = None
    handed_over: int | None = None


def completed(
    *outputs: Output,
    focus: tuple[str, str] | None = None,
    keeps_key: bool = True,
    label: str | None = None,
    handed_over: int | None = None,
) -> TaskOutcome:
    """Understood and done."""
    return TaskOutcome(
        TaskStatus.COMPLETED, outputs, focus, keeps_key, label=label, handed_over=handed_over
    )


def in_progress(
    business_status: BusinessStatus,
    *outputs: Output,
    focus: tuple[str, str],
    is_urgent: bool = False,
    label: str | None = None,
) -> TaskOutcome:
    """Understood and started; the answer comes later, as a new version of the Task."""
    return TaskOutcome(
        TaskStatus.IN_PROGRESS,
        outputs,
        focus,
        business_status=business_status,
        is_urgent=is_urgent,
        label=label,
    )


def without_effect(status: TaskStatus, issues: tuple[Issue, ...]) -> TaskOutcome:
    """A Task that changed nothing: one output `error` per reason."""
    errors = tuple(Output(OutputType.ERROR, issue) for issue in issues)
    return TaskOutcome(status, errors, keeps_key=False)
