"""Writing the CoverageEligibilityResponse to a CoverageEligibilityRequest.

http://hl7.org/fhir/R4/coverageeligibilityresponse.html
"""

from collections.abc import Sequence
from datetime import date

from app.domain.adjudication import Coverage
from app.domain.claims import Days
from app.domain.codes import Outcome
from app.fhir.answering import (
    Answering,
    detached,
    filled,
    head,
    narrative,
    parties,
    request_of,
)
from app.fhir.documents import Document, days_of


def eligibility_response(
    answering: Answering,
    insurances: Sequence[tuple[Document, Coverage | None]],
    in_force_on: date,
) -> Document:
    """Answer each insurance of the request with whether the payer's Coverage is in force.

    A Coverage is in force if it is on every service date that the request names, or on
    `in_force_on` if it names none. One that is not known (None) is answered with inforce false and
    outcome complete: `error` would say that the question could not be processed, and it was.
    """
    request = answering.request
    asked = _asked(request, in_force_on)
    answers = [
        (entry, coverage, coverage is not None and _is_in_force(coverage, asked))
        for entry, coverage in insurances
    ]
    disposition = _disposition([(coverage, in_force) for _, coverage, in_force in answers])
    return filled(
        **head(answering, "CoverageEligibilityResponse", narrative(disposition)),
        # An extension may stand for a purpose; what is answered is the validation in any case.
        purpose=[each for each in request.get("purpose", []) if each] or ["validation"],
        servicedDate=request.get("servicedDate"),
        servicedPeriod=detached(request.get("servicedPeriod"), request),
        **parties(answering, "requestor"),
        request=request_of(answering),
        outcome=Outcome.COMPLETE.value,
        disposition=disposition,
        insurance=[
            filled(
                coverage=detached(entry["coverage"], request),
                inforce=in_force,
                benefitPeriod=_period(coverage),
            )
            for entry, coverage, in_force in answers
        ],
    )


def _asked(request: Document, otherwise: date) -> tuple[date, date]:
    """First and last day asked about; a Period with one end asks about that day."""
    serviced = request.get("servicedDate") or request.get("servicedPeriod")
    days = days_of(serviced) or Days(None, None)
    first = days.first or days.last or otherwise
    return first, days.last or first


def _is_in_force(coverage: Coverage, asked: tuple[date, date]) -> bool:
    first, last = asked
    starts = coverage.starts_on is None or coverage.starts_on <= first
    ends = coverage.ends_on is None or coverage.ends_on >= last
    return starts and ends


def _disposition(answers: list[tuple[Coverage | None, bool]]) -> str:
    if not answers:
        return "The request names no coverage."
    if any(in_force for _, in_force in answers):
        return "The coverage is in force."
    if any(coverage is not None for coverage, _ in answers):
        return "The coverage is not in force."
    return "The payer knows no such coverage."


def _period(coverage: Coverage | None) -> Document | None:
    if coverage is None:
        return None
    starts, ends = coverage.starts_on, coverage.ends_on
    return filled(start=starts and starts.isoformat(), end=ends and ends.isoformat())
