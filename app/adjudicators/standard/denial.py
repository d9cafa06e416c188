"""That nothing of a line is eligible, and who bears it."""

from dataclasses import dataclass

from app.domain.codes import Coding


@dataclass(frozen=True, slots=True)
class Denial:
    """Why nothing of a line is eligible; `is_contractual`: the provider bears all of it."""

    reason: Coding
    is_contractual: bool = False
