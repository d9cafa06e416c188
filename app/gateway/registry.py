"""Which handler answers which Task code, and with which inputs: filled by `@handles`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from app.domain.codes import TaskCode
from app.domain.tasks import TaskOutcome, TaskRequest
from app.gateway.tasks.inputs import TaskInputSchema
from app.store.unit_of_work import UnitOfWork

P = TypeVar("P")
Handler = Callable[[TaskRequest[Any], UnitOfWork], TaskOutcome]


@dataclass(frozen=True, slots=True)
class Handling:
    """One Task code's inputs and handler; what `only_reads` leaves nothing to be unwound."""

    inputs: type[TaskInputSchema]
    handler: Handler
    only_reads: bool = False


_HANDLINGS: dict[TaskCode, Handling] = {}


def handles(
    code: TaskCode, inputs: type[TaskInputSchema], *, only_reads: bool = False
) -> Callable[
    [Callable[[TaskRequest[P], UnitOfWork], TaskOutcome]],
    Callable[[TaskRequest[P], UnitOfWork], TaskOutcome],
]:
    """Register a handler for a Task code; a second one for the same code is a defect."""

    def register(
        handler: Callable[[TaskRequest[P], UnitOfWork], TaskOutcome],
    ) -> Callable[[TaskRequest[P], UnitOfWork], TaskOutcome]:
        if code in _HANDLINGS:
            raise ValueError(f"two handlers for {code}")
        _HANDLINGS[code] = Handling(inputs, handler, only_reads)
        return handler

    return register


def handling_of(code: TaskCode) -> Handling:
    """The handling of a Task code; every code has one."""
    return _HANDLINGS[code]
