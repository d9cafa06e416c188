"""An adjudicator that answers as it is told, and remembers what it was asked."""

from collections.abc import Callable
from datetime import datetime
from itertools import chain, repeat

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import AdjudicationRequest, Answer, Awaiting, Deferred

Step = Answer | Exception | Callable[[AdjudicationRequest], Answer]


def decide(request: AdjudicationRequest) -> Answer:
    """What the standard adjudicator decides."""
    return StandardAdjudicator().adjudicate(request)


def deferred(awaiting: Awaiting = Awaiting.OPERATOR, until: datetime | None = None) -> Deferred:
    """Not decidable yet."""
    return Deferred(awaiting, "Something is missing.", until)


class ScriptedAdjudicator:
    """One step per question, then the last step for ever: an answer, a fault, or a function."""

    rules = "scripted-1"

    def __init__(self, *steps: Step) -> None:
        self.asked: list[AdjudicationRequest] = []
        self._steps = chain(steps, repeat(steps[-1]))

    def adjudicate(self, request: AdjudicationRequest) -> Answer:
        """The next step."""
        self.asked.append(request)
        step = next(self._steps)
        if isinstance(step, Exception):
            raise step
        return step(request) if callable(step) else step
