"""The adjudicator that leaves every Claim to a person in the console."""

from app.domain.adjudication import AdjudicationRequest, Answer, Awaiting, Deferred


class ManualAdjudicator:
    """Answers every request with: an operator decides."""

    rules = "manual-1"

    def adjudicate(self, request: AdjudicationRequest) -> Answer:
        """Defer, whatever is asked; even of a last call, because no date decides for a person."""
        return Deferred(Awaiting.OPERATOR, "An operator of the payer decides this Claim.")
