"""How much the answers to one Bundle hold together: all of them are kept until the last is made."""

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.fhir.bundle import Answered
from app.gateway.batch.reading import Step

# What was sent, told back, takes half of it; a read may tell far more than was sent.
MOST_BYTES = 20 * 1024 * 1024


class Room:
    """Counts answers; whatever was begun while there was room is told in full."""

    def __init__(self) -> None:
        self._left = MOST_BYTES

    def require(self, step: Step) -> None:
        """Pass while there is room for an answer; raises Unacceptable, before anything is done."""
        if self._left > 0:
            return
        text = f"The answers before this one have {MOST_BYTES} bytes: ask for it in another Bundle."
        raise Unacceptable(Issue(ErrorCode.TOO_COMPLEX, text, step.place))

    def taken(self, answer: Answered) -> Answered:
        """The answer, counted."""
        self._left -= len((answer.text or "").encode())
        return answer
