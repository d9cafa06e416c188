"""An adjudicator that fails, and tells everything it knows: its own fault's text is the Claim's."""

from app.domain.adjudication import AdjudicationRequest
from tests.security.planted import MARKER


class Raising:
    """Never decides."""

    rules = "raising-1"

    def adjudicate(self, request: AdjudicationRequest) -> None:
        """Fail."""
        raise ValueError(MARKER, request)
