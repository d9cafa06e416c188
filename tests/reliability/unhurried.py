"""An adjudicator that takes its time."""

import time
from dataclasses import dataclass, field
from random import Random

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import AdjudicationRequest, Answer

LONGEST_PAUSE_SECONDS = 0.004


@dataclass
class UnhurriedAdjudicator:
    """The standard rules, after a moment of varying length: wide enough for a cancel in between."""

    random: Random
    rules: str = "unhurried"
    asked: list[str] = field(default_factory=list)

    def adjudicate(self, request: AdjudicationRequest) -> Answer:
        """The standard answer, a little later."""
        self.asked.append(request.claim.use)
        time.sleep(self.random.uniform(0, LONGEST_PAUSE_SECONDS))
        return StandardAdjudicator().adjudicate(request)
