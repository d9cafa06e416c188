"""Task.code ``poll``: hand over what was answered later, oldest first.

http://hl7.org/fhir/R4/financial-module.html#poll
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain import lifecycle
from app.domain.codes import HandOver, InputType, OutputType, TaskCode
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.parties import Payer
from app.domain.period import Period, span
from app.domain.references import Reference
from app.domain.selection import Selection
from app.domain.tasks import (
    Output,
    Redelivered,
    Task,
    TaskInput,
    TaskOutcome,
    TaskRequest,
    completed,
)
from app.fhir.resource_types import RESOURCE_TYPES
from app.gateway.permitted import require
from app.gateway.registry import handles
from app.gateway.tasks import focus
from app.gateway.tasks.acknowledgement import acknowledge
from app.gateway.tasks.inputs import InputField, ReferenceField, TaskInputSchema, refused
from app.gateway.tasks.origresponse import response
from app.store.pended import Item
from app.store.unit_of_work import UnitOfWork

MOST_AT_ONCE = 100
# A Bundle larger than this is more than many clients take; at least one item always goes.
BUNDLE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Poll:
    """The filters of a poll. `count` None: one resource, referred to without a Bundle."""

    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    origresponse: Reference | None = None
    period: tuple[str | None, str | None] | None = None
    count: int | None = None
    acknowledged: tuple[Reference, ...] = ()


class TypeField(InputField):
    """The name of a resource type."""

    kinds = frozenset({"Code", "String", "CodeableConcept"})

    def meaning(self, given: TaskInput) -> str:
        """The name; anything that is no R4 resource type is refused."""
        value = given.value
        if given.kind == "CodeableConcept":
            value = next((one.get("code") for one in value.get("coding", ())), None)
        if value not in RESOURCE_TYPES:
            raise refused(
                ErrorCode.INPUT_VALUE, f"'{given.type}' names an R4 resource type.", given
            )
        return str(value)


class CountField(InputField):
    """How many resources at the most."""

    kinds = frozenset({"PositiveInt", "Integer", "UnsignedInt"})

    def meaning(self, given: TaskInput) -> int:
        """1 to 100."""
        if not 1 <= given.value <= MOST_AT_ONCE:
            raise refused(ErrorCode.INPUT_COUNT, f"'count' is 1 to {MOST_AT_ONCE}.", given)
        return int(given.value)


class PeriodField(InputField):
    """Between which dates; a missing end is open."""

    kinds = frozenset({"Period"})

    def meaning(self, given: TaskInput) -> tuple[str | None, str | None]:
        """Start and end as written: which instants they cover depends on the payer's zone."""
        return given.value.get("start"), given.value.get("end")


class PollInput(TaskInputSchema):
    """What a poll takes."""

    parameters = Poll

    included = TypeField(data_key=InputType.INCLUDE, repeats=True)
    excluded = TypeField(data_key=InputType.EXCLUDE, repeats=True)
    origresponse = ReferenceField(data_key=InputType.ORIGRESPONSE)
    period = PeriodField(data_key=InputType.PERIOD)
    count = CountField(data_key=InputType.COUNT)
    acknowledged = ReferenceField(data_key=InputType.ACK, repeats=True)


@handles(TaskCode.POLL, PollInput)
def poll(request: TaskRequest[Poll], work: UnitOfWork) -> TaskOutcome:
    """Hand over what matches; output `response` names it, `remaining` tells what is left."""
    if request.parameters.count is not None:
        # Without it what is handed over could not be read.
        require(request.client, "r", "Bundle")
    work.pended.lock()
    acknowledge(request.parameters.acknowledged, request.task, work)
    selection = _selection(request, work)
    items = _hand_over(selection, request.parameters.count or 1, request.client.hand_over, work)
    with work.at_once(puts_off=True):
        work.pended.record_hand_over(request.task_id, items)
    remaining = Output(OutputType.REMAINING, work.pended.remaining(selection))
    if not items:
        return completed(remaining, focus=selection.answers_to, keeps_key=False, handed_over=0)
    handed_over = Output(OutputType.RESPONSE, _response(items, request))
    return completed(handed_over, remaining, focus=selection.answers_to, handed_over=len(items))


def _selection(request: TaskRequest[Poll], work: UnitOfWork) -> Selection:
    parameters = request.parameters
    answers_to, follows = None, None
    if request.task.focus is not None:
        # Locked, so that what is handed over and what is told to remain are of one instant.
        submission = focus.submission(request.task.focus, work, lock=True)
        lifecycle.require(TaskCode.POLL, focus.standing(submission, work))
        answers_to = submission.key
    if parameters.origresponse is not None:
        follows = response(parameters.origresponse, request.task, work, to=answers_to).id
    return Selection(
        included=frozenset(parameters.included),
        excluded=frozenset(parameters.excluded),
        period=_period(parameters.period, request.task, request.client.payer),
        answers_to=answers_to,
        follows=follows,
    )


def _period(given: tuple[str | None, str | None] | None, task: Task, payer: Payer) -> Period | None:
    if given is None:
        return None
    start, end = (Period() if text is None else span(text, payer.settings.zone) for text in given)
    period = Period(start.start, end.end)
    if period.is_inverted:
        # A date and a dateTime are compared in the payer's zone, which the check of R4 has not.
        expression = next(one.expression for one in task.inputs if one.type == InputType.PERIOD)
        text = ErrorCode.INPUT_PERIOD.entry.meaning
        raise Unacceptable(Issue(ErrorCode.INPUT_PERIOD, text, expression))
    return period


def _hand_over(selection: Selection, limit: int, how: HandOver, work: UnitOfWork) -> list[Item]:
    work.leases.park()
    while waiting := _within_a_bundle(work.pended.undelivered(selection, limit)):
        # What is looked at may be withdrawn before it is handed over: then what is behind it goes.
        if handed_over := work.pended.deliver(waiting, how):
            return handed_over
    return [] if selection.answers_to is None else _recover(selection, limit, how, work)


def _recover(selection: Selection, limit: int, how: HandOver, work: UnitOfWork) -> list[Item]:
    """What is parked, because its submitter asks for it; then once more what was given before."""
    parked = _within_a_bundle(work.pended.parked(selection, limit))
    moved = work.pended.deliver(parked, how) if parked else []
    again = work.pended.newest_delivered(selection, besides=moved)
    return _within_a_bundle([*moved, *again][:limit])


def _within_a_bundle(items: Sequence[Item]) -> list[Item]:
    taken: list[Item] = []
    size = 0
    for item in items:
        size += item.size
        if taken and size > BUNDLE_BYTES:
            break
        taken.append(item)
    return taken


def _response(items: Sequence[Item], request: TaskRequest[Poll]) -> Reference | Redelivered:
    if request.parameters.count is not None:
        # The Bundle of a hand-over goes by the id of the Task that asked for it.
        return Reference("Bundle", request.task_id)
    item = items[0]
    reference = Reference(item.type, item.resource_id, item.version)
    return reference if item.deliveries == 1 else Redelivered(reference, item.deliveries)
