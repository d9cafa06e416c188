"""What enrolling reads of a submitted Coverage, and what it makes of it as the payer's own.

http://hl7.org/fhir/R4/coverage.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.claims import Days
from app.domain.codes import FinancialStatus
from app.domain.enrollment import Asked
from app.fhir import json_text
from app.fhir.answers.writing import detached
from app.fhir.business.coverages import member_of
from app.fhir.documents import Document, days_of

# What belongs to the sender's copy, not to what is insured; its narrative may name somebody else.
_OF_THE_COPY = frozenset({"id", "meta", "implicitRules", "text", "contained"})


def asked_of(coverage: Mapping[str, Any]) -> Asked:
    """Read what a submitted Coverage asks for."""
    status = coverage.get("status")
    member = member_of(dict(coverage))
    return Asked(
        status=FinancialStatus(status) if status else None,
        days=days_kept(coverage),
        end=coverage.get("period", {}).get("end"),
        is_findable=bool(member.identifiers or member.subscriber_id),
    )


def days_kept(coverage: Mapping[str, Any]) -> Days:
    """First and last day of a Coverage."""
    return days_of(coverage.get("period")) or Days(None, None)


def payers_own(coverage: Document, container: Document, request: Document) -> Document:
    """A submitted Coverage as the payer's own, for the candidate of the request.

    `container` is the resource whose contained resources the Coverage may refer to.
    """
    kept = {name: value for name, value in coverage.items() if name not in _OF_THE_COPY}
    own: Document = dict(detached(kept, container))
    if "candidate" in request:
        own["beneficiary"] = detached(request["candidate"], request)
    return own


def ended(text: str, end: str) -> str:
    """The text of a Coverage with this end of its period, the rest as it was."""
    period = json_text.member(text, "period") or "{}"
    written = json_text.replaced(period, {"end": json_text.write(end), "_end": None})
    return json_text.replaced(text, {"period": written})


def cancelled(text: str) -> str:
    """The text of a Coverage with status `cancelled`, the rest as it was."""
    status = json_text.write(FinancialStatus.CANCELLED.value)
    return json_text.replaced(text, {"status": status, "_status": None})
