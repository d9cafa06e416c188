"""What a poll selects from a submitter's queue."""

from dataclasses import dataclass

from app.domain.period import Period

# Everything that is ever pended; a poll that includes another type simply finds nothing.
PENDED_TYPES = (
    "ClaimResponse",
    "CoverageEligibilityResponse",
    "EnrollmentResponse",
    "ExplanationOfBenefit",
    "CommunicationRequest",
    "Communication",
    "PaymentReconciliation",
    "PaymentNotice",
    "Task",
)


@dataclass(frozen=True, slots=True)
class Selection:
    """The filters of one poll. `answers_to` is the focus, `follows` the origresponse's id."""

    included: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    period: Period | None = None
    answers_to: tuple[str, str] | None = None
    follows: str | None = None

    @property
    def types(self) -> frozenset[str] | None:
        """The types left by include and exclude (exclude wins); None is every type."""
        if not self.included and not self.excluded:
            return None
        return (self.included or frozenset(PENDED_TYPES)) - self.excluded
